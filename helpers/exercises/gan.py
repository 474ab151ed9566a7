"""Exercises of part 1, GANs."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers import losses, points
from helpers.exercises.core import Exercise, Wrong, register


def shift_gradient(theta: float, z: Tensor, w: float, b: float) -> Tensor:
    r"""Slope of the loss -log D(z + theta) in theta, for the judgement D(x) = sigmoid(w x + b).

    $$\frac{\partial L}{\partial\theta} = -\frac1B\sum_i \left(1 - D(z_i + \theta)\right) w$$

    Args:
        theta: How far the generator shifts its noise.
        z: Noise, shape (B,).
        w, b: Slope and height of the discriminator's logit.
    Returns:
        One number.
    """
    judged = torch.sigmoid(w * (z + theta) + b)
    return -((1 - judged) * w).mean()


def _judged(theta: float, z: Tensor, w: float, b: float) -> Tensor:
    return torch.sigmoid(w * (z + theta) + b)


register(
    Exercise(
        name="shift_gradient",
        lesson="11_two_players",
        difficulty=2,
        minutes=10,
        reference=shift_gradient,
        cases=lambda: [
            (0.0, torch.tensor([-1.0, 0.0, 1.0]), 1.5, -2.0),
            (2.5, torch.tensor([-0.5, 0.3, 0.9, 1.4]), -0.7, 0.4),
        ],
        mistakes={
            "The sign is flipped: the loss is minus the logarithm of D, so its slope has a minus.": (
                lambda t, z, w, b: ((1 - _judged(t, z, w, b)) * w).mean()
            ),
            "The chain rule ends in the slope of w x + b with respect to x: multiply by w.": (
                lambda t, z, w, b: -(1 - _judged(t, z, w, b)).mean()
            ),
            "That is the slope of log(1 - D), the saturating loss: the factor is 1 - D here, not D.": (
                lambda t, z, w, b: -(_judged(t, z, w, b) * w).mean()
            ),
            "That is the slope of D itself: the logarithm divides it by D, which leaves (1 - D) w.": (
                lambda t, z, w, b: -(_judged(t, z, w, b) * (1 - _judged(t, z, w, b)) * w).mean()
            ),
            "The slope of log D is (1 - D) w, and D is the sigmoid of w x + b: you used w x + b itself.": (
                lambda t, z, w, b: -((1 - (w * (t + z) + b)) * w).mean()
            ),
            "You added over the noise: take the mean.": lambda t, z, w, b: -((1 - _judged(t, z, w, b)) * w).sum(),
        },
        hints=[
            "The slope of log sigmoid(s) is 1 - sigmoid(s).",
            "s = w (z + theta) + b changes by w when theta changes by 1.",
            "-((1 - torch.sigmoid(w * (z + theta) + b)) * w).mean()",
        ],
    )
)


def _logit_cases() -> list[tuple[Tensor, Tensor]]:
    return [
        (torch.tensor([2.0, -1.0, 0.5]), torch.tensor([-3.0, 0.0, 1.0, 0.2])),
        (torch.tensor([30.0, -120.0]), torch.tensor([150.0, -20.0])),
    ]


register(
    Exercise(
        name="discriminator_loss",
        lesson="11_two_players",
        difficulty=2,
        minutes=8,
        reference=losses.discriminator_loss,
        cases=_logit_cases,
        mistakes={
            "The sign is flipped: the discriminator maximizes V, so its loss is minus V.": (
                lambda r, f: -F.softplus(-r).mean() - F.softplus(f).mean()
            ),
            "Real and generated are swapped: the real ones should get log D.": (
                lambda r, f: losses.discriminator_loss(f, r)
            ),
            "Both terms use log D: a generated point should get log(1 - D), which is logsigmoid(-logit).": (
                lambda r, f: F.softplus(-r).mean() + F.softplus(-f).mean()
            ),
            "You took one mean over both groups: each group has its own, and they are added.": (
                lambda r, f: torch.cat([F.softplus(-r).flatten(), F.softplus(f).flatten()]).mean()
            ),
            "The two means are added, not averaged: V has no one half.": (
                lambda r, f: losses.discriminator_loss(r, f) / 2
            ),
            "You added over the points: take the mean of each group.": (
                lambda r, f: F.softplus(-r).sum() + F.softplus(f).sum()
            ),
            "binary_cross_entropy after a sigmoid caps each cost at 100: use the form that takes logits.": (
                lambda r, f: (
                    F.binary_cross_entropy(torch.sigmoid(r), torch.ones_like(r))
                    + F.binary_cross_entropy(torch.sigmoid(f), torch.zeros_like(f))
                )
            ),
            "log(sigmoid(logit)) is minus infinity where the sigmoid rounds to 0: use F.logsigmoid(logit).": (
                lambda r, f: -torch.sigmoid(r).log().mean() - (1 - torch.sigmoid(f)).log().mean()
            ),
        },
        hints=[
            "Two means with a minus each: of log D over the real ones, of log(1 - D) over the generated ones.",
            "1 - sigmoid(s) = sigmoid(-s), and F.logsigmoid(s) is the logarithm of sigmoid(s) without overflow.",
            "-F.logsigmoid(real_logits).mean() - F.logsigmoid(-fake_logits).mean()",
        ],
    )
)

register(
    Exercise(
        name="generator_loss",
        lesson="11_two_players",
        difficulty=1,
        minutes=5,
        reference=losses.generator_loss,
        cases=lambda: [*((fake,) for _, fake in _logit_cases()), (torch.tensor([-120.0, 3.0]),)],
        mistakes={
            "That is log(1 - D), the minimax loss: it falls the right way, but is flat where D is sure.": (
                lambda f: -F.softplus(f).mean()
            ),
            "That is the discriminator's wish: it makes generated points look more generated.": (
                lambda f: F.softplus(f).mean()
            ),
            "The sign is flipped: minimizing log D would make D smaller; put a minus before it.": (
                lambda f: -F.softplus(-f).mean()
            ),
            "log(sigmoid(logit)) is minus infinity where the sigmoid rounds to 0: use F.logsigmoid(logit).": (
                lambda f: -torch.sigmoid(f).log().mean()
            ),
            "The logarithm is missing: minus the mean of D is flat where D is near 0.": (
                lambda f: -torch.sigmoid(f).mean()
            ),
        },
        hints=[
            "The generator wants log D of its points to be large, and optimizers make losses small.",
            "-F.logsigmoid(...).mean()",
        ],
    )
)

register(
    Exercise(
        name="optimal_discriminator",
        lesson="11_two_players",
        difficulty=1,
        minutes=5,
        reference=losses.optimal_discriminator,
        cases=lambda: [(torch.tensor([0.4, 0.1, 0.2, 0.02]), torch.tensor([0.1, 0.3, 0.2, 0.5]))],
        mistakes={
            "That is the share that is generated: D says how likely a point is real.": lambda p, q: q / (p + q),
            "That is the odds p : q, which may exceed 1: divide by all that turns up, p + q.": lambda p, q: p / q,
            "D is a probability, not a verdict: keep the share instead of comparing p with q.": (
                lambda p, q: (p > q).float()
            ),
            "A sigmoid makes a probability of a logit, and the logit here is log p - log q, not p - q.": (
                lambda p, q: torch.sigmoid(p - q)
            ),
        },
        hints=[
            "Near x, imagine 100 points turn up, p to q real to generated. How many are real?",
            "Real ones divided by all: p over what?",
        ],
    )
)


def _mode_cases() -> list[tuple[Tensor, Tensor, float]]:
    """Around eight clouds: five with enough samples, one with too few, two whose samples lie too far out.

    The last case has a cloud with exactly a quarter of its fair share, and samples near no cloud that count for it.
    """
    centres, sigma = points.ring(sigma=0.2).centres, 0.2
    counts = torch.tensor([100, 80, 30, 20, 15, 5, 15, 15])
    how_far = torch.tensor([0.1, 0.4, 0.1, 0.4, 0.1, 0.1, 0.8, 0.8])  # radius is 2, so away from the origin
    x = (centres * (1 + how_far / 2)[:, None]).repeat_interleave(counts, 0)
    border = centres.repeat_interleave(torch.tensor([60, 60, 10, 9, 60, 51, 30, 1]), 0)
    border = torch.cat([border, torch.zeros(39, 2)])  # 320 samples: a quarter of a fair share is 10
    return [(x, centres, sigma), (x[:180], centres, sigma), (border, centres, sigma)]


register(
    Exercise(
        name="modes_found",
        lesson="11_two_players",
        difficulty=3,
        minutes=12,
        reference=points.modes_found,
        cases=_mode_cases,
        mistakes={
            "You count clouds with any sample at all: a cloud needs a quarter of its fair share.": (
                lambda x, c, s: int((torch.cdist(x, c) < 3 * s).any(0).sum())
            ),
            "The fair share is the number of samples divided by the number of clouds; a quarter of that is enough.": (
                lambda x, c, s: int(((torch.cdist(x, c) < 3 * s).sum(0) >= len(x) / 4).sum())
            ),
            "Exactly a quarter of the fair share is enough: at least, not more than.": (
                lambda x, c, s: int(((torch.cdist(x, c) < 3 * s).sum(0) > len(x) / len(c) / 4).sum())
            ),
            "The fair share is of all samples, not only of those near a cloud.": (
                lambda x, c, s: int(
                    ((torch.cdist(x, c) < 3 * s).sum(0) >= (torch.cdist(x, c) < 3 * s).any(1).sum() / len(c) / 4).sum()
                )
            ),
            "Near means within three sigma, not one.": (
                lambda x, c, s: int(((torch.cdist(x, c) < s).sum(0) >= len(x) / len(c) / 4).sum())
            ),
            "A sample near no cloud counts for none: look at the distance, not only at which centre is nearest.": (
                lambda x, c, s: int((torch.bincount(torch.cdist(x, c).argmin(1)) >= len(x) / len(c) / 4).sum())
            ),
        },
        hints=[
            "torch.cdist(x, centres) gives all distances, a row for each sample, a column for each cloud.",
            "(distances < 3 * sigma).sum(0) counts the samples near each cloud.",
            "Compare these counts with len(x) / len(centres) / 4, and count how many reach it: int((...).sum()).",
        ],
    )
)


def _slopes(discriminator: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    x = x.detach().requires_grad_()
    return torch.autograd.grad(discriminator(x).sum(), x)[0]


def _reaches_the_weights(answer: Callable[..., Tensor]) -> None:
    """A penalty that no weight feels changes nothing."""
    layer = nn.Linear(2, 1)
    penalty = answer(lambda x: layer(x).squeeze(1), torch.ones(3, 2))
    if not penalty.requires_grad:
        raise Wrong("the number is right, but no weight feels it: torch.autograd.grad needs create_graph=True")


register(
    Exercise(
        name="gradient_penalty",
        lesson="11_two_players",
        difficulty=4,
        minutes=15,
        reference=losses.gradient_penalty,
        cases=lambda: [
            (lambda x: x.square().sum(1) - 0.5 * x[:, 0], torch.tensor([[1.0, 0.5], [-0.3, 2.0], [0.1, -1.2]])),
            (lambda x: x[:, 0] * x[:, 1] + torch.sin(x[:, 1]), torch.tensor([[0.4, -0.5], [1.3, 0.2]])),
        ],
        mistakes={
            "That is the mean length: R1 squares it.": lambda d, x: _slopes(d, x).norm(dim=1).mean(),
            "Add the squares over the coordinates of a point, and take the mean over the points only.": (
                lambda d, x: _slopes(d, x).square().mean()
            ),
            "You added over the points: take the mean over the batch.": lambda d, x: _slopes(d, x).square().sum(),
            "That pulls the slope's length to 1, as WGAN-GP does: R1 pulls it to 0.": (
                lambda d, x: (_slopes(d, x).norm(dim=1) - 1).square().mean()
            ),
            "Take the slope of the logit, not of the probability.": (
                lambda d, x: _slopes(lambda y: torch.sigmoid(d(y)), x).square().sum(1).mean()
            ),
        },
        laws=[_reaches_the_weights],
        hints=[
            "x = x.detach().requires_grad_() lets you ask for slopes with respect to x.",
            "(slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True), shape (B, 2).",
            "slope.square().sum(1).mean()",
        ],
    )
)
