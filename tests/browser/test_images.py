"""Lesson 12 in a real browser: every check passes, and the quiz can be played by keyboard alone, in time."""

import pytest
from browser.pages import LIMIT, cell_with, latency
from playwright.sync_api import expect


@pytest.fixture
def game(open_notebook):
    """The page, and the cell that holds the quiz, at the start of a round."""
    page = open_notebook("12_images")
    cell = page.locator(".jp-CodeCell", has=page.get_by_role("button", name="new round")).first
    cell.scroll_into_view_if_needed()
    cell.get_by_role("button", name="new round").press("Enter")
    expect(_status(cell)).to_contain_text("Picture 1 of 10")
    return page, cell


def _status(cell):
    return cell.locator("[role=status]").last


def test_a_round_is_played_by_keys_and_ends_with_both_scores(game):
    _, cell = game
    for i in range(10):
        cell.get_by_role("button", name="real", exact=True).press("Enter")
        said = f"Picture {i + 2} of 10" if i < 9 else "The detector: "
        expect(_status(cell)).to_contain_text(said)
    assert "of 10. The detector: " in _status(cell).inner_text()
    assert cell.get_by_role("button", name="real", exact=True).is_disabled()


def test_another_picture_comes_in_time(game):
    _, cell = game
    median = latency(cell.locator("img.widget-image"), cell.get_by_role("button", name="new round"), ["Enter"] * 9)
    print(f"quiz: {median:.0f} ms from key press to another picture, median of 9")
    assert median < LIMIT


def test_nothing_of_ours_goes_wrong_in_the_browser(game):
    page, _ = game
    assert cell_with(page, "real_or_fake_accuracy").count() == 1
    assert page.console == []
