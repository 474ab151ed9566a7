"""One training loop for every lesson: seeded, watched, stoppable, resumable."""

import math
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor

from helpers import checkpoints
from helpers.progress import Progress

SECONDS_BETWEEN_SAVES = 20.0


class TrainingDiverged(ArithmeticError):
    """A loss became NaN or infinite; `history` holds the steps before."""

    def __init__(self, sentence: str, history: "History") -> None:
        super().__init__(sentence)
        self.history = history


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
        """Append one step's numbers.

        Raises:
            TrainingDiverged: If one is NaN or infinite; then none is appended.
            TypeError: If there are no numbers to append.
        """
        if not isinstance(numbers, Mapping) or not numbers:
            raise TypeError(f"the step returned {numbers!r}; end it with something like: return {{'loss': loss}}")
        found = {k: float(v.detach() if isinstance(v, Tensor) else v) for k, v in numbers.items()}
        for name, number in found.items():
            if not math.isfinite(number):
                raise TrainingDiverged(
                    f"{name} became {number} at step {self.steps + 1}, so training stopped: "
                    "try a smaller learning rate, or look for a logarithm or division of zero.",
                    self,
                )
        for name, number in found.items():
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
    was measured is returned; a second stop ends a step that hangs. Torch's random numbers are seeded here, so running
    the cell again repeats the run.

    Args:
        step: Does one update and returns the numbers to plot, `{"loss": loss}`; gets the step's number from 0.
        steps: How many, at least 1.
        state: What a checkpoint must hold, `{"model": model, "optimizer": optimizer}`; anything with a state_dict.
        seed: Seed of torch's random numbers for this run.
        name: Shown beside the bar.
        checkpoint: A file. If it exists, the run goes on from it, learning rates included; it is saved now and then,
            and at the end.
        live: Show the loss curve as well as the bar.
    Returns:
        The history; `history.interrupted` says whether the run was stopped.
    Raises:
        TrainingDiverged: If a number is NaN or infinite; the message names it, the step, and what to try.
        ValueError: If `steps` is below 1, a checkpoint is asked for without `state`, or it is another run's.
    """
    if steps < 1:
        raise ValueError(f"steps is {steps}; give at least 1.")
    if checkpoint is not None and not state:
        raise ValueError(f"checkpoint {checkpoint} has nothing to hold; give state={{'model': model, ...}}.")
    torch.manual_seed(seed)
    resumed = checkpoint is not None and Path(checkpoint).exists()
    history = _resume(checkpoint, state, seed) if resumed else History()
    before, began, saved = history.seconds, time.monotonic(), time.monotonic()
    with Progress(name, steps, live, history) as progress, _stop_at_step_end() as stop:
        for i in range(history.steps, steps):
            history.record(step(i))
            history.seconds = before + time.monotonic() - began
            progress.update()
            if checkpoint is not None and time.monotonic() - saved > SECONDS_BETWEEN_SAVES:
                _save(checkpoint, state, history, seed)
                saved = time.monotonic()
            if stop.is_set():
                history.interrupted = i + 1 < steps
                break
        if checkpoint is not None:
            _save(checkpoint, state, history, seed)
    return history


@contextmanager
def _stop_at_step_end() -> Iterator[threading.Event]:
    """Turn Ctrl-C into an event, so that no update is cut in half; only the main thread can.

    A second Ctrl-C interrupts at once, and a training inside a training passes the first one on.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        if getattr(previous, "__name__", "") == "ask":
            previous(number, frame)

    previous = signal.signal(signal.SIGINT, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, previous)


def _save(path: str | Path, state: Mapping[str, Any], history: History, seed: int) -> None:
    """Write everything that a resumed run needs; a file that cannot be written costs a warning, not the run."""
    tree = {name: part.state_dict() for name, part in state.items()}
    tree["random"] = {"cpu": torch.get_rng_state(), "cuda": torch.cuda.get_rng_state_all()}
    header = {"seed": seed, "steps": history.steps, "classes": _classes(state)}
    try:
        checkpoints.save_tree(path, tree, header | {"series": history.series, "seconds": history.seconds})
    except OSError as error:
        warnings.warn(f"{error} Training goes on without it.", stacklevel=3)


def _classes(state: Mapping[str, Any]) -> dict[str, str]:
    return {name: type(part).__name__ for name, part in state.items()}


def _resume(path: str | Path, state: Mapping[str, Any], seed: int) -> History:
    """Put a saved run back into `state`, learning rates included, and into torch's random numbers; its history."""
    tree, header = checkpoints.load_tree(path)
    way_out = "it is another run's; name another file, or delete it to start anew."
    if header.get("classes") != _classes(state):
        raise ValueError(f"{path} holds {header.get('classes')}, this run has {_classes(state)}: {way_out}")
    if header["seed"] != seed:
        raise ValueError(f"{path} was run with seed {header['seed']}, this run has seed {seed}: {way_out}")
    for name, part in state.items():
        try:
            part.load_state_dict(tree[name])
        except (RuntimeError, ValueError, KeyError) as error:
            raise ValueError(f"{path} does not fit {name}: {way_out}") from error
    torch.set_rng_state(tree["random"]["cpu"])
    if len(tree["random"]["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(tree["random"]["cuda"])
    return History(header["series"], header["seconds"])
