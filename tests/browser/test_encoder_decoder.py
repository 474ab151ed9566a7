"""Lesson 33 in a real JupyterLab: every check passes, the translator answers the keyboard and explains wrong input."""

import pytest
from browser.pages import Page, changes, live_view, shoot
from playwright.sync_api import expect

LESSON, CALL = "33_encoder_decoder", "translator_view(translate"


@pytest.fixture
def page(open_notebook) -> Page:
    return open_notebook(LESSON)  # the view uses the shipped model


def test_lesson_runs_solved_without_an_error_on_our_side(page):
    assert page.console == []


def test_typed_sentences_are_translated_and_wrong_ones_explained(page):
    cell, picture = live_view(page, CALL)
    field, status = cell.locator("input[type=text]"), cell.locator("[role=status]")
    expect(status).to_contain_text("Nachdem Emma das alte Pferd gefunden hatte")
    shoot(cell, "translator")
    for typed, says in (
        ("", "there is nothing to read; type at least one word."),
        ("The hose .", "that the model knows: 'hose'; like them: "),
        ("The king invited Clara .", "Der König lud Clara ein ."),
    ):
        field.fill(typed)
        expect(status).to_contain_text(says)
    shoot(cell, "translator_typed")
    changes(picture, lambda: field.fill("The woman slept ."))
    assert page.console == []


def test_sliders_move_by_arrow_keys(page):
    cell, _ = live_view(page, CALL)
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
