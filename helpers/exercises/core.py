"""`check`, `hint`, `solution`, `progress`: exercises that say what is off, and remember what is done."""

import html
import inspect
import os
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from IPython.display import display
from torch import Tensor

from helpers.exercises import record

MARKS = {"done": "✔", "todo": "○", "wrong": "✘"}
COLOURS = {"done": "#00674B", "todo": "#595959", "wrong": "#A84300"}


class Wrong(AssertionError):
    """What a law raises when an answer breaks it; the message is for the learner."""


@dataclass(frozen=True)
class Exercise:
    """One exercise: answer, checker and shown solution are one object.

    Attributes:
        name: What `check("name", ...)` calls it.
        lesson: The notebook's name, `22_vae`.
        difficulty: 1 to 5.
        minutes: How long it takes.
        reference: The right answer: a function of `helpers`, or one that returns the value to be found.
        cases: Makes the fixed arguments, one tuple for each call of the answer.
        mistakes: Common wrong answers under the sentence that explains each; `check` recognizes them, tests use them
            as mutants.
        laws: Further tests of an answer; each gets it and raises `Wrong` if it breaks the law.
        hints: Up to three, from a nudge to nearly the answer.
        tolerance: Largest difference, absolute and relative.
    """

    name: str
    lesson: str
    difficulty: int
    minutes: int
    reference: Callable[..., Any]
    cases: Callable[[], Iterable[tuple]] = field(default=lambda: [()])
    mistakes: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    laws: Sequence[Callable[[Callable[..., Any]], None]] = ()
    hints: Sequence[str] = ()
    tolerance: float = 1e-4


_known: dict[str, Exercise] = {}
_hints_shown: dict[str, int] = {}


def register(exercise: Exercise) -> Exercise:
    """Make an exercise known; a module of this package calls it once for each."""
    if exercise.name in _known:
        raise ValueError(f"There are two exercises named {exercise.name!r}; rename one.")
    _known[exercise.name] = exercise
    return exercise


def known() -> list[Exercise]:
    """All exercises, in the order of the lessons."""
    return sorted(_known.values(), key=lambda e: e.lesson)


def find(name: str) -> Exercise:
    """Look an exercise up; an unknown name raises a ValueError that lists the known ones."""
    if name not in _known:
        raise ValueError(f"There is no exercise {name!r}; known are: {', '.join(sorted(_known))}.")
    return _known[name]


def reference(name: str) -> Any:
    """The reference answer: the function, or the value where a value is asked for."""
    exercise = find(name)
    wants_value = not inspect.signature(exercise.reference).parameters
    return exercise.reference() if wants_value else exercise.reference


class Message:
    """One line for the learner, marked by sign, word and colour."""

    def __init__(self, state: str, text: str) -> None:
        self.state, self.text = state, text

    def __repr__(self) -> str:
        return f"{MARKS[self.state]} {self.text}"

    def _repr_html_(self) -> str:
        style = f"border-left:4px solid {COLOURS[self.state]};padding:4px 10px;white-space:pre-wrap"
        return f'<div role="status" style="{style}">{html.escape(repr(self))}</div>'


def check(name: str, answer: Any) -> None:
    """Say whether an answer is right, and if not, what differs and which common mistake gives that.

    With the environment variable COURSE_STRICT set, a wrong answer raises as well.

    Args:
        name: The exercise's name.
        answer: The learner's function or value; an untouched stub is "not attempted yet", never wrong.
    """
    state, text = judge(find(name), answer)
    if state != "todo":
        record.write(name, state)
    display(Message(state, f"{name}: {text}"))
    if state == "wrong" and os.environ.get("COURSE_STRICT"):
        raise AssertionError(f"{name}: {text}")


def judge(exercise: Exercise, answer: Any) -> tuple[str, str]:
    """Compare an answer with the reference: ("done" | "todo" | "wrong", one sentence or two)."""
    if answer is None or answer is ...:
        return "todo", "not attempted yet"
    try:
        call = answer if callable(answer) else lambda: answer
        if inspect.signature(exercise.reference).parameters and not callable(answer):
            raise Wrong(f"give the function itself, not {_short(answer)}")
        for case in exercise.cases():
            _compare(exercise, call, case)
        for law in exercise.laws:
            law(call)
    except Wrong as error:
        return "wrong", str(error)
    except NotImplementedError as error:
        last = traceback.extract_tb(error.__traceback__)[-1].line or "raise"
        if last.startswith("raise"):  # torch raises it too, from lines that call something
            return "todo", "not attempted yet: replace the line that raises NotImplementedError"
        return "wrong", f"{type(error).__name__}: {error}{_where(error)}"
    except Exception as error:
        return "wrong", f"{type(error).__name__}: {error}{_where(error)}"
    return "done", "right"


