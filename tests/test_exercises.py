"""The exercises: every reference passes, every stub is neutral, every mutant is named; progress survives."""

import inspect
import json
import re
import subprocess
import sys
from itertools import combinations

import pytest
import torch

from helpers import exercises
from helpers.exercises import core, record
from helpers.exercises.core import Exercise, Wrong, judge

ALL = core.known()
MUTANTS = [(e, sentence) for e in ALL for sentence in e.mistakes]


@pytest.fixture(autouse=True)
def _own_progress(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.delenv("COURSE_STRICT", raising=False)


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.name)
def test_reference_passes_and_stub_is_neutral(exercise):
    assert judge(exercise, exercises.reference(exercise.name)) == ("done", "right")

    def stub(*args):
        raise NotImplementedError

    wants_value = not inspect.signature(exercise.reference).parameters
    assert judge(exercise, ... if wants_value else stub)[0] == "todo"


@pytest.mark.parametrize(("exercise", "sentence"), MUTANTS, ids=lambda x: getattr(x, "name", "mutant"))
def test_mutant_is_rejected_with_its_own_message(exercise, sentence):
    mutant = exercise.mistakes[sentence]
    answer = mutant if inspect.signature(exercise.reference).parameters else mutant()
    state, text = judge(exercise, answer)
    assert state == "wrong"
    assert sentence in text


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.name)
def test_exercise_is_complete(exercise):
    assert len(exercise.mistakes) >= 3
    assert 1 <= len(exercise.hints) <= 3
    assert 1 <= exercise.difficulty <= 5
    assert 1 <= exercise.minutes <= 30
    assert re.fullmatch(r"\d\d_\w+", exercise.lesson)
    assert inspect.getsource(exercise.reference).strip()
    assert inspect.getdoc(exercise.reference)
    for a, b in combinations(exercise.mistakes, 2):
        assert a not in b  # each message is its own


def double(x):
    """Twice x."""
    return 2 * x


EXAMPLE = Exercise(
    "double", "00_start_here", 1, 1, double,
    cases=lambda: [(torch.tensor([1.0, 2.0]),), (torch.tensor([0.5, -1.0]),)],
    mistakes={"You squared; add x to itself.": lambda x: x * x},
    hints=["Twice is once and once more.", "2 * x"],
)  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (lambda x: x * x, "You squared; add x to itself."),
        (lambda x: 2 * x[:1], "the shape is (1,), expected (2,)"),
        (lambda x: x + 1, "the largest difference is at (1,): 3 instead of 4"),
        (lambda x: [2, 4], "a tensor is expected, yours gives [2, 4]"),
        (lambda x: 2 * x / 0, "instead of"),
        (lambda x: x.foo, "AttributeError"),
        (lambda x: x.mul_(2), "changes its arguments in place"),
        (lambda: 1, "TypeError"),
        (torch.tensor([2.0, 4.0]), "give the function itself, not a tensor of shape (2,)"),
    ],
)  # fmt: skip
def test_a_wrong_answer_says_what_is_off(answer, part):
    state, text = judge(EXAMPLE, answer)
    assert state == "wrong"
    assert part in text


def test_an_attempt_that_makes_torch_raise_notimplementederror_is_an_attempt():
    def answer(x):
        return torch.tensor([1, 2]).softmax(0)

    state, text = judge(EXAMPLE, answer)
    assert state == "wrong"
    assert "NotImplementedError" in text


def test_equal_infinities_are_no_difference():
    inf = torch.tensor([-torch.inf, 2.0])
    assert core.close(inf, inf.clone(), 1e-4) == ""
    assert "at (1,): 1 instead of 2" in core.close(torch.tensor([-torch.inf, 1.0]), inf, 1e-4)


