"""`make lab` serves the course, and each lesson runs in a real JupyterLab with all its exercises solved."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest
from browser.pages import cell_with, latency
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from tools.notebooks import ROOT

LESSONS = sorted(p.stem for p in (ROOT / "notebooks").glob("*.ipynb"))
# A lesson with a module of its own here, test_vae.py for 22_vae, is opened and run by that module.
OWN_TESTS = {p.stem.removeprefix("test_") for p in Path(__file__).parent.glob("test_*.py")}
LIVE = """def line(k):
    fig = Figure(figsize=(3, 2))
    fig.subplots().plot([0, k])
    return fig
live(line, k=(0, 9))"""
MADE = [
    new_markdown_cell("# Does it live?"),
    new_code_cell("from helpers.widgets import live\nfrom matplotlib.figure import Figure"),
    new_code_cell(LIVE),
]


@pytest.fixture
def made(tmp_path) -> Path:
    """A small notebook with a live figure."""
    nbformat.write(new_notebook(cells=MADE), tmp_path / "made.ipynb")
    return tmp_path / "made.ipynb"


@pytest.mark.skipif(not (ROOT / ".venv/.lab").exists(), reason="the environment was not made by make")
def test_make_lab_serves_the_first_lesson_to_who_has_the_token(tmp_path):
    with (tmp_path / "log").open("w") as log:
        command = ["make", "lab", "PORT=18888"]
        env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "JUPYTER_TOKEN")}
        began = time.monotonic()
        lab = subprocess.Popen(command, cwd=ROOT, env=env, stdin=-3, stdout=log, stderr=log, start_new_session=True)
        try:
            address = None
            while address is None and lab.poll() is None and time.monotonic() - began < 60:
                time.sleep(0.1)
                text = Path(log.name).read_text()
                address = re.search(
                    r"http://127\.0\.0\.1:\d+/lab/tree/notebooks/00_start_here\.ipynb\?token=\w{20,}", text
                )
            assert address, text
            assert time.monotonic() - began < 30
            server, token = address[0].split("/lab/")[0], address[0].split("token=")[1]
            with urllib.request.urlopen(f"{server}/api/contents/notebooks?token={token}") as answer:
                assert "content" in json.load(answer)
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(f"{server}/api/contents/notebooks")
        finally:
            os.killpg(lab.pid, signal.SIGTERM)
            lab.wait(20)


def test_a_live_figure_answers_the_keyboard(open_notebook, made):
    page = open_notebook(made)
    picture = cell_with(page, "live(line").locator("img.widget-image")
    picture.wait_for()
    assert latency(picture, cell_with(page, "live(line").locator(".noUi-handle"), ["ArrowRight", "ArrowLeft"] * 5) < 500
    assert page.console == []


def test_what_goes_wrong_is_seen(open_notebook, tmp_path):
    cells = [new_code_cell("from IPython.display import HTML\nHTML(\"<img src='http://a.invalid/cat.png'>\")")]
    nbformat.write(new_notebook(cells=cells), tmp_path / "remote.ipynb")
    page = open_notebook(tmp_path / "remote.ipynb")
    page.wait_for_function("[...document.images].some(i => i.src.includes('a.invalid') && i.complete)")
    assert any(line.startswith("leaves the machine: http://a.invalid") for line in page.console)
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), tmp_path / "error.ipynb")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        open_notebook(tmp_path / "error.ipynb")


@pytest.mark.parametrize("name", [name for name in LESSONS if name[3:] not in OWN_TESTS])
def test_lesson_runs_with_every_exercise_solved(open_notebook, name):
    assert open_notebook(name).console == []
