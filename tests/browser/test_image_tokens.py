"""Lesson 38 in a real browser: every check passes, codes are added by arrow keys, and a typed caption is drawn."""

import pytest
from browser.pages import Page, changes, live_view, shoot
from playwright.sync_api import expect

LESSON = "38_image_tokens"


@pytest.fixture
def page(open_notebook) -> Page:
    return open_notebook(LESSON)  # the views use the shipped models


def test_lesson_runs_solved_without_an_error_on_our_side(page):
    assert page.console == []


def test_arrow_keys_write_code_after_code(page):
    cell, picture = live_view(page, "live(next_code")
    slider = cell.locator(".noUi-handle")
    slider.focus()
    shoot(cell, "next_code")
    for _ in range(3):
        changes(picture, lambda: slider.press("ArrowRight"))
    expect(cell.locator(".widget-readout")).to_have_text("35")
    changes(picture, lambda: slider.press("End"))
    expect(cell.locator(".widget-readout")).to_have_text("64")
    assert page.console == []


def test_typed_captions_are_drawn_and_wrong_ones_explained(page):
    cell, picture = live_view(page, "caption_studio(")
    field, status = cell.locator("input[type=text]"), cell.locator("[role=status]")
    expect(status).to_contain_text("colour: blue, ")
    shoot(cell, "caption_studio")
    for typed, says in (("a huge A", "small, large"), ("a blue red A", "choose one"), ("an A at the top", "'top'")):
        old = picture.get_attribute("src")
        field.fill(typed)
        field.press("Enter")
        expect(status).to_contain_text(says)
        assert picture.get_attribute("src") == old
    field.fill("a green T")
    changes(picture, lambda: field.press("Enter"))
    expect(status).to_contain_text("colour: green, ")
    assert page.console == []


def test_guidance_and_temperature_move_by_arrow_keys(page):
    cell, picture = live_view(page, "caption_studio(")
    sliders = cell.locator(".noUi-handle")
    assert sliders.count() == 2
    for i in range(2):
        sliders.nth(i).focus()
        changes(picture, lambda i=i: sliders.nth(i).press("ArrowRight"))
    for label in ("caption", "guidance", "temperature"):
        assert cell.get_by_text(label, exact=True).count() == 1, label
    assert page.console == []
