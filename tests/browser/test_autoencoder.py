"""Lesson 21 in a real browser: every check passes, and the sizes slider answers keys in time, in picture and words."""

import pytest
from browser.pages import LIMIT, cell_with, latency
from playwright.sync_api import expect


@pytest.fixture
def view(open_notebook):
    """The page, and the cell that holds PCA and autoencoder side by side."""
    page = open_notebook("21_autoencoder")
    cell = cell_with(page, "live(side_by_side")
    cell.locator("img.widget-image").wait_for()
    return page, cell


def test_arrow_keys_change_how_many_numbers_are_kept_in_time(view):
    _, cell = view
    picture, handle = cell.locator("img.widget-image"), cell.locator(".noUi-handle").first
    median = latency(picture, handle, [*["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"] * 5, "ArrowRight"])
    print(f"sizes slider: {median:.0f} ms from key press to new pictures, median of 21")
    assert median < LIMIT


def test_another_digit_gives_other_pictures_and_says_both_errors(view):
    page, cell = view
    picture, said = cell.locator("img.widget-image"), cell.locator("pre[role=status]")
    old, before = picture.get_attribute("src"), said.inner_text()
    cell.locator("select").select_option("7" if cell.locator("select").input_value() != "7" else "3")
    page.wait_for_function("([e, old]) => e.src !== old", arg=[picture.element_handle(), old])
    expect(said).not_to_have_text(before)
    assert "PCA" in said.inner_text() and "autoencoder" in said.inner_text()


def test_nothing_of_ours_goes_wrong_in_the_browser(view):
    page, _ = view
    assert page.console == []