def test_a_law_is_checked_after_the_cases():
    def law(answer):
        if answer(torch.zeros(1)).item() != 0:
            raise Wrong("twice nothing is nothing")

    exercise = Exercise("law", "00_start_here", 1, 1, double, laws=[law], cases=lambda: [(torch.ones(1),)])
    assert judge(exercise, double) == ("done", "right")
    assert judge(exercise, lambda x: torch.full_like(x, 2.0)) == ("wrong", "twice nothing is nothing")


def test_a_value_can_be_asked_for():
    def answer():
        """Six times seven."""
        return 42

    exercise = Exercise("value", "00_start_here", 1, 1, answer, mistakes={"You added.": lambda: 13})
    assert judge(exercise, 42) == ("done", "right")
    assert judge(exercise, ...)[0] == "todo"
    assert judge(exercise, 13) == ("wrong", "13 is not it. You added.")
    assert judge(exercise, 42.001)[0] == "wrong"  # whole numbers are compared exactly


@pytest.fixture
def known(monkeypatch):
    monkeypatch.setattr(core, "_known", {"double": EXAMPLE})
    monkeypatch.setattr(core, "_hints_shown", {})


def test_check_hint_solution_and_progress_speak(known, capsys):
    core.check("double", ...)
    core.check("double", lambda x: x * x)
    core.check("double", double)
    for _ in range(3):
        core.hint("double")
    core.solution("double")
    out = capsys.readouterr().out
    for part in ("○ double: not attempted", "✘ double: the largest", "✔ double: right", "hint 1 of 2", "hint 2 of 2"):
        assert part in out
    assert "no more hints" in out
    assert "return 2 * x" in out
    assert "1 of 1" in repr(core.progress())
    assert "<th" in core.progress()._repr_html_()


def test_unknown_exercise_lists_the_known(known):
    with pytest.raises(ValueError, match="no exercise 'duoble'; known are: double"):
        core.check("duoble", double)


def test_two_exercises_cannot_share_a_name(known):
    with pytest.raises(ValueError, match="two exercises named 'double'"):
        core.register(EXAMPLE)


def test_strict_mode_raises_for_a_wrong_answer_only(known, monkeypatch):
    monkeypatch.setenv("COURSE_STRICT", "1")
    core.check("double", double)
    core.check("double", ...)
    with pytest.raises(AssertionError, match="double"):
        core.check("double", lambda x: x)


def test_messages_are_escaped_for_html():
    assert "<script>" not in core.Message("wrong", "<script>")._repr_html_()


def test_done_stays_done():
    record.write("a", "done")
    record.write("a", "wrong")
    record.write("b", "wrong")
    assert record.read() == {"a": "done", "b": "wrong"}


@pytest.mark.parametrize("content", ["{half", "[1, 2]", "\x00\x01"])
def test_a_damaged_file_is_set_aside(content):
    record.path().write_text(content)
    assert record.read() == {}
    record.write("a", "done")
    assert record.read() == {"a": "done"}
    assert record.path().with_name("progress.json.damaged").read_text() == content


def test_a_folder_that_cannot_be_written_costs_a_line_only(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "file" / "progress.json"))
    record.write("a", "done")
    assert "could not be saved" in capsys.readouterr().err


def test_a_lock_left_by_a_crash_does_not_matter():
    record.path().with_name("progress.json.lock").write_text("")
    record.write("a", "done")
    assert record.read() == {"a": "done"}


def test_a_lock_that_is_held_costs_a_line_only(monkeypatch, capsys):
    monkeypatch.setattr(record, "WAIT_SECONDS", 0.1)
    with record.FileLock(record.path().with_name("progress.json.lock")):
        record.write("a", "done")
    assert "could not be saved" in capsys.readouterr().err
    assert record.read() == {}


def test_two_notebooks_can_write_at_once():
    code = "import sys; from helpers.exercises import record\n"
    code += "for i in range(40): record.write(sys.argv[1] + str(i), 'done')"
    writers = [subprocess.Popen([sys.executable, "-c", code, name]) for name in "ab"]
    assert [w.wait(60) for w in writers] == [0, 0]
    assert len(json.loads(record.path().read_text())) == 80
