"""Lesson 32 in a real JupyterLab: every check passes, both views answer the keyboard, wrong input gets a sentence."""

import os
from pathlib import Path

import pytest
from browser.pages import LIMIT, Locator, Page, cell_with, latency
from playwright.sync_api import expect

LESSON = "32_position_encoding"
CHANGED = "([image, old]) => image.src !== old && image.complete"


@pytest.fixture
def page(open_notebook) -> Page:
    return open_notebook(LESSON)


def view(page: Page, call: str) -> tuple[Locator, Locator]:
    """The cell of a live view and its picture."""
    cell = cell_with(page, call)
    picture = cell.locator("img.widget-image")
    picture.wait_for()
    return cell, picture


def changes(page: Page, picture: Locator, act) -> None:
    """Do something, and wait until the picture is another one."""
    old = picture.get_attribute("src")
    act()
    page.wait_for_function(CHANGED, arg=[picture.element_handle(), old])


def shoot(cell: Locator, name: str) -> None:
    """Keep a screenshot where COURSE_SHOTS says, to be looked at."""
    if folder := os.environ.get("COURSE_SHOTS"):
        cell.screenshot(path=Path(folder) / f"{name}.png")


def test_lesson_runs_solved_without_an_error_on_our_side(page):
    assert page.console == []


def test_every_control_of_the_similarity_changes_the_picture(page):
    cell, picture = view(page, "live(similarity")
    sliders = cell.locator(".noUi-handle")
    assert sliders.count() == 3
    for label in ("scheme", "place", "d model", "base"):
        assert cell.get_by_text(label, exact=True).count() == 1, label
    for i in range(3):
        changes(page, picture, lambda i=i: (sliders.nth(i).focus(), sliders.nth(i).press("ArrowLeft")))
    shoot(cell, "similarity")
    for scheme in ("random", "rotary", "waves"):
        changes(page, picture, lambda scheme=scheme: cell.locator("select").select_option(scheme))
    assert page.console == []


def test_similarity_is_quick(page):
    cell, picture = view(page, "live(similarity")
    median = latency(picture, cell.locator(".noUi-handle").first, ["ArrowLeft", "ArrowRight"] * 8)
    print(f"similarity: {median:.0f} ms from key press to picture")
    assert median < LIMIT


def test_typed_digits_are_answered_and_wrong_ones_get_a_sentence(page):
    cell, picture = view(page, "live(ask")
    field, status = cell.locator("input[type=text]"), cell.locator("[role=status]")
    shoot(cell, "ask")
    for typed, says in (
        ("", "the text is empty; type at least one character."),
        ("12a", "'a' is unknown here; known characters are: 0123456789"),
        ("1" * 25, "25 digits are too many: these models have 24 places; delete some."),
    ):
        field.fill(typed)
        expect(status).to_have_text(says)
    changes(page, picture, lambda: field.fill("2718"))
    expect(status).to_have_count(0)
    shoot(cell, "ask_typed")
    assert page.console == []


def test_answers_are_quick(page):
    cell, picture = view(page, "live(ask")
    field = cell.locator("input[type=text]")
    changes(page, picture, lambda: field.fill("314159265358"))
    median = latency(picture, field, ["5", "Backspace"] * 8)
    print(f"answers: {median:.0f} ms from key press to picture")
    assert median < LIMIT
