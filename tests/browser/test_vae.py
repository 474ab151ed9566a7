"""Lesson 22 in a real browser: every check passes, and the latent plane answers keys, pointer and toggle in time."""

import re

import pytest
from browser.pages import LIMIT, cell_with, latency
from playwright.sync_api import expect


@pytest.fixture
def plane(open_notebook):
    """The page, and the cell that holds the latent plane."""
    page = open_notebook("22_vae")
    cell = cell_with(page, "latent_plane(planes")
    cell.locator("img.course-pad").wait_for()
    return page, cell


def test_arrow_keys_move_the_point_in_time(plane):
    _, cell = plane
    pad, picture = cell.locator("img.course-pad"), cell.locator("img.widget-image")
    before = pad.get_attribute("src")
    median = latency(picture, pad, [*["ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"] * 5, "ArrowRight"])
    print(f"latent plane: {median:.0f} ms from key press to new picture, median of 21")
    assert pad.get_attribute("src") != before
    assert median < LIMIT


def test_dragging_moves_the_point_and_the_label_says_where(plane):
    page, cell = plane
    pad, picture = cell.locator("img.course-pad"), cell.locator("img.widget-image")
    pad.scroll_into_view_if_needed()
    old, label, box = picture.get_attribute("src"), pad.get_attribute("aria-label"), pad.bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.6 * box["height"], steps=5)
    page.mouse.up()
    page.wait_for_function("([e, old]) => e.src !== old", arg=[picture.element_handle(), old])
    page.wait_for_function("([e, old]) => e.ariaLabel !== old", arg=[pad.element_handle(), label])
    assert "arrow keys move the point" in pad.get_attribute("aria-label")
    assert "held-out pictures" in cell.locator("[role=status]").last.inner_text()


def test_the_toggle_changes_plane_and_picture(plane):
    page, cell = plane
    pad, picture = cell.locator("img.course-pad"), cell.locator("img.widget-image")
    old_map, old = pad.get_attribute("src"), picture.get_attribute("src")
    cell.get_by_role("button", name="VAE", exact=True).press("Enter")
    for image, src in ((pad, old_map), (picture, old)):
        page.wait_for_function("([e, old]) => e.src !== old", arg=[image.element_handle(), src])
    expect(cell.locator("[role=status]").last).to_have_text(re.compile("^VAE"))


def test_nothing_of_ours_goes_wrong_in_the_browser(plane):
    page, _ = plane
    assert page.console == []
