"""Exercises of lesson 23, anomaly detection: scores, how well they rank, and where to put the threshold."""

import math

import torch
from torch import Tensor

from helpers.exercises.core import Exercise, Wrong, register
from helpers.losses import bernoulli_nll

LESSON = "23_anomaly_detection"


def auroc(normal: Tensor, strange: Tensor) -> Tensor:
    r"""Chance that a random anomaly scores above a random normal case: the area under the ROC curve.

    $$\frac1{NM}\sum_{i,j} \left(\mathbf 1[s_j > n_i] + \tfrac12\,\mathbf 1[s_j = n_i]\right)$$

    Args:
        normal: Scores of normal cases, shape (N,).
        strange: Scores of anomalies, shape (M,).
    Returns:
        A number in [0, 1], one half for a score that knows nothing, shape ().
    Source: Hanley & McNeil 1982, Radiology 143; the rank sum of Mann & Whitney 1947.
    """
    gap = strange[:, None] - normal  # (M, N): every pair
    return (gap > 0).float().mean() + (gap == 0).float().mean() / 2


def excess_nats(logits: Tensor, x: Tensor) -> Tensor:
    r"""What a reconstruction costs beyond what a perfect one would: the KL divergence of the pixels, summed.

    $$\sum_d \left[x_d\log\frac{x_d}{p_d} + (1-x_d)\log\frac{1-x_d}{1-p_d}\right], \quad p_d = \sigma(\ell_d)$$

    Args:
        logits: Shape (B, ...).
        x: The pixels, same shape, values in [0, 1].
    Returns:
        Nats per picture, shape (B,), never negative.
    """
    coins = -(torch.special.xlogy(x, x) + torch.special.xlogy(1 - x, 1 - x)).flatten(1).sum(1)  # 0 log 0 = 0
    return bernoulli_nll(logits, x) - coins


def precision_for(recall: Tensor, false_alarms: Tensor, prevalence: float) -> Tensor:
    r"""Share of the alarms that are real, if anomalies are as frequent as told.

    $$\frac{\pi r}{\pi r + (1-\pi) f}$$

    Args:
        recall: r, share of the anomalies that raise an alarm, in (0, 1], any shape.
        false_alarms: f, share of the normal cases that raise one, in [0, 1], same shape.
        prevalence: pi, share of anomalies among all cases, in (0, 1).
    Returns:
        Precision, same shape.
    """
    right, wrong = prevalence * recall, (1 - prevalence) * false_alarms
    return right / (right + wrong)


def knn_score(x: Tensor, known: Tensor, k: int) -> Tensor:
    """Distance of each case to its k-th nearest known normal case.

    Args:
        x: Cases to judge, none of them among the known, shape (B, D).
        known: Normal cases, shape (N, D).
        k: From 1 to N.
    Returns:
        Distances, shape (B,).
    Source: Ramaswamy, Rastogi & Shim 2000, SIGMOD, doi:10.1145/342009.335437.
    """
    return torch.cdist(x, known).kthvalue(k, dim=1).values


def calibrated_threshold(scores: Tensor, rate: float) -> Tensor:
    r"""Threshold that a new normal case exceeds with at most the given probability.

    $$\text{the } \lceil (n+1)(1-\alpha)\rceil\text{-th smallest of } n \text{ scores}$$

    Args:
        scores: Of n normal cases that were not trained on, shape (n,).
        rate: Alpha, the promised rate of false alarms, in (0, 1).
    Returns:
        The threshold; an alarm is a score above it. Infinite if n is too small for the promise. Shape ().
    Source: Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random World; Laxhammar & Falkman 2010.
    """
    rank = math.ceil(round((len(scores) + 1) * (1 - rate), 9))  # rounded: 20 * (1 - 0.05) is a hair above 19
    return scores.sort().values[rank - 1] if rank <= len(scores) else scores.new_tensor(math.inf)


def expected_cost(
    normal: Tensor, strange: Tensor, threshold: float, prevalence: float, miss: float, false_alarm: float
) -> Tensor:
    r"""Mean cost of a case if every score above the threshold raises an alarm.

    $$\pi\, c_{miss}\, P(\text{strange} \le t) + (1-\pi)\, c_{false}\, P(\text{normal} > t)$$

    Args:
        normal, strange: Scores of normal cases (N,) and of anomalies (M,).
        threshold: t.
        prevalence: pi, share of anomalies where the detector will work, in [0, 1].
        miss, false_alarm: What one missed anomaly and one false alarm cost.
    Returns:
        Cost of a case, shape ().
    """
    missed, called = (strange <= threshold).float().mean(), (normal > threshold).float().mean()
    return prevalence * miss * missed + (1 - prevalence) * false_alarm * called


def _numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _scores() -> tuple[Tensor, Tensor]:
    return torch.tensor([1.0, 2.0, 2.0, 8.0]), torch.tensor([2.0, 3.0, 9.0])


