"""Lesson 14 in a real browser: every check passes, and a typed caption gives pictures in time or says what is off."""

import pytest
from browser.pages import LIMIT, cell_with, latency

WISHES = (
    "a red T",
    "a small blue mono K on grey",
    "a large green 4",
    "a purple S at the top left",
    "an italic black E",
)
SAYS = "([e, part]) => e.querySelector('[role=status]')?.innerText.includes(part)"


@pytest.fixture
def studio(open_notebook):
    """The page, and the cell that holds the text field."""
    page = open_notebook("14_text_to_image")
    cell = cell_with(page, "caption_studio(eight")
    cell.locator("img.widget-image").wait_for()
    return page, cell


def ask(cell, caption):
    """Type a caption, press Enter."""
    field = cell.locator("input[type=text]")
    field.fill(caption)
    field.press("Enter")


def test_enter_paints_another_caption_in_time(studio):
    _, cell = studio
    picture, field = cell.locator("img.widget-image"), cell.locator("input[type=text]")
    median = latency(picture, field, ["Enter"] * 15, texts=list(WISHES * 3))
    print(f"caption studio: {median:.0f} ms from Enter to new pictures, median of 15")
    assert median < LIMIT


@pytest.mark.parametrize(
    ("caption", "part"), [("a huge A", "small, large"), ("a blue red A", "choose one"), ("an A at the top", "'top'")]
)
def test_what_is_not_understood_is_said_and_the_picture_stays(studio, caption, part):
    page, cell = studio
    picture = cell.locator("img.widget-image")
    ask(cell, "a red T")
    page.wait_for_timeout(300)
    old = picture.get_attribute("src")
    ask(cell, caption)
    page.wait_for_function(SAYS, arg=[cell.element_handle(), part])
    assert picture.get_attribute("src") == old
    ask(cell, "a green T")
    page.wait_for_function("([e, old]) => e.src !== old", arg=[picture.element_handle(), old])
    page.wait_for_function(SAYS, arg=[cell.element_handle(), "colour: green, "])
    assert part not in cell.locator("pre[role=status]").inner_text()


def test_nothing_of_ours_goes_wrong_in_the_browser(studio):
    page, _ = studio
    assert page.console == []
