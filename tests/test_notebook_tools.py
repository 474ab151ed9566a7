"""`freeze`, `times`, `rehearse`, and nbval as conftest.py sets it up, tried on small notebooks."""

import copy
import os
import subprocess
import sys
from functools import partial

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from tools import notebooks
from tools.notebooks import FEW, METADATA, ROOT, VIEW, NotRun, freeze, main, measure, read, rehearse, run, with_times

WIDGET = """class Pictured:
    def __repr__(self):
        return "<pictured: run this cell>"
    def _repr_mimebundle_(self, include=None, exclude=None):
        return {**widgets.IntSlider()._repr_mimebundle_(), "text/plain": repr(self), **extra}
extra = {"image/png": "iVBORw0KGgo="}
Pictured()"""
SOURCES = {
    "imports": "import ipywidgets as widgets\nfrom IPython.display import display\nfrom tqdm.auto import tqdm",
    "figure": "from matplotlib.figure import Figure\nFigure();",
    "pictured": WIDGET,
    "bare widget": "widgets.IntSlider(3)",
    "bar": "for _ in tqdm(range(3)):\n    pass\nprint('counted')",
    "update": "shown = display('starting', display_id=True)\nshown.update('done');",
}
TRAINING = """from helpers import sequences
from helpers.models.transformer import SequenceModel
from helpers.training import fit
seen = []
def step(i):
    seen.append(i)
    return {"loss": 1.0}
histories = [fit(step, 120, live=False), fit(step, steps=3, live=False)]
model = SequenceModel(11, 12, d_model=8, n_heads=1, n_layers=1)
histories.append(sequences.train(model, "copy", 60, batch_size=4, live=False))
print([h.steps for h in histories], seen[25:])"""
CLAIMS = """é = "ü"; assert len(seen) > 120, "é"; print(é)
for i in seen:
    assert (
        i < 0
    ), f"{i} is not below 0"  # a claim of two lines
print("assert nothing")"""
README = """text | with | bars
| lesson | question | minutes | MB | result |
|---|---|---|---|---|
| [11](notebooks/11_x.ipynb) | Who? |  |  | 8 of 8 |
| [12](notebooks/12_y.ipynb) | Why? | 1.0 | 300 | ok |
"""


def _write(path, *sources: str):
    """Write code cells to a path as a notebook."""
    cells = [new_markdown_cell("# Made"), *(new_code_cell(s) for s in sources)]
    nbformat.write(new_notebook(cells=cells, metadata={**METADATA, "widgets": {"state": {}}}), path)
    return path


@pytest.fixture
def made(tmp_path):
    """A function that writes code cells as a notebook and gives its path."""
    return partial(_write, tmp_path / "made.ipynb")


@pytest.fixture(scope="module")
def frozen(tmp_path_factory):
    """All the SOURCES, frozen."""
    path = _write(tmp_path_factory.mktemp("frozen") / "made.ipynb", *SOURCES.values())
    freeze(path)
    return path


def _pytest(path) -> subprocess.CompletedProcess:
    options = ["-p", "conftest", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"), "--color=no"]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")])}
    return subprocess.run([sys.executable, "-m", "pytest", *options, path], env=env, capture_output=True, text=True)


def test_freeze_stores_a_clean_run_twice_the_same(frozen):
    first = frozen.read_bytes()
    freeze(frozen)
    assert frozen.read_bytes() == first
    assert list(frozen.parent.iterdir()) == [frozen]
    nb = read(frozen)
    cells = dict(zip(SOURCES, nb.cells[1:], strict=True))
    assert [c.execution_count for c in cells.values()] == [1, 2, 3, 4, 5, 6]
    assert nb.metadata == METADATA and b"iopub" not in first and VIEW.encode() not in first
    assert cells["figure"].outputs == [] and cells["bare widget"].outputs == []
    assert set(cells["pictured"].outputs[0]["data"]) == {"text/plain", "image/png"}
    assert [o.text for o in cells["bar"].outputs] == ["counted\n"]
    assert [o["data"]["text/plain"] for o in cells["update"].outputs] == ["'done'"]
    run = _pytest(frozen)
    assert run.returncode == 0 and "6 passed" in run.stdout, run.stdout


def test_ids_stay_when_a_cell_is_put_between(made):
    def ids(*sources: str) -> list[str]:
        path = made(*sources)
        freeze(path)
        return [c.id for c in read(path).cells]

    two, three = ids("1", "1"), ids("1", "2", "1")
    assert len(set(three)) == 4 and set(two) < set(three)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 / 0", "cell 2: .*ZeroDivisionError"),
        ("import sys; print('oh', file=sys.stderr)", "cell 2 writes to stderr: oh"),
        ("import os; os._exit(1)", "[Kk]ernel died"),
    ],
)
def test_a_run_that_fails_leaves_the_file_as_it_was(made, capsys, source, message):
    path = made("print(1)", source, "print(3)")
    before = path.read_bytes()
    with pytest.raises(NotRun, match=f"(?s){message}"):
        freeze(path)
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]
    assert main(["freeze", str(path)]) == 1 and "made.ipynb: " in capsys.readouterr().err


