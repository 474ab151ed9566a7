"""Every lesson with the reference answers in the place of its stubs: each check passes. And strict mode is strict."""

import copy
from pathlib import Path

import nbformat
import pytest
from browser.pages import CHROMIUM
from nbformat.v4 import new_code_cell, new_notebook
from tools.notebooks import METADATA, ROOT, NotRun, checked, rehearse, run, solve, unsolved

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

REGISTER = """from helpers.exercises import check
from helpers.exercises.core import Exercise, register
def plus(a, b):
    return a + b
def half():
    return 0.5
register(Exercise("made_plus", "90_made", 1, 1, reference=plus, cases=lambda: [(1, 2)]))
register(Exercise("made_half", "90_made", 1, 1, reference=half));"""
FUNCTION = """def my_plus(a, b):      # exercise "made_plus" · difficulty 1 of 5 · 1 min
    raise NotImplementedError

check("made_plus", my_plus)"""
VALUE = 'my_half = ...\ncheck("made_half", my_half)'


def _made(*sources: str):
    return new_notebook(cells=[new_code_cell(s) for s in (REGISTER, *sources)], metadata=METADATA)


@pytest.mark.skipif(CHROMIUM is not None, reason="the browser tests run each lesson solved")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_lesson_passes_with_every_exercise_solved(path):
    assert unsolved(path, rehearsed=True) == []


def test_answers_are_put_in_the_place_of_stubs(tmp_path):
    nb = _made(FUNCTION, VALUE)
    before = copy.deepcopy(nb)
    nbformat.write(nb, tmp_path / "made.ipynb")
    assert checked(nb) == ["made_plus", "made_half"]
    assert unsolved(tmp_path / "made.ipynb") == []
    assert solve(nb) != before and nb == before


def test_untouched_stubs_pass_in_strict_mode_and_count_as_unsolved(tmp_path):
    _, noted = run(_made(FUNCTION, VALUE), tmp_path, strict=True)
    assert noted == {}


@pytest.mark.parametrize(
    "wrong", [FUNCTION.replace("raise NotImplementedError", "return a - b"), VALUE.replace("...", "2")]
)
def test_a_wrong_answer_raises_in_strict_mode_only(wrong, tmp_path):
    _, noted = run(_made(wrong), tmp_path)
    assert set(noted.values()) == {"wrong"}
    with pytest.raises(NotRun, match=r"cell 1: (.|\n)*AssertionError: made_"):
        run(_made(wrong), tmp_path, strict=True)


def test_a_wrong_answer_raises_in_a_rehearsal_too(tmp_path):
    with pytest.raises(NotRun, match=r"cell 1: (.|\n)*AssertionError: made_half"):
        run(rehearse(_made(VALUE.replace("...", "2"))), tmp_path, strict=True)


def test_a_check_that_is_not_reached_counts_as_unsolved(tmp_path: Path):
    hidden = "if False:\n    1\nelse:\n    my_half = 0.5\n" + 'check("made_half", my_half)'
    skipped = VALUE.replace("check(", "check = lambda *a: None\ncheck(")
    for source, missing in ((hidden, []), (skipped, ["made_half"])):
        nbformat.write(_made(source), tmp_path / "made.ipynb")
        assert unsolved(tmp_path / "made.ipynb") == missing


@pytest.mark.parametrize("source", ['check("made_half", 0.5)', 'if True:\n    check("made_half", my_half)'])
def test_a_check_that_cannot_be_solved_is_refused(source):
    with pytest.raises(ValueError, match="has to stand on its own"):
        solve(_made(source))
