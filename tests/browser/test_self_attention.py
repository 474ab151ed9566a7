"""Lesson 31 in a real JupyterLab: every check passes, both views answer the keyboard, wrong input gets a sentence."""

import pytest
from browser.pages import LIMIT, Page, changes, latency, live_view, shoot
from playwright.sync_api import expect

LESSON = "31_self_attention"


@pytest.fixture
def page(open_notebook) -> Page:
    return open_notebook(LESSON, rehearsed=False)  # the reader reads digits, so it has to be trained


def test_lesson_runs_solved_without_an_error_on_our_side(page):
    assert page.console == []


def test_every_control_of_the_lookup_changes_the_picture(page):
    cell, picture = live_view(page, "lookup(words")
    sliders = cell.locator(".noUi-handle")
    assert sliders.count() == 7  # three numbers of the query, the temperature, three numbers of the key
    for label in ("temperature", "asks for: drink", "offers: cold", "mask: hide later words", "scale by 1/√d", "word"):
        assert cell.get_by_text(label, exact=True).count() == 1, label
    shoot(cell, "lookup")
    for i in range(7):
        changes(picture, lambda i=i: (sliders.nth(i).focus(), sliders.nth(i).press("ArrowRight")))
    for box in cell.locator("input[type=checkbox]").all():
        changes(picture, lambda box=box: (box.focus(), box.press("Space")))
    word = cell.get_by_role("button", name="cat", exact=True)
    changes(picture, lambda: (word.focus(), word.press("Enter")))
    shoot(cell, "lookup_edited")
    assert page.console == []


def test_lookup_is_quick(page):
    cell, picture = live_view(page, "lookup(words")
    median = latency(picture, cell.locator(".noUi-handle").first, ["ArrowLeft", "ArrowRight"] * 8)
    print(f"lookup: {median:.0f} ms from key press to picture")
    assert median < LIMIT


def test_typed_digits_are_read_and_wrong_ones_get_a_sentence(page):
    cell, _ = live_view(page, "digit_reader(read")
    field, status = cell.locator("input[type=text]"), cell.locator("[role=status]")
    expect(status).to_have_text("31415926 → 62951413")
    shoot(cell, "reader")
    for typed, says in (
        ("", "the text is empty; type at least one character."),
        ("12a", "'a' is unknown here; known characters are: 0123456789"),
        ("1234567890123", "13 digits are too many: this model has 12 places; delete some."),
        ("2718", "2718 → 8172"),
    ):
        field.fill(typed)
        expect(status).to_have_text(says)
    shoot(cell, "reader_typed")
    assert page.console == []


def test_reader_is_quick(page):
    cell, picture = live_view(page, "digit_reader(read")
    field = cell.locator("input[type=text]")
    field.fill("31")
    expect(cell.locator("[role=status]")).to_have_text("31 → 13")
    median = latency(picture, field, ["5", "Backspace"] * 8)
    print(f"digit reader: {median:.0f} ms from key press to picture")
    assert median < LIMIT