def test_a_full_disk_leaves_the_file_as_it_was(made, monkeypatch):
    path = made("1")
    before = path.read_bytes()
    monkeypatch.setattr(
        notebooks.os, "replace", lambda *a: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    with pytest.raises(OSError, match="No space left"):
        freeze(path)
    assert path.read_bytes() == before and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("change", [("counted", "miscounted"), ("'done'", "'starting'"), ("<pictured", "<painted")])
def test_nbval_sees_a_stored_text_that_differs(frozen, tmp_path, change):
    path, nb = tmp_path / "made.ipynb", read(frozen)
    for output in (o for c in nb.cells[1:] for o in c.outputs):
        if "text" in output:
            output.text = output.text.replace(*change)
        elif "text/plain" in output["data"]:
            output["data"]["text/plain"] = output["data"]["text/plain"].replace(*change)
    nbformat.write(nb, path)
    run = _pytest(path)
    assert run.returncode == 1 and "1 failed, 5 passed" in run.stdout, run.stdout


def test_each_notebook_begins_as_a_new_learners(made):
    source = "import os, pathlib\npath = pathlib.Path(os.environ['COURSE_PROGRESS'])\nprint(path.exists(), path.name)\n"
    path = made(source + "path.write_text('{}'); os.environ.get('COURSE_STRICT'), os.environ['OMP_NUM_THREADS']")
    freeze(path)
    nb = read(path)
    assert nb.cells[1].outputs[0].text == "False progress.json\n"
    assert nb.cells[1].outputs[1]["data"]["text/plain"] == "(None, '1')"


def test_time_and_memory_are_measured(made):
    path = made("import time\nbig = bytearray(300_000_000)\ntime.sleep(1)")
    before = path.read_bytes()
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    seconds, peak = measure(path)
    if cores:
        os.sched_setaffinity(0, cores)
    assert 1 < seconds < 60 and 300e6 < peak < 600e6
    assert path.read_bytes() == before


def test_times_go_into_the_lessons_row_only():
    old, new = README.split("\n"), with_times(README, "11_x.ipynb", 90, 812_345_678).split("\n")
    assert new[3] == "| [11](notebooks/11_x.ipynb) | Who? | 1.5 | 812 | 8 of 8 |"
    assert new[:3] + new[4:] == old[:3] + old[4:]
    with pytest.raises(NotRun, match=r"no lesson table with a row for 13_z\.ipynb"):
        with_times(README, "13_z.ipynb", 90, 1)


def test_a_rehearsal_takes_few_steps_and_asserts_nothing(tmp_path):
    nb = new_notebook(cells=[new_markdown_cell("assert"), *map(new_code_cell, (TRAINING, CLAIMS))], metadata=METADATA)
    before = copy.deepcopy(nb)
    ran, _ = run(rehearse(nb), tmp_path, strict=True)
    assert [o.text for c in ran.cells[1:] for o in c.outputs if o.get("name") == "stdout"] == [
        "[34, 3, 32] [25, 26, 27, 28, 29, 49, 50, 99, 100, 0, 1, 2]\n",
        "ü\nassert nothing\n",
    ]
    assert nb == before
    with pytest.raises(NotRun, match=r"cell 2: (?s:.*)AssertionError"):
        run(nb, tmp_path)


def test_a_rehearsal_changes_nothing_else():
    nb = new_notebook(cells=[*map(new_code_cell, (TRAINING, CLAIMS, "assert True")), new_markdown_cell("assert True")])
    without = 'é = "ü"; pass; print(é)\nfor i in seen:\n    pass  # a claim of two lines\nprint("assert nothing")'
    assert [c.source for c in rehearse(nb).cells] == [FEW + TRAINING, without, "pass", "assert True"]


def test_a_cell_says_what_a_rehearsal_does_less_of():
    cell = new_code_cell("print([n**2 for n in range(10)])", metadata={"rehearsal": {"range(10)": "range(2)"}})
    nb = new_notebook(cells=[new_code_cell("pass"), cell], metadata=METADATA)
    assert rehearse(nb).cells[1].source == "print([n**2 for n in range(2)])"
    cell.metadata["rehearsal"] = {"range(20)": "range(2)"}
    with pytest.raises(ValueError, match=r"'range\(20\)', but the cell has no such code"):
        rehearse(nb)
