"""Lesson 35 in a real JupyterLab: checks pass, blanks are filled, questions answered, unknown words named."""

import os
from pathlib import Path

import pytest
from browser.pages import Locator, Page, cell_with
from playwright.sync_api import expect

CHANGED = "([image, old]) => image.src !== old && image.complete"


@pytest.fixture
def page(open_notebook) -> Page:
    return open_notebook("35_bert")  # both views use shipped models


def view(page: Page, call: str) -> tuple[Locator, Locator]:
    """The cell of a live view and its picture."""
    cell = cell_with(page, call)
    picture = cell.locator("img.widget-image")
    picture.wait_for()
    return cell, picture


def changes(page: Page, picture: Locator, act) -> None:
    """Do something, and wait until the picture is another one."""
    old = picture.get_attribute("src")
    act()
    page.wait_for_function(CHANGED, arg=[picture.element_handle(), old])


def shoot(cell: Locator, name: str) -> None:
    """Keep a screenshot where COURSE_SHOTS says, to be looked at."""
    if folder := os.environ.get("COURSE_SHOTS"):
        cell.screenshot(path=Path(folder) / f"{name}.png")


def test_lesson_runs_solved_without_an_error_on_our_side(page):
    assert page.console == []


def test_typed_blanks_are_filled_and_wrong_texts_explained(page):
    cell, picture = view(page, "blank_view(fill")
    field, status = cell.locator("input[type=text]"), cell.locator("[role=status]")
    expect(status).to_contain_text("gave it to Ben .")
    assert cell.get_by_text("text", exact=True).count() == 1
    shoot(cell, "blanks")
    changes(page, picture, lambda: field.fill("Anna went _ the garden ."))
    expect(status).to_have_text("Anna went to the garden .")
    shoot(cell, "blank")
    for typed, says in (
        ("", "there is nothing to read; type at least one word."),
        ("Anna saw a dragon _", "that the model knows: "),
        ("Anna went to the garden .", "there are 0 blanks; type 1 to 4, each as _ between spaces."),
        ("_ _ _ _ _", "there are 5 blanks"),
    ):
        field.fill(typed)
        expect(status).to_contain_text(says)
    assert page.console == []


def test_an_edited_passage_is_asked(page):
    cell, picture = view(page, "question_view(answer")
    passage, question = cell.locator("textarea"), cell.locator("input[type=text]")
    status = cell.locator("[role=status]")
    expect(status).to_contain_text("To whom did Anna give the blue cup ? ")
    for label in ("passage", "question"):
        assert cell.get_by_text(label, exact=True).count() == 1, label
    shoot(cell, "question")
    changes(page, picture, lambda: question.fill("Who took the blue cup"))
    expect(status).to_contain_text("Who took the blue cup ? Anna")
    changes(page, picture, lambda: passage.fill("Mia was in the garden . Mia took the blue cup ."))
    expect(status).to_contain_text("Who took the blue cup ? Mia")
    shoot(cell, "question_typed")
    passage.fill("A dragon was in the rocket .")
    expect(status).to_contain_text("that the model knows: ")
    expect(status).to_contain_text("'dragon', 'rocket'")
    passage.fill("Mia was in the garden . " * 30)
    expect(status).to_contain_text("are longer than the context of 128; cut them.")
    assert page.console == []
