"""Lesson 35 in a real JupyterLab: checks pass, blanks are filled, questions answered, unknown words named."""

import pytest
from browser.pages import Page, changes, live_view, shoot
from playwright.sync_api import expect


@pytest.fixture
def page(open_notebook) -> Page:
    return open_notebook("35_bert")  # both views use shipped models


def test_lesson_runs_solved_without_an_error_on_our_side(page):
    assert page.console == []


def test_typed_blanks_are_filled_and_wrong_texts_explained(page):
    cell, picture = live_view(page, "blank_view(fill")
    field, status = cell.locator("input[type=text]"), cell.locator("[role=status]")
    expect(status).to_contain_text("gave it to Ben .")
    assert cell.get_by_text("text", exact=True).count() == 1
    shoot(cell, "blanks")
    changes(picture, lambda: field.fill("Anna went _ the garden ."))
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
    cell, picture = live_view(page, "question_view(answer")
    passage, question = cell.locator("textarea"), cell.locator("input[type=text]")
    status = cell.locator("[role=status]")
    expect(status).to_contain_text("To whom did Anna give the blue cup ? ")
    for label in ("passage", "question"):
        assert cell.get_by_text(label, exact=True).count() == 1, label
    shoot(cell, "question")
    changes(picture, lambda: question.fill("Who took the blue cup"))
    expect(status).to_contain_text("Who took the blue cup ? Anna")
    changes(picture, lambda: passage.fill("Mia was in the garden . Mia took the blue cup ."))
    expect(status).to_contain_text("Who took the blue cup ? Mia")
    shoot(cell, "question_typed")
    passage.fill("A dragon was in the rocket .")
    expect(status).to_contain_text("that the model knows: ")
    expect(status).to_contain_text("'dragon', 'rocket'")
    passage.fill("Mia was in the garden . " * 30)
    expect(status).to_contain_text("are longer than the context of 128; cut them.")
    assert page.console == []
