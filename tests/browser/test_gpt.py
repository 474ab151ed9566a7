"""Lesson 34 in a real JupyterLab: every check passes, the prompt and each slider change the bars, and quickly."""

import pytest
from browser.pages import LIMIT, Page, changes, latency, live_view, shoot
from playwright.sync_api import expect

CALL = "live(play"


@pytest.fixture
def page(open_notebook) -> Page:
    return open_notebook("34_gpt")


def test_lesson_runs_solved_without_an_error_on_our_side(page):
    assert page.console == []


def test_every_slider_changes_the_bars(page):
    cell, picture = live_view(page, CALL)
    sliders = cell.locator(".noUi-handle")
    assert sliders.count() == 3
    for label in ("prompt", "temperature", "top k", "top p"):
        assert cell.get_by_text(label, exact=True).count() == 1, label
    shoot(cell, "gpt")
    for i in range(3):
        for key in ("Home", "End"):  # and back: what one slider has cut, another cannot
            changes(picture, lambda i=i, key=key: (sliders.nth(i).focus(), sliders.nth(i).press(key)))
    assert page.console == []


def test_a_prompt_is_continued_and_a_wrong_one_gets_a_sentence(page):
    cell, picture = live_view(page, CALL)
    field = cell.locator("input[type=text]").first
    status = cell.locator("[role=status]")
    changes(picture, lambda: (field.fill("Ben was in the garden . Ben"), field.press("Enter")))
    expect(status).to_contain_text("Ben was in the garden . Ben ")
    shoot(cell, "gpt_typed")
    field.fill("Ben ate 3 apples")
    field.press("Enter")
    expect(status).to_have_text("'3' never occurs in this world; type another character.")
    field.fill("")
    field.press("Enter")
    expect(status).not_to_contain_text("3")
    assert page.console == []


def test_the_writer_is_quick(page):
    cell, picture = live_view(page, CALL)
    median = latency(picture, cell.locator(".noUi-handle").first, ["ArrowLeft", "ArrowRight"] * 8)
    print(f"writer: {median:.0f} ms from key press to picture")
    assert median < LIMIT
