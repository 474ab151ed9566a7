"""What lesson 41's race measured, as `data/comparison.jsonl` holds it, and how two sets of runs are compared."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

from helpers.downloads import DATA

FILE = DATA / "comparison.jsonl"


class Measure(NamedTuple):
    """How a measure is called and read."""

    label: str
    more: bool  # whether more is better
    logarithmic: bool = False


MEASURES = {
    "fd_over_floor": Measure("Fréchet distance, floor = 1", more=False, logarithmic=True),
    "precision": Measure("precision", more=True),
    "recall": Measure("recall", more=True),
    "good": Measure("share of good pictures", more=True),
    "control": Measure("share read as the digit asked for", more=True),
    "nats": Measure("nats per real picture", more=False),
    "images_per_second": Measure("pictures a second", more=True, logarithmic=True),
    "nearest": Measure("distance to the nearest training picture", more=True),
}


def load_runs(file: Path = FILE) -> list[dict[str, Any]]:
    """The stored runs, one dict each: family, data, n, seconds, seed, and all that was measured.

    Raises:
        FileNotFoundError: If nothing is stored yet; the message says how to make it.
    """
    if not file.is_file():
        raise FileNotFoundError(f"{file.name} is not there; run `make comparison`, which takes about 40 minutes.")
    runs = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return [run | {"fd_over_floor": None if run["diverged"] else run["fd"] / run["fd_floor"]} for run in runs]


def summary(runs: Iterable[dict[str, Any]], measure: str, **where: Any) -> tuple[float, float, int]:
    """Mean, standard deviation (n - 1; 0 for one run) and number of the runs with these settings.

    Args:
        runs: As `load_runs` gives them.
        measure: A key of a run; runs where it is None are left out.
        where: What the runs must have, such as family="gan", data="glyphs", seconds=120.
    Raises:
        ValueError: If no run is left; the message quotes what was asked for.
    """
    values = [run.get(measure) for run in runs if all(run.get(key) == value for key, value in where.items())]
    values = [value for value in values if value is not None]
    if not values:
        raise ValueError(f"no stored run has {measure!r} where {where}; see the keys of a run.")
    return mean(values), stdev(values) if len(values) > 1 else 0.0, len(values)


def first_good(curve: Sequence[tuple[float, float]], bar: float = 0.5) -> float | None:
    """The first of the seconds at which the share reaches the bar, from pairs (seconds, share); None if none does."""
    return next((seconds for seconds, share in sorted(curve) if share >= bar), None)


def win_share(a: Sequence[float], b: Sequence[float]) -> float:
    """In how many pairs of a run of `a` and a run of `b` the first has the lower number; a tie counts one half.

    1 or 0: every seed of one beats every seed of the other. Source: Mann & Whitney 1947.
    """
    pairs = [(x < y) + 0.5 * (x == y) for x in a for y in b]
    return sum(pairs) / len(pairs)
