"""The course map: the lessons in order, what each needs, and how long it takes; each fact is written once, elsewhere.

The README's table holds the order, the minutes to run and the results; a notebook's opening, what to know before and
the minutes of work. Routes through the map stand in `helpers.routes`.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from IPython.display import Markdown

README = Path(__file__).resolve().parent.parent / "README.md"
NOTEBOOKS = README.parent / "notebooks"
PARTS = {"0": "Start", "1": "GANs", "2": "VAEs", "3": "Transformers", "4": "Choosing"}  # by a lesson's first digit

_ROW = re.compile(r"^\| *To (know before|work through it) *\|(.+)\| *$", re.MULTILINE)
_LINK = re.compile(r"\]\((\w+)\.ipynb\)")
_TIME = re.compile(r"\b(\d+) (minute|hour)s\b")


@dataclass(frozen=True)
class Lesson:
    """One row of the map.

    Attributes:
        name: The notebook's name, `22_vae`.
        needs: Names of the lessons to know before, as its opening says.
        work: Minutes to work through it with all exercises, as its opening says.
        run: Minutes to run all of it, as measured into the README's table.
    """

    name: str
    needs: tuple[str, ...]
    work: int
    run: float

    @property
    def part(self) -> str:
        """The part of the course: "GANs"."""
        return PARTS[self.name[0]]

    @property
    def title(self) -> str:
        """The name as one reads it: "22 vae"."""
        return self.name.replace("_", " ")

    @property
    def link(self) -> str:
        """A link that works from the notebooks' folder."""
        return f"[{self.name}]({self.name}.ipynb)"


def _table(readme: Path) -> list[str]:
    """The lines of the README's table of lessons, header first."""
    lines = readme.read_text(encoding="utf-8").splitlines()
    begin = next((i for i, line in enumerate(lines) if line.startswith("| lesson |")), None)
    if begin is None:
        raise ValueError(f"{readme.name} has no table that starts with '| lesson |'; put it back.")
    end = next((i for i in range(begin, len(lines)) if not lines[i].startswith("|")), len(lines))
    return lines[begin:end]


def lesson_table(results: bool = True) -> Markdown:
    """The README's table of lessons: question, data, measured minutes and memory, and results unless they are left out.

    Raises:
        ValueError: If the README holds no such table.
    """
    lines = _table(README)
    if not results:
        keep = [i for i, cell in enumerate(lines[0].split("|")) if cell.strip() != "result"]
        lines = ["|".join(line.split("|")[i] for i in keep) for line in lines]
    return Markdown("\n".join(lines).replace("](notebooks/", "]("))


def lessons(readme: Path = README, notebooks: Path = NOTEBOOKS) -> dict[str, Lesson]:
    """All lessons in the order of the README's table, by name.

    Raises:
        ValueError: If a notebook of the table does not say what to know before and how long it takes, or names a
            lesson that is not in the table or comes later in it.
    """
    header, _, *rows = (line.strip("| ").split(" | ") for line in _table(readme))
    run = {re.match(r"\[(\w+)\]", cells[0])[1]: float(cells[header.index("minutes")]) for cells in rows}
    return {name: _lesson(notebooks / f"{name}.ipynb", minutes, tuple(run)) for name, minutes in run.items()}


def _lesson(path: Path, run: float, known: tuple[str, ...]) -> Lesson:
    """Read a notebook's opening."""
    know, work = _opening(path)
    needs = _LINK.findall(know)
    if strange := [n for n in needs if n not in known]:
        raise ValueError(f"{path.name} says to know {strange[0]!r} before, which is no lesson.")
    if late := [n for n in needs if known.index(n) >= known.index(path.stem)]:
        raise ValueError(f"{path.name} says to know {late[0]!r} before, which does not come before it.")
    time = _TIME.search(work)
    if not time:
        raise ValueError(f"{path.name} says to work through it: {work.strip()!r}; give minutes or hours.")
    return Lesson(path.stem, tuple(sorted(set(needs))), int(time[1]) * (60 if time[2] == "hour" else 1), run)


@lru_cache(maxsize=64)
def _text(path: Path, changed: float) -> str:
    """The text of a notebook before its first code; read again when the file was changed."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    first = next((i for i, c in enumerate(cells) if c["cell_type"] == "code"), len(cells))
    return "\n".join("".join(c["source"]) for c in cells[:first])


def _opening(path: Path) -> tuple[str, str]:
    """What to know before, and how long it takes, in a notebook's own words."""
    text = _text(path, path.stat().st_mtime)
    rows = dict(_ROW.findall(text))
    if len(rows) < 2:
        raise ValueError(f"{path.name} opens without the rows 'To know before' and 'To work through it'; add them.")
    return rows["know before"], rows["work through it"]


def direct(course: Mapping[str, Lesson]) -> dict[str, tuple[str, ...]]:
    """For each lesson the needed ones that none of the others it needs leads to: the steps just before it."""
    behind: dict[str, set[str]] = {}

    def all_before(name: str) -> set[str]:
        if name not in behind:
            behind[name] = set().union(*({n} | all_before(n) for n in course[name].needs))
        return behind[name]

    return {
        name: tuple(n for n in lesson.needs if not any(n in all_before(m) for m in lesson.needs))
        for name, lesson in course.items()
    }


def depths(steps: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """The number of steps on the longest way to each lesson; 0 for one that needs none."""
    found: dict[str, int] = {}
    for name in steps:  # each after what it needs: the lessons are in order
        found[name] = max((found[n] + 1 for n in steps[name]), default=0)
    return found


def needs_table() -> Markdown:
    """What each lesson needs and what it opens, in words: the picture of `plots.course` for who does not see it."""
    course = lessons()
    steps = direct(course)
    lines = ["| lesson | take before | opens |", "|---|---|---|"]
    for name, lesson in course.items():
        before = ", ".join(course[n].link for n in steps[name]) or "none"
        opens = ", ".join(n[:2] for n in course if name in steps[n]) or "none"
        lines.append(f"| {lesson.link} | {before} | {opens} |")
    return Markdown("\n".join(lines))
