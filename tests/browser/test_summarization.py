"""Lesson 36 in a real JupyterLab: checks pass, an edited story gets a summary with judged facts, errors are said."""

import pytest
from browser.pages import Page, changes, live_view, shoot
from playwright.sync_api import expect


@pytest.fixture
def page(open_notebook) -> Page:
    return open_notebook("36_summarization")  # the view uses the shipped model


def test_lesson_runs_solved_without_an_error_on_our_side(page):
    assert page.console == []


def test_an_edited_story_is_summarized_and_judged(page):
    cell, picture = live_view(page, "summary_view(summarize")
    story, status = cell.locator("textarea"), cell.locator("[role=status]")
    expect(status).to_contain_text("Anna is in the kitchen")
    expect(status).to_contain_text("right  Anna is in kitchen")
    for label in ("story", "sentence", "word of the news"):
        assert cell.get_by_text(label, exact=True).count() == 1, label
    shoot(cell, "summary")
    changes(picture, lambda: story.fill("Mia was in the garden . Mia went to the house ."))
    expect(status).to_contain_text("Mia is in the house .")
    handle = cell.locator(".noUi-handle").nth(1)
    changes(picture, lambda: (handle.focus(), handle.press("ArrowLeft")))
    shoot(cell, "summary_typed")
    for typed, says in (
        ("", "there is nothing to read; type at least one word."),
        ("A dragon was in the rocket .", "that the model knows: "),
        ("Mia was in the garden . " * 30, "30 sentences are too many; delete some, down to 24."),
        ("Mia was in the the garden .", "What is right cannot be said: 'Mia was in the the garden .' is no sentence"),
        ("Mia was in the garden . Mia took the cup .", "cannot happen here: tell first where everyone"),
    ):
        story.fill(typed)
        expect(status).to_contain_text(says)
    assert page.console == []
