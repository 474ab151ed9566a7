"""Run the lessons: `freeze` stores a clean run, `times` measures into README.md, `solved` puts every answer in.

Use: python tests/tools/notebooks.py freeze|times|solved NOTEBOOK...
"""

import argparse
import ast
import copy
import hashlib
import json
import os
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
VIEW = "application/vnd.jupyter.widget-view+json"
BARE_WIDGET = re.compile(r"\s*\w+\(|\s*\d+%\|")  # `VBox(children=...` or `  0%|   | 0/100`
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
CELL_SECONDS = 600
CORES = 2
FEW = """import helpers.training as _training
_whole = _training.fit
def _few(step, steps, **options):
    some = [i for i in range(steps) if i < 30 or i % 50 in (49, 0)]
    return _whole(lambda i: step(some[i]), len(some), **options)
_training.fit = _few
"""
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
METADATA = {"kernelspec": KERNEL, "language_info": {"name": "python"}}


class NotRun(Exception):
    """A notebook did not run cleanly; the message names the cell and what happened."""


def read(path: Path | str) -> NotebookNode:
    """Read a notebook in the current format."""
    return nbformat.read(path, as_version=4)


def code_cells(nb: NotebookNode) -> list[NotebookNode]:
    """The code cells that hold code."""
    return [c for c in nb.cells if c.cell_type == "code" and c.source.strip()]


def run(
    nb: NotebookNode, folder: Path, *, strict: bool = False, threads: int = 1
) -> tuple[NotebookNode, dict[str, str]]:
    """Run a copy top to bottom in a fresh kernel.

    Args:
        nb: The notebook; it stays as it is.
        folder: The kernel's working directory.
        strict: Let a wrong answer to an exercise raise.
        threads: What OMP_NUM_THREADS tells the kernel.
    Returns:
        The run notebook, and the exercises that its checks noted ("done" or "wrong"), starting from none.
    Raises:
        NotRun: If a cell fails, takes too long, or the kernel dies.
    """
    nb = copy.deepcopy(nb)
    with tempfile.TemporaryDirectory() as temporary:
        progress = Path(temporary) / "progress.json"
        env = {**os.environ, "OMP_NUM_THREADS": str(threads), "COURSE_PROGRESS": str(progress)}
        env.pop("COURSE_STRICT", None)
        if strict:
            env["COURSE_STRICT"] = "1"
        where = {"metadata": {"path": folder}}
        client = NotebookClient(nb, timeout=CELL_SECONDS, kernel_name="python3", resources=where)
        client.extra_arguments = ["--log-level=ERROR"]
        try:
            client.execute(env=env)
        except CellExecutionError as error:
            raise NotRun(f"cell {_failed(nb)}: {COLOUR.sub('', error.traceback).strip()}") from None
        except (CellTimeoutError, DeadKernelError) as error:
            raise NotRun(str(error)) from None
        noted = json.loads(progress.read_text(encoding="utf-8")) if progress.exists() else {}
    return nb, noted


def _failed(nb: NotebookNode) -> int:
    return next(i for i, c in enumerate(nb.cells) if any(o.output_type == "error" for o in c.get("outputs", [])))


def still(outputs: Iterable[NotebookNode]) -> list[NotebookNode]:
    """Outputs as they are stored: without widget views, because a dead one hides the picture, and bare widgets."""
    kept = []
    for output in copy.deepcopy(list(outputs)):
        data = output.get("data", {})
        viewed = data.pop(VIEW, None) is not None
        bare = set(data) <= {"text/plain"} and BARE_WIDGET.match(data.get("text/plain", "Widget()"))
        if not (viewed and bare):
            kept.append(output)
    return kept


def clean(nb: NotebookNode) -> NotebookNode:
    """Leave in a run notebook what two runs have in common; raise NotRun if it wrote to stderr."""
    nb.metadata = nbformat.from_dict(METADATA)
    nb.nbformat_minor = 5
    used: dict[str, int] = {}
    for i, cell in enumerate(nb.cells):
        digest = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:8]
        used[digest] = used.get(digest, 0) + 1
        cell.id = digest if used[digest] == 1 else f"{digest}-{used[digest]}"
        cell.metadata = nbformat.from_dict(
            {k: v for k, v in cell.metadata.items() if k in {"tags", "jupyter", "rehearsal"}}
        )
        if cell.cell_type == "code":
            for output in cell.outputs:
                if output.get("name") == "stderr":
                    raise NotRun(f"cell {i} writes to stderr: {output.text.strip()}")
            cell.outputs = still(cell.outputs)
    return nb


def freeze(path: Path) -> None:
    """Run a notebook and store it with its outputs, in one step: a run that fails leaves the file as it was."""
    nb, _ = run(read(path), path.parent)
    text = nbformat.writes(clean(nb)) + "\n"
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def checks(source: str) -> list[ast.Call]:
    """The calls `check("name", answer)` in a cell's code, in order."""
    if "check(" not in source:
        return []
    calls = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call) and len(n.args) == 2]
    return sorted((c for c in calls if ast.unparse(c.func).split(".")[-1] == "check"), key=lambda c: c.lineno)


def checked(nb: NotebookNode) -> list[str]:
    """The names of the exercises that a notebook checks."""
    return [ast.literal_eval(call.args[0]) for cell in code_cells(nb) for call in checks(cell.source)]


