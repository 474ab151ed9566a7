"""What browser tests do with a notebook's page: run it, find a cell, press a key and time the answer."""

import os
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page

LIMIT = 150  # milliseconds from a key press to the new picture, median
PLAIN_FIGURE = 80  # milliseconds for a plain figure, from the page to the kernel and back, on the machine of LIMIT
ROUNDS = 3
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
READY = """async () => {
  const app = window.jupyterapp; await app.restored;
  const nb = app.shell.currentWidget; await nb.context.ready; await nb.sessionContext.ready;
  while (nb.sessionContext.session?.kernel?.status !== 'idle') await new Promise(r => setTimeout(r, 50));
}"""
RUN_ALL = "async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
WITHIN = """async seconds => await Promise.race([
  (%s)().then(() => true), new Promise(done => setTimeout(done, seconds * 1000, false))])"""
ERRORS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .flatMap(cell => cell.model.type === 'code' ? cell.model.outputs.toJSON() : [])
  .filter(output => output.output_type === 'error' || output.name === 'stderr')
  .map(output => output.text || `${output.ename}: ${output.evalue}`)"""
DRAW = """async () => {
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  const code = `
import io as _io
from matplotlib.figure import Figure as _Figure
_figure = _Figure(figsize=(3, 2))
_figure.add_subplot()
_figure.savefig(_io.BytesIO(), format="png")`;
  const began = performance.now();
  await kernel.requestExecute({code, silent: true, store_history: false}).done;
  return performance.now() - began;
}"""
CHANGED = "([image, old]) => image.src !== old && image.complete"
STOP = "async () => { await window.jupyterapp.shell.currentWidget?.sessionContext.shutdown(); }"


def listen(page: Page, address: str) -> Page:
    """Collect in `page.console` errors on the console and failed requests, also those that leave the machine."""
    page.set_default_timeout(60_000)
    page.console = []
    page.on("console", lambda m: page.console.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: page.console.append(str(error)))
    page.on("requestfailed", lambda r: page.console.append(f"request failed: {r.url} {r.failure}"))
    page.on("request", lambda r: None if _own(r.url, address) else page.console.append(f"leaves the machine: {r.url}"))
    return page


def _own(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:"))


def close(opened: dict) -> None:
    """Close the page that was opened last, and stop its kernel."""
    page = opened.pop("page", None)
    opened.clear()
    if page is not None:
        page.evaluate(STOP)
        page.context.close()


def wait_ready(page: Page, seconds: int = 60) -> None:
    """Wait until the notebook's kernel is idle; the page shows that sooner than cells can be run."""
    page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
    assert page.evaluate(WITHIN % READY, seconds), f"no kernel within {seconds} s"


def run_all(page: Page, seconds: int = 900) -> None:
    """Run all cells; fail if that takes longer, or if there is an error or text on stderr."""
    assert page.evaluate(WITHIN % RUN_ALL, seconds), f"the notebook ran longer than {seconds} s"
    errors = page.evaluate(ERRORS)
    assert not errors, "\n".join(errors)


def cell_with(page: Page, text: str) -> Locator:
    """The first code cell whose source contains a text."""
    found = page.locator(".jp-CodeCell", has=page.locator(".jp-InputArea-editor", has_text=text)).first
    found.scroll_into_view_if_needed()
    return found


def live_view(page: Page, call: str) -> tuple[Locator, Locator]:
    """The cell of a live view, found by what it calls, and its picture."""
    cell = cell_with(page, call)
    picture = cell.locator("img.widget-image")
    picture.wait_for()
    return cell, picture


def changes(picture: Locator, act: Callable[[], object]) -> None:
    """Do something, and wait until the picture is another one."""
    old = picture.get_attribute("src")
    act()
    picture.page.wait_for_function(CHANGED, arg=[picture.element_handle(), old])


def shoot(cell: Locator, name: str) -> None:
    """Keep a screenshot where COURSE_SHOTS says, to be looked at."""
    if folder := os.environ.get("COURSE_SHOTS"):
        cell.screenshot(path=Path(folder) / f"{name}.png")


def latency(picture: Locator, control: Locator, keys: list[str], texts: list[str] | None = None) -> float:
    """Median milliseconds from a key press on a control until the picture, an `<img>`, shows another one.

    Told at the speed of the machine on which LIMIT holds: before each key the kernel draws one plain figure for this
    page, and where that takes longer than on that machine, the answers count for so much less. Of up to three rounds,
    the lowest. `texts`, one for each key, are put into the control before the key, outside the time.
    """
    presses = [*zip(keys, texts or [None] * len(keys), strict=True)]
    best = float("inf")
    for _ in range(ROUNDS):
        times = [(picture.page.evaluate(DRAW), _answer(picture, control, *press)) for press in presses]
        plain, taken = map(statistics.median, zip(*times, strict=True))
        slower = max(1.0, plain / PLAIN_FIGURE)
        print(f"{taken:.0f} ms, where a plain figure takes {plain:.0f} ms: {slower:.2f} times slower than for LIMIT")
        best = min(best, taken / slower)
        if best < LIMIT:
            break
    return best


def _answer(picture: Locator, control: Locator, key: str, text: str | None) -> float:
    """Milliseconds of one answer."""
    old = picture.get_attribute("src")
    control.focus() if text is None else control.fill(text)
    began = time.perf_counter()
    control.press(key)
    picture.page.wait_for_function(CHANGED, arg=[picture.element_handle(), old], polling="raf")
    return 1000 * (time.perf_counter() - began)
