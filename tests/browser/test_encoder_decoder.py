"""Lesson 33 in a real JupyterLab: every check passes, the translator answers the keyboard and explains wrong input."""

import os
from pathlib import Path

import pytest
from browser.pages import Locator, Page, cell_with
from playwright.sync_api import expect

LESSON = "33_encoder_decoder"
CHANGED = "([image, old]) => image.src !== old && image.complete"


@pytest.fixture
def page(open_notebook) -> Page:
    return open_notebook(LESSON)  # the view uses the shipped model


def view(page: Page) -> tuple[Locator, Locator]:
    """The translator's cell and its picture."""
    cell = cell_with(page, "translator_view(translate")
    picture = cell.locator("img.widget-image")
    picture.wait_for()
    return cell, picture


def shoot(cell: Locator, name: str) -> None:
    """Keep a screenshot where COURSE_SHOTS says, to be looked at."""
    if folder := os.environ.get("COURSE_SHOTS"):
        cell.screenshot(path=Path(folder) / f"{name}.png")


def test_lesson_runs_solved_without_an_error_on_our_side(page):
    assert page.console == []


def test_typed_sentences_are_translated_and_wrong_ones_explained(page):
    cell, picture = view(page)
    field, status = cell.locator("input[type=text]"), cell.locator("[role=status]")
    expect(status).to_contain_text("Nachdem Emma das alte Pferd gefunden hatte")
    shoot(cell, "translator")
    for typed, says in (
        ("", "the sentence is empty; type at least one word."),
        ("The hose .", "'hose' is not among the"),
        ("The king invited Clara .", "Der König lud Clara ein ."),
    ):
        field.fill(typed)
        expect(status).to_contain_text(says)
    shoot(cell, "translator_typed")
    old = picture.get_attribute("src")
    field.fill("The woman slept .")
    page.wait_for_function(CHANGED, arg=[picture.element_handle(), old])
    assert page.console == []


def test_sliders_move_by_arrow_keys(page):
    cell, _ = view(page)
    sliders, readouts = cell.locator(".noUi-handle"), cell.locator(".widget-readout")
    assert sliders.count() == 2
    for i, after in enumerate(("2", "0.70")):
        sliders.nth(i).focus()
        sliders.nth(i).press("ArrowRight")
        expect(readouts.nth(i)).to_have_text(after)
    for label in ("English", "beams", "length penalty"):
        assert cell.get_by_text(label, exact=True).count() == 1, label
    expect(cell.locator("[role=status]")).to_contain_text("nats")
    assert page.console == []