def hint(name: str) -> None:
    """Show the next hint."""
    hints = find(name).hints
    shown = _hints_shown.get(name, 0)
    _hints_shown[name] = shown + 1
    if shown >= len(hints):
        text = f"{name}: no more hints; solution({name!r}) shows the answer"
    else:
        text = f"{name}, hint {shown + 1} of {len(hints)}: {hints[shown]}"
    display(Message("todo", text))


def solution(name: str) -> None:
    """Show the source of the reference answer."""
    print(inspect.getsource(find(name).reference))


class Table:
    """Rows of text with a header, as text and as HTML."""

    def __init__(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        self.header, self.rows = header, rows

    def __repr__(self) -> str:
        widths = [max(map(len, column)) for column in zip(self.header, *self.rows, strict=True)]
        lines = ["  ".join(c.ljust(n) for c, n in zip(row, widths, strict=True)) for row in (self.header, *self.rows)]
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col" style="text-align:left">{html.escape(c)}</th>' for c in self.header)
        body = "".join(
            "<tr>" + "".join(f'<td style="text-align:left">{html.escape(c)}</td>' for c in r) + "</tr>"
            for r in self.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def progress() -> Table:
    """The learner's progress: done and open exercises of each lesson."""
    states, rows = record.read(), []
    for lesson in sorted({e.lesson for e in _known.values()}):
        names = [e.name for e in known() if e.lesson == lesson]
        done = [n for n in names if states.get(n) == "done"]
        still_open = [n for n in names if n not in done]
        rows.append([lesson, f"{len(done)} of {len(names)}", ", ".join(still_open) or "all done"])
    return Table(["lesson", "done", "still open"], rows)


def close(got: Any, want: Any, tolerance: float) -> str:
    """Say in words how two values differ; empty if they do not."""
    if isinstance(want, tuple | list):
        if not isinstance(got, tuple | list) or len(got) != len(want):
            return f"{len(want)} values are asked for, yours gives {_short(got)}"
        parts = (close(g, w, tolerance) for g, w in zip(got, want, strict=True))
        return next((f"value {i + 1}: {part}" for i, part in enumerate(parts) if part), "")
    if isinstance(want, int) and not isinstance(want, bool) and isinstance(got, int | float | Tensor | np.number):
        return "" if float(got) == want else f"{want} is expected, yours gives {float(got):g}"
    if isinstance(want, str | bool) or want is None:
        return "" if got == want else f"{_short(want)} is expected, yours gives {_short(got)}"
    if not isinstance(got, Tensor | np.ndarray | int | float | np.number):
        return f"a {'tensor' if isinstance(want, Tensor) else 'number'} is expected, yours gives {_short(got)}"
    g, r = torch.as_tensor(got).detach().double(), torch.as_tensor(want).detach().double()
    if g.shape != r.shape:
        return f"the shape is {tuple(g.shape)}, expected {tuple(r.shape)}"
    if torch.allclose(g, r, rtol=tolerance, atol=tolerance, equal_nan=True):
        return ""
    off = (g - r).abs().nan_to_num(torch.inf).masked_fill(g == r, 0.0)  # inf - inf is nan, but no difference
    where = tuple(int(i) for i in np.unravel_index(int(off.argmax()), g.shape or (1,)))
    at = f" at {where}" if g.ndim else ""
    return (
        f"the largest difference is{at}: {g[where if g.ndim else ()]:.4g} instead of {r[where if g.ndim else ()]:.4g}"
    )


def _compare(exercise: Exercise, answer: Callable[..., Any], case: tuple) -> None:
    """Run answer and reference on copies of one case; name the common mistake where one gives the answer's values."""
    want = exercise.reference(*_copy(case))
    mine = _copy(case)
    got = answer(*mine)
    if any(close(a, b, 0.0) for a, b in zip(mine, case, strict=True) if isinstance(b, Tensor)):
        raise Wrong("your function changes its arguments in place; work on copies, x = x + 1 rather than x += 1")
    difference = close(got, want, exercise.tolerance)
    if not difference:
        return
    if not case:  # a value is asked for: do not give it away
        difference = f"{_short(got)} is not it"
    for sentence, mistake in exercise.mistakes.items():
        if not close(got, _try(mistake, case), exercise.tolerance):
            raise Wrong(f"{difference}. {sentence}")
    raise Wrong(difference)


def _try(mistake: Callable[..., Any], case: tuple) -> Any:
    try:
        return mistake(*_copy(case))
    except Exception:
        return None


def _copy(case: tuple) -> tuple:
    return tuple(a.detach().clone().requires_grad_(a.requires_grad) if isinstance(a, Tensor) else a for a in case)


def _short(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _where(error: Exception) -> str:
    """The learner's line in which an error arose."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    mine = [f for f in frames if "ipykernel" in f.filename or "<ipython" in f.filename] or frames
    return f" (line {mine[-1].lineno}: {mine[-1].line})" if mine and mine[-1].line else ""
