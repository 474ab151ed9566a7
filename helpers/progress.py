"""A bar, the time left and a live loss curve in a notebook; a plain bar in a terminal; silence elsewhere."""

import base64
import html
import sys
import time
from typing import TYPE_CHECKING

from IPython import get_ipython
from IPython.display import display
from tqdm import tqdm

from helpers.plots import curves, png

if TYPE_CHECKING:
    from helpers.training import History

SECONDS_BETWEEN_BARS = 0.25
SECONDS_BETWEEN_PLOTS = 1.5


class Progress:
    """Show how far a training run is; when it ends, leave its loss curve and one line.

    In a notebook it is a display that is updated in place, not a widget, so the last picture is stored with the
    notebook and shows wherever the notebook is read.
    """

    def __init__(self, name: str, total: int, live: bool, history: "History") -> None:
        """Watch a history, which may hold the steps of a run that is now resumed."""
        self.name, self.total, self.live, self.history, self.start_step = name, total, live, history, history.steps
        self.notebook = getattr(get_ipython(), "kernel", None) is not None
        self.handle, self.bar, self.picture = None, None, b""
        self.next_bar = self.next_plot = 0.0

    def __enter__(self) -> "Progress":
        if self.notebook:
            self.handle = display(_bundle(f"{self.name}: starting"), raw=True, display_id=True)
        elif sys.stderr.isatty():
            self.bar = tqdm(total=self.total, initial=self.start_step, desc=self.name)
        self.began = time.monotonic()
        self.next_plot = self.began + SECONDS_BETWEEN_PLOTS
        return self

    def update(self) -> None:
        """Show the state after a step; draws only every so often, so it costs little."""
        now = time.monotonic()
        if now < self.next_bar:
            return
        self.next_bar = now + SECONDS_BETWEEN_BARS
        if self.bar is not None:
            self.bar.n = self.history.steps
            self.bar.set_postfix({k: f"{v[-1]:.3g}" for k, v in self.history.series.items()})
        elif self.handle is not None:
            if self.live and now >= self.next_plot:
                self.picture = self._plot()
                self.next_plot = time.monotonic() + SECONDS_BETWEEN_PLOTS
            self.handle.update(_bundle(*self._running(now)), raw=True)

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        done = self.history.steps
        if self.bar is not None:
            self.bar.n = done
            self.bar.close()
        if self.handle is not None:
            line = f"{self.name}: {done} steps"
            if done < self.total:
                line = f"{self.name}: stopped at step {done} of {self.total}; the model keeps what it learned"
            elif self.start_step:
                line += f", the first {self.start_step} from the checkpoint"
            bundle = {"text/plain": line}
            if self.live and done > 1:
                bundle["image/png"] = base64.b64encode(self._plot()).decode()
            self.handle.update(bundle, raw=True)

    def _plot(self) -> bytes:
        smooth = max(1, self.history.steps // 50)
        return png(curves(self.history.series, title=self.name, smooth=smooth))

    def _running(self, now: float) -> tuple[str, str]:
        done = self.history.steps
        left = (now - self.began) / max(1, done - self.start_step) * (self.total - done)
        numbers = " · ".join(f"{k} {v[-1]:.3g}" for k, v in self.history.series.items())
        text = f"{self.name}: step {done} of {self.total} · {left:.0f} s left · {numbers}"
        picture = ""
        if self.picture:
            picture = (
                f'<br><img alt="loss so far" src="data:image/png;base64,{base64.b64encode(self.picture).decode()}">'
            )
        bar = f'<progress value="{done}" max="{self.total}" aria-label="{html.escape(self.name)}"></progress>'
        return text, f"{bar} {html.escape(text)}{picture}"


def _bundle(text: str, markup: str | None = None) -> dict[str, str]:
    return {"text/plain": text, "text/html": markup or html.escape(text)}
