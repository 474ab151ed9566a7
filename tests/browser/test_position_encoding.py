"""Lesson 32 in a real JupyterLab: every check passes, both views answer the keyboard, wrong input gets a sentence."""

import pytest
from browser.pages import LIMIT, Page, changes, latency, live_view, shoot
from playwright.sync_api import expect

LESSON = "32_position_encoding"


@pytest.fixture
def page(open_notebook) -> Page:
    return open_notebook(LESSON)


def test_lesson_runs_solved_without_an_error_on_our_side(page):
    assert page.console == []


def test_every_control_of_the_similarity_changes_the_picture(page):
    cell, picture = live_view(page, "live(similarity")
    sliders = cell.locator(".noUi-handle")
    assert sliders.count() == 3
    for label in ("scheme", "place", "d model", "base"):
        assert cell.get_by_text(label, exact=True).count() == 1, label
    for i in range(3):
        changes(picture, lambda i=i: (sliders.nth(i).focus(), sliders.nth(i).press("ArrowLeft")))
    shoot(cell, "similarity")
    for scheme in ("random", "rotary", "waves"):
        changes(picture, lambda scheme=scheme: cell.locator("select").select_option(scheme))
    assert page.console == []


def test_similarity_is_quick(page):
    cell, picture = live_view(page, "live(similarity")
    median = latency(picture, cell.locator(".noUi-handle").first, ["ArrowLeft", "ArrowRight"] * 8)
    print(f"similarity: {median:.0f} ms from key press to picture")
    assert median < LIMIT


def test_typed_digits_are_answered_and_wrong_ones_get_a_sentence(page):
    cell, picture = live_view(page, "live(ask")
    field, status = cell.locator("input[type=text]"), cell.locator("[role=status]")
    shoot(cell, "ask")
    for typed, says in (
        ("", "the text is empty; type at least one character."),
        ("12a", "'a' is unknown here; known characters are: 0123456789"),
        ("1" * 25, "25 digits are too many: these models have 24 places; delete some."),
    ):
        field.fill(typed)
        expect(status).to_have_text(says)
    changes(picture, lambda: field.fill("2718"))
    expect(status).to_have_count(0)
    shoot(cell, "ask_typed")
    assert page.console == []


def test_answers_are_quick(page):
    cell, picture = live_view(page, "live(ask")
    field = cell.locator("input[type=text]")
    changes(picture, lambda: field.fill("314159265358"))
    median = latency(picture, field, ["5", "Backspace"] * 8)
    print(f"answers: {median:.0f} ms from key press to picture")
    assert median < LIMIT
