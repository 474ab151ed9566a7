"""Lesson 37 in a real JupyterLab: every check passes, the made voice answers keys and fields and can be played."""

import pytest
from browser.pages import Page, changes, live_view, shoot
from playwright.sync_api import expect

LESSON, CALL = "37_speech", "voice_view(transcribe"


@pytest.fixture
def page(open_notebook) -> Page:
    return open_notebook(LESSON)  # the view uses the shipped model


def test_lesson_runs_solved_without_an_error_on_our_side(page):
    assert page.console == []


def test_typed_digits_are_said_and_heard_and_wrong_ones_explained(page):
    cell, picture = live_view(page, CALL)
    field, status = cell.locator("input[type=text]"), cell.locator("[role=status]")
    expect(status).to_contain_text("heard: three five zero seven")
    shoot(cell, "voice")
    for typed, says in (
        ("", "there are 0 digits; type 1 to 8."),
        ("3 ten", "'ten' is no digit; type figures, 3 5 0, or names, three five zero."),
        ("1234567890", "there are 10 digits; type 1 to 8."),
    ):
        field.fill(typed)
        expect(status).to_contain_text(says)
    changes(picture, lambda: field.fill("eight two"))
    expect(status).to_contain_text("heard: eight two")
    assert page.console == []


def test_sliders_change_the_sound_the_picture_and_keep_their_names(page):
    cell, picture = live_view(page, CALL)
    player, sliders = cell.locator("audio"), cell.locator(".noUi-handle")
    assert player.count() == 1 and player.get_attribute("src").startswith("blob:")
    assert sliders.count() == 4
    for i, after in enumerate(("130", "17.50", "1.10", "20 dB")):
        old = player.get_attribute("src")
        sliders.nth(i).focus()
        changes(picture, lambda i=i: sliders.nth(i).press("ArrowRight"))
        expect(cell.locator(".widget-readout").nth(i)).to_have_text(after)
        expect(player).not_to_have_attribute("src", old)
    for label in ("digits", "pitch in Hz", "vocal tract in cm", "speed", "noise"):
        assert cell.get_by_text(label, exact=True).count() == 1, label
    assert cell.locator("audio").evaluate("a => a.duration > 0.5 && a.error === null")
    shoot(cell, "voice_slid")
    assert page.console == []
