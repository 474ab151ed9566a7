"""Lesson 42 in a real JupyterLab: checks pass, the chooser answers the keyboard, clashes are said, links work."""

import pytest
from browser.pages import Page, cell_with, shoot
from playwright.sync_api import expect


@pytest.fixture
def page(open_notebook) -> Page:
    return open_notebook("42_choosing")


def test_lesson_runs_solved_without_an_error_on_our_side(page):
    assert page.console == []


def test_the_chooser_answers_and_names_clashes(page):
    cell = cell_with(page, "chooser(tasks")
    status = cell.locator("[role=status]")
    expect(status).to_contain_text("Try GAN; open 12_images")
    shoot(cell, "chooser")
    menus = cell.locator("select")
    assert menus.count() == 10
    for i in range(10):
        name = menus.nth(i).evaluate("menu => menu.labels[0]?.textContent ?? menu.getAttribute('aria-label')")
        assert name, f"menu {i} has no label"
    menus.nth(3).focus()
    menus.nth(3).press("End")  # the last answer: an exact probability
    expect(cell.locator("[role=alert]")).to_contain_text("An exact probability comes from writing token by token")
    shoot(cell, "chooser_clash")
    menus.nth(3).select_option("(open)")
    expect(cell.locator("[role=alert]")).to_have_count(0)
    menus.nth(1).select_option("text")
    expect(status).not_to_contain_text("Try GAN;")
    assert page.console == []


def test_links_of_tables_lead_to_lessons(page):
    cell = cell_with(page, "comparison_table()")
    links = cell.locator(".jp-OutputArea a")
    assert links.count() >= 17
    assert "34_gpt" in " ".join(links.evaluate_all("all => all.map(a => a.href + a.getAttribute('data-href'))"))
