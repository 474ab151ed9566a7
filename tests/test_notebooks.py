"""What each stored notebook has to be, besides running: complete, clean, short, described, and free of this machine."""

import base64
import re
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from tools.notebooks import README, ROOT, VIEW, checked, code_cells, read

from helpers.exercises import core

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
IGNORE = "nbval-ignore-output"
MACHINE = re.compile(r"(?<![\w./:])/(work|root|home|tmp|opt|mnt|Users|private)/|\b[A-Z]:\\\\?Users")
LINK = re.compile(r"""\]\(\s*<?([^)\s>]+)|(?:src|href)=["']([^"']+)""")
IMAGE = re.compile(r"""!\[([^\]]*)\]\(\s*([^)\s]+)|<img\b[^>]*>""")

Rule = Callable[[NotebookNode, Path], Iterator[str]]
RULES: list[Rule] = []


def rule(check: Rule) -> Rule:
    """Add a rule: a function that yields a sentence for each thing that is off."""
    RULES.append(check)
    return check


def _prose(nb: NotebookNode) -> str:
    """The text of the markdown cells without code and formulas, in which brackets mean something else."""
    text = "\n".join(c.source for c in nb.cells if c.cell_type == "markdown")
    return re.sub(r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$", "", text, flags=re.DOTALL)


def _outputs(nb: NotebookNode) -> list[NotebookNode]:
    return [o for c in nb.cells if c.cell_type == "code" for o in c.outputs]


def _texts(nb: NotebookNode) -> str:
    data = [v for o in _outputs(nb) for k, v in o.get("data", {}).items() if k.startswith("text/")]
    return "\n".join([*(c.source for c in nb.cells), *(o.get("text", "") for o in _outputs(nb)), *map(str, data)])


@rule
def run_top_to_bottom(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Stored as one run; nbval would skip the comparison of a cell that was not run."""
    counts = [c.execution_count for c in nb.cells if c.cell_type == "code"]
    if counts != list(range(1, len(counts) + 1)):
        yield f"the execution counts are {counts}, not 1 to {len(counts)}: make notebooks NB={path.name}"


@rule
def no_widget_is_stored(nb: NotebookNode, path: Path) -> Iterator[str]:
    """A dead view hides the still picture."""
    if "widgets" in nb.metadata:
        yield "the state of widgets is stored"
    if any(VIEW in o.get("data", {}) for o in _outputs(nb)):
        yield "a widget's view is stored"


@rule
def no_errors_in_outputs(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Nothing on stderr, no traceback."""
    for output in _outputs(nb):
        if output.output_type == "error":
            yield f"an output is an error: {output.ename}: {output.evalue}"
        if output.get("name") == "stderr":
            yield f"an output is on stderr: {output.text.strip()}"


@rule
def small_enough(nb: NotebookNode, path: Path) -> Iterator[str]:
    """1 MB a notebook, 100 KB a picture."""
    if (size := len(nbformat.writes(nb).encode())) > 1_000_000:
        yield f"{size / 1e6:.2f} MB; 1 MB is the limit"
    for output in _outputs(nb):
        png = len(base64.b64decode(output.get("data", {}).get("image/png", "")))
        if png > 100_000:
            yield f"a picture has {png / 1000:.0f} KB; 100 KB is the limit: fewer pixels or 72 dpi"


@rule
def images_are_described(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Alt text for every image in markdown, and no image from the network."""
    for match in IMAGE.finditer(_prose(nb)):
        described = match[1] if match[2] else re.search(r"""\balt=["'][^"']""", match[0])
        if not described:
            yield f"no alt text: {match[0]}"
        if "http" in match[0]:
            yield f"needs the network: {match[0]}"


@rule
def code_is_short(nb: NotebookNode, path: Path) -> Iterator[str]:
    """No code cell over 30 lines, 90 % at most 15, at most two in a row."""
    lengths = [sum(bool(line.strip()) for line in c.source.split("\n")) for c in code_cells(nb)]
    if max(lengths, default=0) > 30:
        yield f"a code cell has {max(lengths)} lines; 30 is the limit"
    if (long := sum(n > 15 for n in lengths)) > 0.1 * len(lengths):
        yield f"{long} of {len(lengths)} code cells have more than 15 lines; a tenth may"
    runs = [len(list(cells)) for kind, cells in groupby(nb.cells, lambda c: c.cell_type) if kind == "code"]
    if max(runs, default=0) > 2:
        yield f"{max(runs)} code cells in a row; 2 is the limit"


@rule
def exercises_are_known(nb: NotebookNode, path: Path) -> Iterator[str]:
    """4 to 6 exercises, each registered for this lesson."""
    names, here = checked(nb), {e.name for e in core.known() if e.lesson == path.stem}
    if not 4 <= len(set(names)) <= 6:
        yield f"{len(set(names))} exercises; 4 to 6 are wanted"
    if set(names) != here:
        yield f"checks {sorted(names)}, but helpers.exercises has {sorted(here)} for this lesson"


@rule
def free_of_this_machine(nb: NotebookNode, path: Path) -> Iterator[str]:
    """No path of one machine, no edit of the import path."""
    if match := MACHINE.search(_texts(nb)):
        yield f"a path of one machine: {match[0]}"
    if "sys.path" in _texts(nb):
        yield "sys.path is edited; helpers is installed"


@rule
def most_outputs_are_compared(nb: NotebookNode, path: Path) -> Iterator[str]:
    """At most 40 % of the code cells may ignore their output."""
    cells = code_cells(nb)
    ignored = sum(IGNORE in c.metadata.get("tags", []) or "NBVAL_IGNORE" in c.source for c in cells)
    if ignored > 0.4 * len(cells):
        yield f"{ignored} of {len(cells)} code cells ignore their output; 40 % may"


@rule
def links_resolve(nb: NotebookNode, path: Path) -> Iterator[str]:
    """Links to files of the course lead somewhere."""
    yield from _dead_links(_prose(nb), path.parent)


def _dead_links(text: str, folder: Path) -> Iterator[str]:
    for match in LINK.finditer(text):
        target = (match[1] or match[2]).split("#")[0]
        outside = re.match(r"[a-z]+:", target)
        if target and not outside and not (folder / target).exists():
            yield f"a link leads nowhere: {target}"


@pytest.mark.parametrize("check", RULES, ids=lambda r: r.__name__)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook(path, check):
    assert list(check(read(path), path)) == []


def test_the_first_lesson_is_there():
    assert "00_start_here" in {p.stem for p in NOTEBOOKS}


def _lessons(readme: str) -> dict[str, list[str]]:
    """The README's lesson table: file name of the notebook -> cells of its row."""
    rows = [[c.strip() for c in line.strip("|").split("|")] for line in readme.split("\n") if line.startswith("|")]
    return {m[1]: row for row in rows if (m := re.search(r"\(notebooks/([^)]+)\)", "|".join(row)))}


def test_readme_lists_every_notebook_with_its_measured_time_and_memory():
    readme = README.read_text(encoding="utf-8")
    lessons = _lessons(readme)
    assert sorted(lessons) == [p.name for p in NOTEBOOKS]
    header = next([c.strip() for c in line.strip("|").split("|")] for line in readme.split("\n") if "minutes" in line)
    for name, row in lessons.items():
        assert 0 < float(row[header.index("minutes")]) <= 3, name
        assert 0 < float(row[header.index("MB")]) <= 1200, name


def test_readme_begins_with_the_two_commands_and_has_no_dead_links():
    readme = README.read_text(encoding="utf-8")
    top = " ".join(readme.split()[:60])
    assert "make lab" in top and "make test" in top
    assert list(_dead_links(readme, ROOT)) == []


# ---- the rules themselves: a clean notebook passes them all, and each kind of damage is named


MADE = [f"made_{i}" for i in range(4)]


@pytest.fixture
def clean(monkeypatch) -> tuple[NotebookNode, Path]:
    """A notebook without fault, and where it would be."""
    made = {name: core.Exercise(name, "90_made", 1, 1, reference=abs) for name in MADE}
    monkeypatch.setattr(core, "_known", made)
    cells = [new_markdown_cell("# Is it?\n![a cat](../README.md) [web](https://a.b/c)")]
    for i, name in enumerate(MADE, 1):
        cells += [new_code_cell(f"check({name!r}, answer)", execution_count=i), new_markdown_cell("And so on.")]
    return new_notebook(cells=cells), ROOT / "notebooks" / "90_made.ipynb"


def _png(size: int) -> NotebookNode:
    return new_output("display_data", {"image/png": base64.b64encode(bytes(size)).decode()})


def _add(nb: NotebookNode, *cells: NotebookNode) -> None:
    for cell in cells:
        if cell.cell_type == "code":
            cell.execution_count = 1 + sum(c.cell_type == "code" for c in nb.cells)
        nb.cells.append(cell)


DAMAGE = {
    "counts": ("execution counts", lambda nb: nb.cells[1].update(execution_count=7)),
    "state": ("state of widgets", lambda nb: nb.metadata.update(widgets={})),
    "view": ("view is stored", lambda nb: nb.cells[1].outputs.append(new_output("display_data", {VIEW: {}}))),
    "error": ("is an error", lambda nb: nb.cells[1].outputs.append(new_output("error", ename="E", evalue="no"))),
    "stderr": ("on stderr", lambda nb: nb.cells[1].outputs.append(new_output("stream", name="stderr", text="w"))),
    "size": ("1 MB is the limit", lambda nb: nb.cells[0].update(source="x" * 1_000_001)),
    "picture": ("100 KB is the limit", lambda nb: nb.cells[1].outputs.append(_png(100_001))),
    "no alt": ("no alt text", lambda nb: _add(nb, new_markdown_cell("![](../README.md)"))),
    "no alt in html": ("no alt text", lambda nb: _add(nb, new_markdown_cell('<img src="../README.md" alt="">'))),
    "remote": ("needs the network", lambda nb: _add(nb, new_markdown_cell("![cat](https://a.b/cat.png)"))),
    "long": ("30 is the limit", lambda nb: _add(nb, new_code_cell("x = 1\n" * 31))),
    "longish": ("a tenth may", lambda nb: _add(nb, new_code_cell("x = 1\n" * 16))),
    "in a row": ("in a row", lambda nb: _add(nb, *(new_code_cell("x = 1") for _ in range(3)))),
    "unknown": ("helpers.exercises has", lambda nb: _add(nb, new_code_cell("check('no_such_exercise', x)"))),
    "too few": ("4 to 6 are wanted", lambda nb: nb.update(cells=nb.cells[:4])),
    "path": ("path of one machine", lambda nb: _add(nb, new_code_cell("open('/home/me/x')"))),
    "sys.path": ("sys.path is edited", lambda nb: _add(nb, new_code_cell("import sys; sys.path.append('..')"))),
    "ignored": ("40 % may", lambda nb: [c.metadata.update(tags=[IGNORE]) for c in code_cells(nb)]),
    "dead link": ("leads nowhere", lambda nb: _add(nb, new_markdown_cell("[x](no_such_file.md)"))),
}


def test_a_clean_notebook_breaks_no_rule(clean):
    assert [sentence for check in RULES for sentence in check(*clean)] == []


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named(clean, kind):
    nb, path = clean
    sentence, damage = DAMAGE[kind]
    damage(nb)
    assert any(sentence in found for check in RULES for found in check(nb, path))
