"""Exercises of lesson 42: spread, time, crossover, trade-offs, weights, regret."""

import math

import torch
from torch import Tensor

from helpers import decisions
from helpers.exercises.core import Exercise, register

LESSON = "42_choosing"


def _seeds() -> list[tuple[Tensor, Tensor]]:
    return [
        (torch.tensor([3.1, 2.7, 3.6]), torch.tensor([4.0, 4.4, 3.9, 4.6])),
        (torch.tensor([0.91, 0.89]), torch.tensor([0.90, 0.80, 0.97])),
    ]


def _standard_error(a: Tensor, b: Tensor, unbiased: bool = True) -> Tensor:
    return (a.var(correction=int(unbiased)) / len(a) + b.var(correction=int(unbiased)) / len(b)).sqrt()


register(
    Exercise(
        "beyond_spread", LESSON, 2, 8, decisions.beyond_spread, cases=_seeds,
        mistakes={
            "You divided by the spread of single runs: the mean of n runs is surer, each variance counts divided by n.":
                lambda a, b: float((a.mean() - b.mean()) / (a.var() + b.var()).sqrt()),
            "Variances can be added, standard deviations cannot: square, add, then the root.":
                lambda a, b: float((a.mean() - b.mean()) / (a.std() / len(a) ** 0.5 + b.std() / len(b) ** 0.5)),
            "That is the difference alone; divide it by its standard error.":
                lambda a, b: float(a.mean() - b.mean()),
            "The sign is turned round: a's mean comes first.":
                lambda a, b: float((b.mean() - a.mean()) / _standard_error(a, b)),
            "Your variances divide by n; from a sample they divide by n - 1, as tensor.var() does.":
                lambda a, b: float((a.mean() - b.mean()) / _standard_error(a, b, unbiased=False)),
            "You compared the best runs; a model is its mean over seeds, not its luckiest one.":
                lambda a, b: float((a.max() - b.max()) / _standard_error(a, b)),
        },
        hints=(
            "First the difference of the two means. Then: how far does such a difference wander by chance?",
            "The variance of a mean of n runs is a.var() / n, and the variances of two means add up.",
            "(a.mean() - b.mean()) / (a.var() / len(a) + b.var() / len(b)).sqrt()",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "pareto_front", LESSON, 3, 12, decisions.pareto_front,
        cases=lambda: [
            (torch.tensor([[3.0, 1.0], [2.0, 2.0], [1.0, 3.0], [1.5, 1.5], [2.0, 1.0]]),),
            (torch.tensor([[1.0, 1.0], [1.0, 1.0], [0.5, 1.0], [2.0, 0.0]]),),
            (torch.tensor([[1.0, 2.0, 3.0], [1.0, 2.0, 4.0], [9.0, 0.0, 0.0]]),),
        ],
        mistakes={
            "That keeps only models that are best in some column; a good compromise is not beaten either.":
                lambda p: (p == p.amax(0)).any(-1),
            "To be beaten, it is enough that the other is as good in one column and better in another: use >=, then >.":
                lambda p: ~(p[:, None] > p).all(-1).any(0),
            "Twins beat each other in yours: as good everywhere is not enough, it must be better in one column.":
                lambda p: ~((p[:, None] >= p).all(-1) & ~torch.eye(len(p), dtype=torch.bool)).any(0),
            "You marked the models that are beaten; the others are asked for.":
                lambda p: ~decisions.pareto_front(p),
            "You prefer low numbers; here higher is better.":
                lambda p: decisions.pareto_front(-p),
        },
        hints=(
            "Compare every model with every other: points[:, None] against points is a table, (N, N, C).",
            "Row beats column if it is >= in all columns and > in any. A model stays if no row beats it.",
            "~((p[:, None] >= p).all(-1) & (p[:, None] > p).any(-1)).any(0)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "total_seconds", LESSON, 1, 4, decisions.total_seconds,
        cases=lambda: [(1000, 60.0, 20.0), (0, 60.0, 20.0), (500, 10.0, 0.5)],
        mistakes={
            "You multiplied by the rate; at 20 a second, 100 examples take 5 seconds.":
                lambda n, training, rate: training + n * rate,
            "Training is paid once, not for each example.": lambda n, training, rate: n * (training + 1 / rate),
            "Training is missing: the first example comes after it.": lambda n, training, rate: n / rate,
            "Nothing to divide yet: that is training alone.": lambda n, training, rate: training,
        },
        hints=("Training once; then how long do n examples take at this rate?", "training + n / rate"),
    )
)  # fmt: skip


def _crossover_upside_down(training_a: float, rate_a: float, training_b: float, rate_b: float) -> float:
    return (1 / rate_a - 1 / rate_b) / (training_b - training_a) if rate_a != rate_b else math.inf


register(
    Exercise(
        "crossover", LESSON, 3, 10, decisions.crossover,
        cases=lambda: [(60.0, 10.0, 600.0, 1000.0), (60.0, 10.0, 600.0, 5.0), (5.0, 3.0, 9.0, 3.0)],
        mistakes={
            "The difference of rates is not it: time goes with one over the rate.":
                lambda ta, ra, tb, rb: abs((tb - ta) / (ra - rb)) if ra != rb else math.inf,
            "The sign is off: below 0 there are no examples, so the cheaper and faster one is always ahead (infinity).":
                lambda ta, ra, tb, rb: abs((tb - ta) / (1 / ra - 1 / rb)) if ra != rb else math.inf,
            "A negative number of examples does not exist: then the answer is infinity.":
                lambda ta, ra, tb, rb: (tb - ta) / (1 / ra - 1 / rb) if ra != rb else math.inf,
            "The fraction stands upside down.": _crossover_upside_down,
            "Equal rates never meet: check that before you divide, and give infinity.":
                lambda ta, ra, tb, rb: decisions.crossover(ta, ra, tb, rb) if ra != rb else 0.0,
        },
        hints=(
            "Write both total times, set them equal, and solve for n.",
            "n (1/rate_a - 1/rate_b) = training_b - training_a. What if the bracket is 0, or n is not above 0?",
            "n = (training_b - training_a) / (1 / rate_a - 1 / rate_b), and math.inf where that is impossible",
        ),
        tolerance=1e-6,
    )
)  # fmt: skip


def _tables() -> list[tuple[Tensor, Tensor]]:
    table = torch.tensor([[0.9, 100.0, 3.0], [0.5, 9000.0, 1.0], [0.7, 200.0, 8.0]])
    return [(table, torch.tensor([1.0, 1.0, 2.0])), (table, torch.tensor([0.0, 5.0, 1.0]))]


def _stretched(table: Tensor) -> Tensor:
    return (table - table.amin(0)) / (table.amax(0) - table.amin(0))


register(
    Exercise(
        "weighted_totals", LESSON, 2, 8, decisions.weighted_totals, cases=_tables,
        mistakes={
            "The columns have different units, so the largest numbers decide: stretch each column to 0..1 first.":
                lambda t, w: t @ (w / w.sum()),
            "You stretched each model's row; compare the models within a column, dim 0.":
                lambda t, w: ((t - t.amin(1, keepdim=True)) / (t.amax(1, keepdim=True) - t.amin(1, keepdim=True)))
                @ (w / w.sum()),
            "Divide by the sum of the weights, or doubling them all would double the totals.":
                lambda t, w: _stretched(t) @ w,
            "The weights are not used: that is the plain mean.": lambda t, w: _stretched(t).mean(1),
            "You divided by the maximum only; the worst model of a column should get 0.":
                lambda t, w: t / t.amax(0) @ (w / w.sum()),
        },
        hints=(
            "Bring every column to the same scale first: the worst model 0, the best 1.",
            "(table - table.amin(0)) / (table.amax(0) - table.amin(0)); the weights should add up to 1.",
            "... @ (weights / weights.sum())",
        ),
    )
)  # fmt: skip


def _futures() -> list[tuple[Tensor, Tensor]]:
    costs = torch.tensor([[10.0, 90.0, 30.0], [40.0, 40.0, 45.0], [80.0, 5.0, 60.0]])
    return [(costs, torch.tensor([0.5, 0.3, 0.2])), (costs, torch.tensor([0.1, 0.8, 0.1]))]


register(
    Exercise(
        "expected_regret", LESSON, 4, 12, decisions.expected_regret, cases=_futures,
        mistakes={
            "That is the expected cost; regret counts only what goes beyond the best choice of each future.":
                lambda c, p: c @ p,
            "The minimum runs over the models, dim 0: in one future, who is cheapest?":
                lambda c, p: (c - c.amin(1, keepdim=True)) @ p,
            "You subtracted after averaging: the best model may be another one in each future.":
                lambda c, p: c @ p - (c @ p).min(),
            "All futures count alike in yours; weigh them with their probabilities.":
                lambda c, p: (c - c.amin(0)).mean(1),
            "That is the worst case; the expected regret is asked for.": lambda c, p: (c - c.amin(0)).amax(1),
        },
        hints=(
            "Regret belongs to a model and a future: its cost there, minus the lowest cost there.",
            "costs - costs.amin(0) has shape (N, F). Then weigh each future by its probability.",
            "(costs - costs.amin(0)) @ probs",
        ),
    )
)  # fmt: skip
