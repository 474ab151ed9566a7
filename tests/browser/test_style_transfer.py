"""Lesson 13 in a real browser: every check passes, and the slider through the strength answers keys in time."""

import pytest
from browser.pages import LIMIT, cell_with, latency
from playwright.sync_api import expect


@pytest.fixture
def slider(open_notebook):
    """The page, and the cell that holds the slider."""
    page = open_notebook("13_style_transfer")
    cell = cell_with(page, "style_slider({")
    cell.locator("img.widget-image").wait_for()
    return page, cell


def test_arrow_keys_change_the_strength_in_time(slider):
    _, cell = slider
    picture, handle = cell.locator("img.widget-image"), cell.locator("[role=slider], .noUi-handle").first
    before = cell.locator("[role=status]").last.inner_text()
    median = latency(picture, handle, [*["ArrowRight", "ArrowLeft"] * 10, "ArrowRight"])
    print(f"style slider: {median:.0f} ms from key press to new picture, median of 21")
    assert cell.locator("[role=status]").last.inner_text() != before
    assert median < LIMIT


def test_another_letter_is_translated_and_the_line_says_what_is_read(slider):
    page, cell = slider
    picture = cell.locator("img.widget-image")
    old = picture.get_attribute("src")
    cell.locator("select").first.select_option("R")
    page.wait_for_function("([e, old]) => e.src !== old", arg=[picture.element_handle(), old])
    line = cell.locator("[role=status]").last
    expect(line).to_contain_text("read as R")
    assert "strength" in line.inner_text() and "bold italic serif" in line.inner_text()


def test_nothing_of_ours_goes_wrong_in_the_browser(slider):
    page, _ = slider
    assert page.console == []
