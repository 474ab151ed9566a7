"""Exercises of `00_start_here`: the four small tools that every generator needs."""

import torch
from torch import Tensor

from helpers.exercises.core import Exercise, register

LESSON = "00_start_here"


def gaussian_sample(mean: Tensor, std: Tensor, eps: Tensor) -> Tensor:
    """Draw from N(mean, std**2): stretch standard normal noise and move it; all shapes (B, D)."""
    return mean + std * eps


def draw_token(probs: Tensor, u: Tensor) -> Tensor:
    """Draw one token from each row: the first at which the running sum of probabilities exceeds u.

    Args:
        probs: Shape (B, V), rows sum to 1.
        u: Uniform random numbers in [0, 1), shape (B,).
    Returns:
        Tokens in [0, V), int64, shape (B,).
    """
    return (probs.cumsum(1) <= u[:, None]).sum(1)


def perplexity(log_probs: Tensor) -> Tensor:
    """How many equally likely choices a text was worth: exp of the mean cost in nats; (T,) -> one number."""
    return (-log_probs.mean()).exp()


def bayes_judge(log_p0: Tensor, log_p1: Tensor, share1: float) -> Tensor:
    r"""Turn two generators into a judge by Bayes' rule.

    $$p(1\mid x) = \frac{\pi\,p_1(x)}{\pi\,p_1(x) + (1-\pi)\,p_0(x)}$$

    Args:
        log_p0: Log density of each point under the generator of class 0, shape (B,).
        log_p1: The same for class 1, shape (B,).
        share1: How common class 1 is before one looks, strictly between 0 and 1.
    Returns:
        Probability of class 1, shape (B,).
    """
    return (log_p1 - log_p0 + torch.logit(torch.tensor(share1))).sigmoid()


def _noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


register(
    Exercise(
        "gaussian_sample", LESSON, difficulty=1, minutes=3, reference=gaussian_sample,
        cases=lambda: [(_noise(3, 2), _noise(3, 2, seed=1).abs() + 0.5, _noise(3, 2, seed=2))],
        mistakes={
            "You multiplied by the variance; std is already the width.": lambda m, s, e: m + s**2 * e,
            "The noise is not stretched yet: multiply eps by std.": lambda m, s, e: m + e,
            "You stretched the mean as well; only the noise is multiplied.": lambda m, s, e: (m + e) * s,
            "The mean is missing: your samples lie around zero.": lambda m, s, e: s * e,
        },
        hints=["eps lies around 0 with width 1. Give it another width first, then another middle.",
               "Multiply eps by std.", "mean + std * eps"],
    )
)  # fmt: skip


def _token_cases() -> list[tuple[Tensor, Tensor]]:
    probs = torch.tensor([[0.2, 0.5, 0.3], [0.0, 0.9, 0.1], [0.7, 0.1, 0.2], [0.25, 0.25, 0.5]])
    return [(probs, torch.tensor([0.1, 0.95, 0.75, 0.5])), (probs, torch.tensor([0.65, 0.0, 0.85, 0.99]))]


register(
    Exercise(
        "draw_token", LESSON, difficulty=2, minutes=8, reference=draw_token, cases=_token_cases,
        mistakes={
            "That is the likeliest token every time; it never uses u, so it can write one text only.":
                lambda p, u: p.argmax(1),
            "You compare each probability with u; compare the running sum.": lambda p, u: (p <= u[:, None]).sum(1),
            "Your tokens are one too far; count the sums that u has passed, not those it has not.":
                lambda p, u: (p.cumsum(1) > u[:, None]).sum(1),
            "Tokens are counted from 0; yours start at 1.": lambda p, u: (p.cumsum(1) <= u[:, None]).sum(1) + 1,
            "Where u lies on a border, the piece to its right is drawn: a piece includes its left end.":
                lambda p, u: (p.cumsum(1) < u[:, None]).sum(1),
            "The sum runs over the batch; it must run along each row, dim 1.":
                lambda p, u: (p.cumsum(0) <= u[:, None]).sum(1),
        },
        hints=["Lay the probabilities end to end on a line from 0 to 1. Where does u fall?",
               "probs.cumsum(1) gives the right end of each piece.",
               "Count how many right ends are at or below u: (probs.cumsum(1) <= u[:, None]).sum(1)"],
    )
)  # fmt: skip

register(
    Exercise(
        "perplexity", LESSON, difficulty=2, minutes=5, reference=perplexity,
        cases=lambda: [(torch.tensor([0.5, 0.25, 0.125]).log(),), (torch.full((7,), 0.1).log(),)],
        mistakes={
            "A minus is missing: a cost is minus a log probability.": lambda lp: lp.mean().exp(),
            "You took the exponential before the mean; average the costs first.": lambda lp: (-lp).exp().mean(),
            "You summed the costs; a longer text would always look worse.": lambda lp: (-lp.sum()).exp(),
            "These are natural logarithms, so the base is e, not 2.": lambda lp: 2 ** (-lp.mean()),
            "That is the mean cost in nats; one step is missing.": lambda lp: -lp.mean(),
        },
        hints=["The cost of a token is minus its log probability.", "Average the costs, then undo the logarithm.",
               "(-log_probs.mean()).exp()"],
    )
)  # fmt: skip

register(
    Exercise(
        "bayes_judge", LESSON, difficulty=3, minutes=10, reference=bayes_judge,
        cases=lambda: [(3 * _noise(5), 3 * _noise(5, seed=1), 0.3), (_noise(4) - 200, _noise(4, seed=3) - 200, 0.5)],
        mistakes={
            "You left out how common each class is; with share1 it is not an even race.":
                lambda a, b, s: (b - a).sigmoid(),
            "The classes are swapped: this is the probability of class 0.":
                lambda a, b, s: (a - b - torch.logit(torch.tensor(s))).sigmoid(),
            "Densities this small become 0 in floating point, and 0 / 0 is NaN: subtract logarithms instead.":
                lambda a, b, s: s * b.exp() / (s * b.exp() + (1 - s) * a.exp()),
            "The shares enter as logarithms too: add log(share1 / (1 - share1)), not share1.":
                lambda a, b, s: (b - a + s).sigmoid(),
        },
        hints=["Write the fraction with exponentials and divide top and bottom by the top.",
               "It is a sigmoid of a difference of logarithms.",
               "torch.sigmoid(log_p1 - log_p0 + math.log(share1 / (1 - share1)))"],
        tolerance=1e-5,
    )
)  # fmt: skip
