"""Three capstones: rubrics that add up to 100 points, the part of them that code can score, and data for one."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from helpers.exercises.core import Table

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class Item:
    """A line of a rubric.

    Attributes:
        points: What it is worth.
        what: What is asked for.
        key: The name of the measured number that decides; empty if a reader has to judge.
        bar: The number has to be at least `bar`; at most `bar` if `low` is set.
    """

    points: int
    what: str
    key: str = ""
    bar: float = 0.0
    low: bool = False

    def reached(self, value: float) -> bool:
        """Whether a measured number earns the points."""
        return value <= self.bar if self.low else value >= self.bar


REASONED = (
    Item(10, "the choice is argued with the chooser, the Pareto picture and one rule of your own"),
    Item(10, "a break-it: one failure caused, seen in a measurement, cured"),
    Item(10, "limits: where your model is worse than a rival, with the number"),
)
RUBRICS: dict[str, tuple[Item, ...]] = {
    "handwriting": (
        Item(10, "at least 3 seeds, each number with its spread", "seeds", 3),
        Item(
            15,
            "Fréchet distance at most 2 times the floor, as lesson 41 measures it",
            "frechet_over_floor",
            2,
            low=True,
        ),
        Item(10, "... and at most 1.4 times, where its three families end", "frechet_over_floor", 1.4, low=True),
        Item(10, "recall at least 0.75: not one kind of digit only", "recall", 0.75),
        Item(10, "closer to real ones than a fitted Gaussian (ratio of distances)", "over_gaussian", 1, low=True),
        Item(15, "at least 100 pictures a second, training included, for 10,000 of them", "rate_for_10000", 100),
        *REASONED,
    ),
    "strange": (
        Item(10, "at least 3 seeds, each number with its spread", "seeds", 3),
        Item(15, "AUROC at least 0.90 on held-out cases", "auroc", 0.90),
        Item(10, "... and at least 0.95", "auroc", 0.95),
        Item(15, "compared with at least 3 classical rivals on the same split", "rivals", 3),
        Item(20, "the threshold follows from stated costs, not from the test set"),
        *REASONED,
    ),
    "dates": (
        Item(10, "at least 3 seeds, each number with its spread", "seeds", 3),
        Item(15, "exact match at least 90 % on unseen dates", "exact", 0.90),
        Item(10, "... and at least 99 %", "exact", 0.99),
        Item(15, "exact match at least 50 % on years never seen", "exact_new_years", 0.50),
        Item(20, "the attention map is shown, and says where the month is read"),
        *REASONED,
    ),
}


def check_capstone(name: str, results: Mapping[str, float]) -> Table:
    """Score what can be measured of a capstone, and list what a reader has to judge.

    Args:
        name: One of RUBRICS.
        results: Your measured numbers, by the rubric's keys; missing ones earn nothing yet.
    Raises:
        ValueError: If the name or a key is not known; the message quotes it and the known ones.
    """
    if name not in RUBRICS:
        raise ValueError(f"There is no capstone {name!r}; known are: {', '.join(RUBRICS)}.")
    keys = dict.fromkeys(item.key for item in RUBRICS[name] if item.key)
    if unknown := sorted(results.keys() - keys.keys()):
        raise ValueError(f"{name} does not ask for {', '.join(unknown)}; its numbers are: {', '.join(keys)}.")
    rows, earned = [], 0
    for item in RUBRICS[name]:
        if not item.key:
            got, points = "read", "to be judged"
        elif item.key not in results:
            got, points = "not measured yet", "0"
        else:
            reached = item.reached(results[item.key])
            got, points = f"{results[item.key]:g}", str(item.points if reached else 0)
            earned += item.points if reached else 0
        rows.append([item.what, str(item.points), got, points])
    whole = sum(item.points for item in RUBRICS[name])
    open_points = sum(item.points for item in RUBRICS[name] if not item.key)
    rows.append(["measured so far", str(whole - open_points), "", str(earned)])
    return Table(["what", "points", "yours", "earned"], rows)


def date_pairs(n: int, years: range = range(1900, 2000), seed: int = 0) -> list[tuple[str, str]]:
    """Draw pairs to translate: ("the 3rd of May 1972", "1972-05-03"), written in one of three ways.

    Args:
        n: How many, at least 1.
        years: From which years; days run to 28, so that every month has them.
        seed: Seed of the draw.
    """
    dice = torch.Generator().manual_seed(seed)
    draws = [torch.randint(high, (n,), generator=dice).tolist() for high in (len(years), 12, 28, 3)]
    pairs = []
    for y, m, d, way in zip(*draws, strict=True):
        year, month, day = years[y], MONTHS[m], d + 1
        end = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}.get(day, "th")
        text = (f"the {day}{end} of {month} {year}", f"{month} {day}, {year}", f"{day} {month[:3]} {year}")[way]
        pairs.append((text, f"{year}-{m + 1:02d}-{day:02d}"))
    return pairs