def solve(nb: NotebookNode) -> NotebookNode:
    """A copy in which each exercise's reference is assigned to its answer just before the answer is checked."""
    nb = copy.deepcopy(nb)
    for cell in code_cells(nb):
        lines = cell.source.split("\n")
        for call in reversed(checks(cell.source)):
            if call.col_offset or not isinstance(call.args[1], ast.Name):
                raise ValueError(f"{ast.unparse(call)} has to stand on its own and to check a name.")
            name, answer = ast.literal_eval(call.args[0]), call.args[1].id
            lines[call.lineno - 1 : call.lineno - 1] = [
                "from helpers.exercises import reference as _reference",
                f"{answer} = _reference({name!r})",
            ]
        cell.source = "\n".join(lines)
    return nb


def rehearse(nb: NotebookNode) -> NotebookNode:
    """A copy that runs in a fraction of the time: trainings take a few of their steps, and no claim is asserted.

    That is enough to see that every cell runs, every check passes and every widget answers. What a full training
    reaches need not be shown again: nbval runs each lesson in full, asserts and all, against its stored outputs.

    Three things differ. `helpers.training.fit`, wrapped before the lesson imports it, calls the first thirty steps and
    those beside each fiftieth, so that a schedule is still gone through to its end, and snapshots are taken. Each
    `assert` gives way to `pass`. And a cell that measures the same many times says itself what a rehearsal may do less
    of: its metadata `rehearsal` holds pieces of its code and what replaces them. The checks of exercises stay, and so
    does the rest of the code: cells are found by it.

    Raises:
        ValueError: If a cell does not hold the code that it wants replaced.
    """
    nb = copy.deepcopy(nb)
    for cell in code_cells(nb):
        for old, new in cell.metadata.get("rehearsal", {}).items():
            if old not in cell.source:
                raise ValueError(f"a rehearsal would replace {old!r}, but the cell has no such code:\n{cell.source}")
            cell.source = cell.source.replace(old, new)
        cell.source = _without_claims(cell.source)
    for cell in code_cells(nb)[:1]:
        cell.source = FEW + cell.source
    return nb


def _without_claims(source: str) -> str:
    """A cell's code with `pass` in the place of each assert."""
    if "assert" not in source:
        return source
    lines = source.encode().split(b"\n")  # ast counts columns in bytes
    claims = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assert)]
    for claim in sorted(claims, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        before, after = lines[claim.lineno - 1][: claim.col_offset], lines[claim.end_lineno - 1][claim.end_col_offset :]
        lines[claim.lineno - 1 : claim.end_lineno] = [before + b"pass" + after]
    return b"\n".join(lines).decode()


def unsolved(path: Path, rehearsed: bool = False) -> list[str]:
    """Run a notebook strictly with every answer put in; return the exercises whose check did not pass."""
    nb = read(path)
    _, noted = run(solve(rehearse(nb) if rehearsed else nb), path.parent, strict=True)
    return [name for name in checked(nb) if noted.get(name) != "done"]


@contextmanager
def peak_memory() -> Iterator[list[int]]:
    """Watch the processes that this one starts from now on: the list holds their greatest joint size, in bytes."""
    peak, done = [0], threading.Event()
    before = set(psutil.Process().children(recursive=True))  # a browser, say

    def size(process: psutil.Process) -> int:
        try:
            return process.memory_info().rss
        except psutil.Error:
            return 0

    def watch() -> None:
        while not done.wait(0.05):
            new = set(psutil.Process().children(recursive=True)) - before
            peak[0] = max(peak[0], sum(map(size, new)))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def measure(path: Path) -> tuple[float, int]:
    """Run a notebook on two cores without storing it: wall seconds and peak bytes of its kernel, start included."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    began = time.monotonic()
    with peak_memory() as peak:
        run(read(path), path.parent, threads=CORES)
    return time.monotonic() - began, peak[0]


def with_times(readme: str, name: str, seconds: float, peak: int) -> str:
    """The README with a lesson's minutes and MB in its row of the table; the columns are found by their header."""
    lines = readme.split("\n")
    head = next((i for i, line in enumerate(lines) if line.startswith("|") and "minutes" in line), None)
    row = next((i for i, line in enumerate(lines) if line.startswith("|") and f"(notebooks/{name})" in line), None)
    if head is None or row is None:
        raise NotRun(f"README.md has no lesson table with a row for {name}; add the row first")
    header, cells = ([c.strip() for c in lines[i].split("|")] for i in (head, row))
    cells[header.index("minutes")] = f"{seconds / 60:.1f}"
    cells[header.index("MB")] = f"{peak / 1e6:.0f}"
    lines[row] = " ".join(["|", " | ".join(cells[1:-1]), "|"])
    return "\n".join(lines)


def times(path: Path) -> None:
    """Measure a notebook and write its row of README.md."""
    with_times(README.read_text(encoding="utf-8"), path.name, 0, 0)
    seconds, peak = measure(path)
    print(f"{path.name}: {seconds:.0f} s, {peak / 1e6:.0f} MB")
    README.write_text(with_times(README.read_text(encoding="utf-8"), path.name, seconds, peak), encoding="utf-8")


def solved(path: Path) -> None:
    """Run a notebook with every answer put in; raise NotRun if a check does not pass."""
    if missing := unsolved(path):
        raise NotRun(f"not passed: {', '.join(missing)}")


def main(arguments: list[str]) -> int:
    """Do what the command line says to each notebook, one after the other; 1 if any of them failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["freeze", "times", "solved"])
    parser.add_argument("notebooks", nargs="+", type=Path)
    options = parser.parse_args(arguments)
    failed = 0
    for path in options.notebooks:
        try:
            {"freeze": freeze, "times": times, "solved": solved}[options.command](path)
            print(f"{path}: {options.command}, done")
        except (NotRun, OSError, ValueError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
