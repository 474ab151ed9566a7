"""Lesson 24 in a real browser: every check passes, and the walk between two molecules answers keys in time."""

import pytest
from browser.pages import LIMIT, cell_with, latency


@pytest.fixture
def view(open_notebook):
    """The page, and the cell that holds the walk."""
    page = open_notebook("24_drug_discovery")
    cell = cell_with(page, "live(\n    walk")
    cell.locator("img.widget-image").wait_for()
    return page, cell


def test_arrow_keys_walk_in_time(view):
    _, cell = view
    picture, handle = cell.locator("img.widget-image"), cell.locator(".noUi-handle").first
    median = latency(picture, handle, [*["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"] * 5, "ArrowRight"])
    print(f"molecule walk: {median:.0f} ms from key press to new drawings, median of 21")
    assert median < LIMIT


def test_another_end_gives_other_drawings_and_says_the_measures(view):
    page, cell = view
    picture, said = cell.locator("img.widget-image"), cell.locator("pre[role=status]")
    old = picture.get_attribute("src")
    cell.locator("select").last.select_option("F" if cell.locator("select").last.input_value() != "F" else "D")
    page.wait_for_function("([e, old]) => e.src !== old", arg=[picture.element_handle(), old])
    assert all(word in said.inner_text() for word in ("QED", "logP", "weight"))


def test_nothing_of_ours_goes_wrong_in_the_browser(view):
    page, _ = view
    assert page.console == []
