"""Lesson 23 in a real browser: every check passes; the threshold slider answers keys in time, in picture and words."""

import re

import pytest
from browser.pages import LIMIT, cell_with, latency


@pytest.fixture
def view(open_notebook):
    """The page, and the cell that holds the threshold."""
    page = open_notebook("23_anomaly_detection")
    cell = cell_with(page, "from helpers.widgets.live import live")
    cell.locator("img.widget-image").wait_for()
    return page, cell


def test_arrow_keys_move_the_threshold_in_time(view):
    _, cell = view
    picture, handle = cell.locator("img.widget-image"), cell.locator(".noUi-handle").first
    median = latency(picture, handle, [*["ArrowRight", "ArrowRight", "ArrowLeft", "ArrowLeft"] * 5, "ArrowRight"])
    print(f"threshold slider: {median:.0f} ms from key press to new picture, median of 21")
    assert median < LIMIT


def test_more_allowed_alarms_mean_fewer_misses_and_more_false_alarms(view):
    page, cell = view
    before = numbers(cell)
    press(page, cell, 0, "ArrowRight")
    after = numbers(cell)
    assert after["false alarms"] > before["false alarms"]
    assert after["misses"] <= before["misses"]


def test_a_dearer_miss_costs_more_and_moves_nothing_else(view):
    page, cell = view
    before = numbers(cell)
    press(page, cell, 1, "ArrowRight" if before["cost"] < 5 else "ArrowLeft")
    after = numbers(cell)
    assert after["cost"] != before["cost"]
    assert after["misses"] == before["misses"] and after["false alarms"] == before["false alarms"]


def test_another_score_has_another_threshold(view):
    page, cell = view
    scores = cell.locator("select")
    chosen = "ELBO" if scores.input_value() == "excess" else "excess"
    old = words(cell)
    scores.select_option(chosen)
    wait_for_other_words(page, cell, old)


def test_nothing_of_ours_goes_wrong_in_the_browser(view):
    page, _ = view
    assert page.console == []


def words(cell) -> str:
    return cell.locator("pre[role=status]").inner_text()


def wait_for_other_words(page, cell, old: str) -> None:
    """Look them up each time: every answer replaces their element."""
    other = "([e, old]) => ![old, undefined].includes(e.querySelector('pre[role=status]')?.innerText)"
    page.wait_for_function(other, arg=[cell.element_handle(), old])


def press(page, cell, slider: int, key: str) -> None:
    """Press a key on one of the sliders and wait for other words."""
    old = words(cell)
    cell.locator(".noUi-handle").nth(slider).press(key)
    wait_for_other_words(page, cell, old)


def numbers(cell) -> dict[str, float]:
    """What the view says: misses, false alarms, cost."""
    text = words(cell)
    found = {name: float(re.search(rf"([\d.]+) {name}", text)[1]) for name in ("misses", "false alarms")}
    return found | {"cost": float(re.search(r"cost ([\d.]+)", text)[1])}
