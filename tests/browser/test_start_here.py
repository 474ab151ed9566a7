"""The first lesson in a real JupyterLab: the three machines answer a name, the bars a text, the points a slider."""

import pytest
from browser.pages import LIMIT, Locator, Page, cell_with, latency


@pytest.fixture
def page(open_notebook) -> Page:
    return open_notebook("00_start_here")


def _changed(picture: Locator, before: str) -> None:
    picture.page.wait_for_function("([e, old]) => e.src !== old", arg=[picture.element_handle(), before])


def _type(box: Locator, text: str) -> None:
    box.fill(text)
    box.press("Enter")


def test_a_name_is_drawn_and_told(page):
    cell = cell_with(page, "live(write")
    picture = cell.locator("img.widget-image")
    box = cell.get_by_label("name")
    before = picture.get_attribute("src")
    _type(box, "Grace")
    _changed(picture, before)


def test_what_cannot_be_drawn_is_named_and_the_widget_lives_on(page):
    cell = cell_with(page, "live(write")
    _type(cell.get_by_label("name"), "Zoë")
    cell.get_by_text("'ë' is unknown here").wait_for()
    before = cell.locator("img.widget-image").get_attribute("src")
    _type(cell.get_by_label("name"), "Zoe")
    _changed(cell.locator("img.widget-image"), before)


@pytest.mark.parametrize("view", ["live(write", "live(bandwidth_view", "live(next_character"])
def test_a_slider_answers_the_keyboard_at_once(page, view):
    cell = cell_with(page, view)
    taken = latency(cell.locator("img.widget-image"), cell.locator(".noUi-handle"), ["ArrowRight", "ArrowLeft"] * 6)
    print(f"{view}: {taken:.0f} ms")
    assert taken < LIMIT


def test_nothing_of_ours_complains_in_the_browser(page):
    assert page.console == []