def _pictures() -> list[tuple[Tensor, Tensor]]:
    x = torch.rand(3, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    x[0, 0, :2], x[1, 0, 1] = 0.0, 1.0  # black and white pixels: no coin to toss
    return [(_numbers(3, 1, 4, 4), x), (_numbers(2, 1, 4, 4, seed=2), x[:2])]


def _too_few_scores_give_no_alarm(answer) -> None:
    if not torch.isinf(torch.as_tensor(answer(torch.arange(9.0), 0.05))):
        raise Wrong("9 scores cannot promise 5 %: rank 10 of 9 does not exist, so return math.inf, never an alarm")


register(
    Exercise(
        "auroc", LESSON, 2, 10, auroc,
        cases=lambda: [
            _scores(),
            (_numbers(12), _numbers(7, seed=1) + 1),
            (torch.tensor([3.0, 3.0]), torch.tensor([3.0])),
        ],
        mistakes={
            "That is the chance that the normal case scores higher: an anomaly should.":
                lambda normal, strange: auroc(strange, normal),
            "You gave ties nothing: a tie is a coin toss, and counts one half.":
                lambda normal, strange: (strange[:, None] > normal).float().mean(),
            "You gave ties a full point: a tie is a coin toss, and counts one half.":
                lambda normal, strange: (strange[:, None] >= normal).float().mean(),
            "That is a number of pairs: divide by how many there are.":
                lambda normal, strange: auroc(normal, strange) * len(normal) * len(strange),
            "You compared each anomaly with the mean of the normal scores: compare it with every one.":
                lambda normal, strange: (strange > normal.mean()).float().mean(),
        },
        hints=(
            "There are N times M pairs of one normal case and one anomaly. In how many does the anomaly score higher?",
            "strange[:, None] - normal holds all differences, shape (M, N); a mean over all of them is a chance.",
            "(gap > 0).float().mean() + (gap == 0).float().mean() / 2",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "excess_nats", LESSON, 3, 10, excess_nats,
        cases=_pictures,
        mistakes={
            "That is the whole cost: take off what the grey pixels cost even if the decoder knows them exactly.":
                lambda logits, x: bernoulli_nll(logits, x),
            "That is the cost of the coins alone: it knows the picture, not the reconstruction.":
                lambda logits, x: bernoulli_nll(logits, x) - excess_nats(logits, x),
            "You added the cost of the coins: subtract it.":
                lambda logits, x: 2 * bernoulli_nll(logits, x) - excess_nats(logits, x),
            "You averaged over the pixels: add them up.":
                lambda logits, x: excess_nats(logits, x) / x[0].numel(),
            "0 times log 0 gave nan: torch.special.xlogy(x, x) knows that it is 0.":
                lambda logits, x: bernoulli_nll(logits, x) + (x * x.log() + (1 - x) * (1 - x).log()).flatten(1).sum(1),
            "Half of the coin is missing: a pixel of 0.7 is also black with probability 0.3.":
                lambda logits, x: bernoulli_nll(logits, x) + torch.special.xlogy(x, x).flatten(1).sum(1),
        },
        hints=(
            "The best possible decoder says p = x for every pixel. What would bernoulli_nll give then?",
            "A pixel costs at least -x log x - (1-x) log(1-x) nats; torch.special.xlogy(x, x) is x log x, and 0 at 0.",
            "bernoulli_nll(logits, x) + (xlogy(x, x) + xlogy(1 - x, 1 - x)).flatten(1).sum(1)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "precision_for", LESSON, 2, 10, precision_for,
        cases=lambda: [
            (torch.tensor([0.9, 0.5, 1.0]), torch.tensor([0.05, 0.0, 0.3]), 0.01),
            (torch.tensor([0.8]), torch.tensor([0.1]), 0.4),
        ],
        mistakes={
            "You left out how rare anomalies are: weigh recall by pi and false alarms by 1 - pi.":
                lambda recall, false_alarms, prevalence: recall / (recall + false_alarms),
            "That is the share of false alarms among the alarms: take the other share.":
                lambda recall, false_alarms, prevalence: 1 - precision_for(recall, false_alarms, prevalence),
            "The normal cases are the share 1 - pi, not all of them.":
                lambda recall, false_alarms, prevalence:
                prevalence * recall / (prevalence * recall + false_alarms),
            "The weights are swapped: anomalies are the share pi.":
                lambda recall, false_alarms, prevalence: precision_for(recall, false_alarms, 1 - prevalence),
            "That is how often an alarm is raised and right, of all cases: divide by how often one is raised.":
                lambda recall, false_alarms, prevalence: prevalence * recall,
        },
        hints=(
            "Imagine 1,000,000 cases. How many are anomalies, and how many of these raise an alarm? And of the others?",
            "Right alarms: pi times recall. False ones: (1 - pi) times false_alarms.",
            "right / (right + wrong)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "knn_score", LESSON, 2, 10, knn_score,
        cases=lambda: [
            (_numbers(5, 3), _numbers(9, 3, seed=1), 3),
            (_numbers(2, 6, seed=2), _numbers(7, 6, seed=3), 5),
        ],
        mistakes={
            "That is the nearest one: the k-th nearest is asked for.":
                lambda x, known, k: torch.cdist(x, known).min(1).values,
            "That is the (k+1)-th: x is not among the known cases, so nothing has to be left out.":
                lambda x, known, k: torch.cdist(x, known).kthvalue(k + 1, dim=1).values,
            "That is the mean over the k nearest: a fair score, but here the k-th alone is asked for.":
                lambda x, known, k: torch.cdist(x, known).topk(k, largest=False).values.mean(1),
            "That is the k-th farthest.":
                lambda x, known, k: torch.cdist(x, known).topk(k).values[:, -1],
            "You forgot the square root: a distance is asked for.":
                lambda x, known, k: knn_score(x, known, k) ** 2,
            "You measured from the known cases: give one distance for each row of x.":
                lambda x, known, k: knn_score(known, x, min(k, len(x))),
        },
        hints=(
            "For each row of x: sort its distances to all known cases, and take one of them.",
            "torch.cdist(x, known) holds all distances, shape (B, N).",
            "torch.cdist(x, known).kthvalue(k, dim=1).values",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "calibrated_threshold", LESSON, 3, 15, calibrated_threshold,
        cases=lambda: [
            (_numbers(19), 0.05),
            (_numbers(40, seed=1), 0.1),
            (_numbers(57, seed=2), 0.3),
        ],
        laws=[_too_few_scores_give_no_alarm],
        mistakes={
            "You ranked among n: the new case is one more, so the rank is the next whole number after (n+1)(1-alpha).":
                lambda scores, rate: scores.sort().values[math.ceil(round(len(scores) * (1 - rate), 9)) - 1],
            "torch.quantile puts the threshold between two scores, a little too low: take the score of that rank.":
                lambda scores, rate: scores.quantile(1 - rate),
            "That is one rank too high: Python counts from 0.":
                lambda scores, rate:
                scores.sort().values[min(math.ceil(round((len(scores) + 1) * (1 - rate), 9)), len(scores) - 1)],
            "That is the lower tail: an alarm is a score that is too high, and alpha is the share of alarms.":
                lambda scores, rate: calibrated_threshold(scores, 1 - rate),
        },
        hints=(
            "A new normal case takes each of n + 1 ranks equally often. Which ranks may raise an alarm?",
            "The rank is ceil((n + 1) * (1 - rate)), counted from 1; beyond n there is no such score.",
            "rank = math.ceil(round((n + 1) * (1 - rate), 9)), then scores.sort().values[rank - 1], or math.inf",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "expected_cost", LESSON, 2, 10, expected_cost,
        cases=lambda: [
            (*_scores(), 2.0, 0.1, 50.0, 1.0),
            (_numbers(20), _numbers(9, seed=1) + 1, 0.8, 0.02, 10.0, 3.0),
        ],
        mistakes={
            "The two costs are swapped: a miss is an anomaly at or below the threshold.":
                lambda normal, strange, t, pi, miss, false_alarm:
                expected_cost(normal, strange, t, pi, false_alarm, miss),
            "You left out how rare anomalies are: weigh misses by pi and false alarms by 1 - pi.":
                lambda normal, strange, t, pi, miss, false_alarm:
                2 * expected_cost(normal, strange, t, 0.5, miss, false_alarm),
            "The weights are swapped: anomalies are the share pi.":
                lambda normal, strange, t, pi, miss, false_alarm:
                expected_cost(normal, strange, t, 1 - pi, miss, false_alarm),
            "You priced what was found and what stayed quiet: price the misses and the false alarms.":
                lambda normal, strange, t, pi, miss, false_alarm:
                pi * miss * (strange > t).float().mean() + (1 - pi) * false_alarm * (normal <= t).float().mean(),
            "An alarm is a score above the threshold: an anomaly that lies exactly on it is a miss.":
                lambda normal, strange, t, pi, miss, false_alarm:
                pi * miss * (strange < t).float().mean() + (1 - pi) * false_alarm * (normal >= t).float().mean(),
            "You counted cases of the test set, where anomalies are more frequent: use shares, and weigh them by pi.":
                lambda normal, strange, t, pi, miss, false_alarm:
                (miss * (strange <= t).sum() + false_alarm * (normal > t).sum()) / (len(normal) + len(strange)),
        },
        hints=(
            "Two kinds of mistake, each with how often it happens times what it costs.",
            "A miss: an anomaly (share pi) at or below t. A false alarm: a normal case (share 1 - pi) above t.",
            "pi * miss * (strange <= t).float().mean() + (1 - pi) * false_alarm * (normal > t).float().mean()",
        ),
    )
)  # fmt: skip
