"""Small tools of a reasoned choice: spread, time, trade-offs, weights, regret."""

import math

from torch import Tensor


def beyond_spread(a: Tensor, b: Tensor) -> float:
    r"""How many standard errors lie between two means (Welch's t); with three seeds each, beyond 5 is hardly chance.

    $$t = \frac{\bar a - \bar b}{\sqrt{s_a^2 / n_a + s_b^2 / n_b}}$$

    Args:
        a: One number for each seed, shape (n_a,), at least two.
        b: The same of the other model, shape (n_b,), at least two.
    Source: Welch 1947, Biometrika 34.
    """
    error = (a.var() / len(a) + b.var() / len(b)).sqrt()
    return float((a.mean() - b.mean()) / error)


def total_seconds(n: float, training: float, rate: float) -> float:
    """Seconds until n examples are there: training (seconds) once, then `rate` of them a second."""
    return training + n / rate


def crossover(training_a: float, rate_a: float, training_b: float, rate_b: float) -> float:
    r"""The number of examples at which two models take equally long; infinity if there is none above 0.

    $$T_a + n/r_a = T_b + n/r_b \quad\Rightarrow\quad n = \frac{T_b - T_a}{1/r_a - 1/r_b}$$
    """
    slower = 1 / rate_a - 1 / rate_b
    n = (training_b - training_a) / slower if slower else math.inf
    return n if n > 0 else math.inf


def pareto_front(points: Tensor) -> Tensor:
    """Which models are not beaten: no other is at least as good in every column and better in one.

    Args:
        points: One row for each model, higher is better in every column, shape (N, C).
    Returns:
        bool, shape (N,).
    """
    at_least = (points[:, None] >= points).all(-1)  # (N, N): row at least as good as column
    better = (points[:, None] > points).any(-1)
    return ~(at_least & better).any(0)


def weighted_totals(table: Tensor, weights: Tensor) -> Tensor:
    """Each column stretched from 0 (worst model) to 1 (best), then the weighted mean of each row.

    Args:
        table: One row for each model, higher is better, no column constant, shape (N, C).
        weights: How much each column counts, at least 0, shape (C,).
    Returns:
        One number in [0, 1] for each model, shape (N,).
    """
    low, high = table.amin(0), table.amax(0)
    return (table - low) / (high - low) @ (weights / weights.sum())


def expected_regret(costs: Tensor, probs: Tensor) -> Tensor:
    r"""What a choice made today costs on average, over the best choice in each future.

    $$\sum_f p_f\,\left(c_{mf} - \min_k c_{kf}\right)$$

    Args:
        costs: Cost of each model in each future, shape (N, F).
        probs: Probability of each future, shape (F,), adds up to 1.
    Returns:
        Shape (N,), never negative.
    """
    return (costs - costs.amin(0)) @ probs
