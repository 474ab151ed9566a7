"""A private JupyterLab on loopback and a Chromium without network: `open_notebook(name)` gives a page to use."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
from browser.pages import CHROMIUM, FLAGS, Page, close, listen, run_all, wait_ready
from playwright.sync_api import Browser, expect, sync_playwright
from tools.notebooks import METADATA, ROOT, checked, read, rehearse, solve

SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},  # every cell exists, also off screen
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium that reaches loopback only; without one the tests are skipped, or fail where CI=true."""
    if CHROMIUM is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no Chromium: install it, or set CHROMIUM")
    expect.set_options(timeout=60_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[bool], tuple[str, str, Path]]]:
    """`lab(strict)` gives address, token and folder of a JupyterLab, started when it is first asked for."""
    running = {}

    def get(strict: bool) -> tuple[str, str, Path]:
        if strict not in running:
            server = _serve(tmp_path_factory.mktemp("lab"), strict)
            running[strict] = server, server.__enter__()
        return running[strict][1]

    yield get
    for server, _ in running.values():
        server.__exit__(None, None, None)


@contextmanager
def _serve(base: Path, strict: bool) -> Iterator[tuple[str, str, Path]]:
    root = base / "course"
    (root / "notebooks").mkdir(parents=True)
    for name in ("README.md", "data", "helpers"):
        (root / name).symlink_to(ROOT / name)
    for name, value in SETTINGS.items():
        file = base / "settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token, log = secrets.token_hex(16), base / "lab.log"
    folders = {"SETTINGS": "JUPYTERLAB_SETTINGS_DIR", "WORKSPACES": "JUPYTERLAB_WORKSPACES_DIR"}
    folders |= {"CONFIG": "JUPYTER_CONFIG_DIR", "RUNTIME": "JUPYTER_RUNTIME_DIR", "DATA": "JUPYTER_DATA_DIR"}
    env = {**os.environ, "OMP_NUM_THREADS": "1", "COURSE_PROGRESS": str(base / "progress.json"), "JUPYTER_TOKEN": token}
    env |= {variable: str(base / name.lower()) for name, variable in folders.items()}
    env |= {"COURSE_STRICT": "1"} if strict else {}
    options = ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    options += [f"--ServerApp.root_dir={root}", "--LabApp.expose_app_in_browser=True"]
    options += ["--LabApp.extension_manager=readonly", "--LabApp.news_url=None"]
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", *options],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        try:
            _wait(process, f"http://127.0.0.1:{port}/api/status?token={token}", log)
            yield f"http://127.0.0.1:{port}", token, root
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait(process: subprocess.Popen, address: str, log: Path) -> None:
    for _ in range(240):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(address, timeout=1).close()
            return
        except OSError:
            time.sleep(0.25)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8')}")


@pytest.fixture(scope="session")
def _opened() -> Iterator[dict]:
    """The page that was opened last and what it shows."""
    opened: dict = {}
    yield opened
    close(opened)


@pytest.fixture
def open_notebook(lab, browser, _opened) -> Callable[..., Page]:
    """`open_notebook(name, solved=True)` opens a copy of a lesson, runs all its cells, and gives the page.

    A lesson is rehearsed: its trainings are cut short and its claims are not asserted, because nbval runs it in full.
    A test that asks for the notebook which the last test had open gets that page as it was left; `fresh=True` opens and
    runs it again.

    Args (of the function):
        name: `22_vae`, or the path of a notebook from elsewhere.
        solved: Put the reference answers in; wrong answers raise, and each check has to pass.
        run: Run all cells, and fail if one does not run.
        fresh: Do not take the page of the last test.
        rehearsed: False runs a lesson in full, for tests of what a trained model answers.
        seconds: How long the run may take.
    Returns:
        The page; `page.console` lists what went wrong in the browser: errors on the console, failed requests.
    """

    def go(
        name: str | Path,
        solved: bool = True,
        run: bool = True,
        fresh: bool = False,
        rehearsed: bool = True,
        seconds: int = 900,
    ) -> Page:
        what = str(name), solved, run, rehearsed
        if fresh or _opened.get("what") != what:
            close(_opened)
            address, token, root = lab(solved)
            source = Path(name) if str(name).endswith(".ipynb") else ROOT / "notebooks" / f"{name}.ipynb"
            nb = read(source)
            progress = root.parent / "progress.json"
            progress.unlink(missing_ok=True)
            nb.metadata.setdefault("kernelspec", METADATA["kernelspec"])  # or JupyterLab asks for one
            shown = rehearse(nb) if rehearsed else nb
            nbformat.write(solve(shown) if solved else shown, root / "notebooks" / source.name)
            page = listen(browser.new_context(viewport={"width": 1200, "height": 1400}).new_page(), address)
            _opened.update(what=what, page=page)
            page.goto(f"{address}/doc/tree/notebooks/{source.name}?token={token}")
            wait_ready(page)
            if run:
                run_all(page, seconds)
            if run and solved:
                noted = json.loads(progress.read_text(encoding="utf-8")) if progress.exists() else {}
                missing = [exercise for exercise in checked(nb) if noted.get(exercise) != "done"]
                assert not missing, f"checks that did not pass: {missing}"
        return _opened["page"]

    return go
