"""One training loop for every lesson: seeded, watched, stoppable, resumable."""

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from helpers import checkpoints
from helpers.progress import Progress

SECONDS_BETWEEN_SAVES = 20.0


class TrainingDiverged(ArithmeticError):
    """A loss became NaN or infinite."""


@dataclass
class History:
    """What a training run measured, step by step.

    Attributes:
        series: One list of numbers for each name that the step returned.
        seconds: Time spent in training, resumed runs included.
        interrupted: True if someone stopped it before its last step.
    """

    series: dict[str, list[float]] = field(default_factory=dict)
    seconds: float = 0.0
    interrupted: bool = False

    @property
    def steps(self) -> int:
        """Steps done so far."""
        return max((len(values) for values in self.series.values()), default=0)

    def last(self, name: str, n: int = 50) -> float:
        """Mean of the last `n` values of a series: one step's loss is noise, fifty are a reading."""
        values = self.series[name][-n:]
        return sum(values) / len(values)

    def record(self, numbers: Mapping[str, float | Tensor]) -> None:
        """Append one step's numbers, or raise `TrainingDiverged` at the first that is NaN or infinite."""
        for name, value in numbers.items():
            number = float(value.detach() if isinstance(value, Tensor) else value)
            if not math.isfinite(number):
                raise TrainingDiverged(
                    f"{name} became {number} at step {self.steps + 1}, so training stopped: "
                    "try a smaller learning rate, or look for a logarithm or division of zero."
                )
            self.series.setdefault(name, []).append(number)


def fit(
    step: Callable[[int], Mapping[str, float | Tensor]],
    steps: int,
    *,
    state: Mapping[str, Any] | None = None,
    seed: int = 0,
    name: str = "training",
    checkpoint: str | Path | None = None,
    live: bool = True,
) -> History:
    """Call `step(0)`, `step(1)`, ... and watch over it: a bar, the time left, the loss curve as it grows.

    Stop it with Jupyter's stop button or Ctrl-C: the step under way is finished, the model stays usable, and what
    was measured is returned. The random numbers are seeded here, so running the cell again repeats the run.

    Args:
        step: Does one update and returns the numbers to plot, `{"loss": loss}`; gets the step's number from 0.
        steps: How many, at least 1.
        state: What a checkpoint must hold, `{"model": model, "optimizer": optimizer}`; anything with a state_dict.
        seed: Seed of torch's random numbers for this run.
        name: Shown beside the bar.
        checkpoint: A file. If it exists, the run goes on from it; it is saved now and then, and at the end.
        live: Show the loss curve as well as the bar.
    Returns:
        The history; `history.interrupted` says whether the run was stopped.
    Raises:
        TrainingDiverged: If a number is NaN or infinite; the message names it, the step, and what to try.
        ValueError: If `steps` is below 1, or a checkpoint is asked for without `state`.
    """
    if steps < 1:
        raise ValueError(f"steps is {steps}; give at least 1.")
    if checkpoint is not None and not state:
        raise ValueError(f"checkpoint {checkpoint} has nothing to hold; give state={{'model': model, ...}}.")
    torch.manual_seed(seed)
    history = _resume(checkpoint, state) if checkpoint is not None and Path(checkpoint).exists() else History()
    before, began, saved = history.seconds, time.monotonic(), time.monotonic()
    with Progress(name, steps, live) as progress, _stop_at_step_end() as stop:
        for i in range(history.steps, steps):
            history.record(step(i))
            history.seconds = before + time.monotonic() - began
            progress.update(history)
            if checkpoint is not None and time.monotonic() - saved > SECONDS_BETWEEN_SAVES:
                _save(checkpoint, state, history)
                saved = time.monotonic()
            if stop.is_set():
                history.interrupted = i + 1 < steps
                break
    if checkpoint is not None:
        _save(checkpoint, state, history)
    return history


@contextmanager
def _stop_at_step_end() -> Iterator[threading.Event]:
    """Turn Ctrl-C into an event, so that no update is cut in half; only the main thread can."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    previous = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, previous)


def _save(path: str | Path, state: Mapping[str, Any], history: History) -> None:
    """Write everything that a resumed run needs, random numbers included."""
    tree = {name: part.state_dict() for name, part in state.items()}
    tree["random"] = torch.get_rng_state()
    checkpoints.save_tree(path, tree, {"series": history.series, "seconds": history.seconds})


def _resume(path: str | Path, state: Mapping[str, Any]) -> History:
    """Put a saved run back into `state` and torch's random numbers, and return its history."""
    tree, header = checkpoints.load_tree(path)
    if missing := sorted(set(state) - set(tree)):
        raise ValueError(f"{path} holds no {', '.join(missing)}: it is another run's; name another file or delete it.")
    for name, part in state.items():
        try:
            part.load_state_dict(tree[name])
        except (RuntimeError, ValueError, KeyError) as error:
            raise ValueError(
                f"{path} does not fit {name}: it is another run's; name another file or delete it."
            ) from error
    torch.set_rng_state(tree["random"])
    return History(header["series"], header["seconds"])
