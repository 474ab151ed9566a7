"""Lesson 41 in a real browser: every check passes, codes are walked by arrow keys, and any two measures are shown."""

import pytest
from browser.pages import Page, changes, live_view, shoot
from playwright.sync_api import expect

LESSON = "41_comparison"


@pytest.fixture
def page(open_notebook) -> Page:
    return open_notebook(LESSON)  # the views use the shipped models and the stored runs


def test_lesson_runs_solved_without_an_error_on_our_side(page):
    assert page.console == []


def test_arrow_keys_walk_from_code_to_code(page):
    cell, picture = live_view(page, "live(walk_between")
    sliders = cell.locator(".noUi-handle")
    assert sliders.count() == 3
    shoot(cell, "walk_between")
    for i in range(3):
        sliders.nth(i).focus()
        changes(picture, lambda i=i: sliders.nth(i).press("ArrowRight"))
    for label in ("digit", "start", "end"):
        assert cell.get_by_text(label, exact=True).count() == 1, label
    assert page.console == []


def test_any_two_measures_in_any_setting(page):
    cell, picture = live_view(page, "live(against")
    lists = cell.locator("select")
    assert lists.count() == 3
    shoot(cell, "against")
    changes(picture, lambda: lists.nth(0).select_option("handwriting"))
    changes(picture, lambda: lists.nth(1).select_option("nats"))
    changes(picture, lambda: lists.nth(2).select_option("images_per_second"))
    lists.nth(0).focus()
    changes(picture, lambda: lists.nth(0).press("Home"))
    assert page.console == []
    expect(cell.locator("select").nth(0)).to_have_value("two minutes")
