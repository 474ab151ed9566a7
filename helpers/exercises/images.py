"""Exercises of lesson 12, pictures by GANs and how to measure them."""

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers import losses, metrics
from helpers.exercises.core import Exercise, register


def _numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def diagonal_frechet(mean_a: Tensor, std_a: Tensor, mean_b: Tensor, std_b: Tensor) -> Tensor:
    r"""Fréchet distance of two Gaussians whose features are independent.

    $$\sum_j (\mu^a_j - \mu^b_j)^2 + (\sigma^a_j - \sigma^b_j)^2$$

    Args:
        mean_a, std_a, mean_b, std_b: Means and standard deviations, each of shape (F,).
    Returns:
        One number, never negative.
    Source: Dowson & Landau 1982.
    """
    return ((mean_a - mean_b) ** 2).sum() + ((std_a - std_b) ** 2).sum()


def average_weights(average: Tensor, weights: Tensor, keep: float) -> Tensor:
    r"""Next running average of the generator's weights, which is used to draw and never to train.

    $$\bar\theta \leftarrow k\,\bar\theta + (1 - k)\,\theta$$

    Args:
        average: The average so far, any shape.
        weights: The weights after this step, same shape.
        keep: How much of the old average stays, in [0, 1].
    Returns:
        The new average, a new tensor of the same shape.
    """
    return keep * average + (1 - keep) * weights


def saturating_slope(fake_logits: Tensor) -> Tensor:
    r"""Slope of log(1 - D) in each logit, where D is the sigmoid of the logit.

    $$\frac{d}{d\ell} \log\left(1 - \sigma(\ell)\right) = -\sigma(\ell)$$

    Args:
        fake_logits: What the discriminator says of generated examples, any shape.
    Returns:
        The same shape, in [-1, 0]: near 0 where the discriminator is sure that the example is generated.
    Source: Goodfellow et al. 2014, arXiv:1406.2661, section 3.
    """
    return -torch.sigmoid(fake_logits)


register(
    Exercise(
        "diagonal_frechet", "12_images", 1, 8, diagonal_frechet,
        cases=lambda: [
            (_numbers(5), _numbers(5, seed=1).exp(), _numbers(5, seed=2), _numbers(5, seed=3).exp()),
            (torch.zeros(2), torch.ones(2), torch.tensor([3.0, 4.0]), torch.tensor([1.0, 2.0])),
        ],
        mistakes={
            "You compared variances: the closed form has the difference of the standard deviations, squared.":
                lambda ma, sa, mb, sb: ((ma - mb) ** 2).sum() + ((sa**2 - sb**2) ** 2).sum(),
            "You left the spreads out: two clouds with one centre can still differ.":
                lambda ma, sa, mb, sb: ((ma - mb) ** 2).sum(),
            "You averaged over the features: sum them.":
                lambda ma, sa, mb, sb: ((ma - mb) ** 2 + (sa - sb) ** 2).mean(),
            "You took the root: this distance is in squared units.":
                lambda ma, sa, mb, sb: ((ma - mb) ** 2 + (sa - sb) ** 2).sum().sqrt(),
            "You took the root of the means' part alone: this distance is in squared units, all of it.":
                lambda ma, sa, mb, sb: ((ma - mb) ** 2).sum().sqrt() + ((sa - sb) ** 2).sum(),
            "You took absolute differences: square them.":
                lambda ma, sa, mb, sb: ((ma - mb).abs() + (sa - sb).abs()).sum(),
        },
        hints=(
            "Each feature can be treated alone; add the results.",
            "One feature gives the squared difference of its means plus the squared difference of its spreads.",
            "((mean_a - mean_b) ** 2).sum() + ((std_a - std_b) ** 2).sum()",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "average_weights", "12_images", 1, 5, average_weights,
        cases=lambda: [(_numbers(3, 2), _numbers(3, 2, seed=1), 0.9), (_numbers(4), _numbers(4, seed=2), 0.99)],
        mistakes={
            "The shares are swapped: `keep` belongs to the old average.":
                lambda average, weights, keep: (1 - keep) * average + keep * weights,
            "That is the plain mean of the two, whatever `keep` is.":
                lambda average, weights, keep: (average + weights) / 2,
            "The shares must add up to 1: the new weights come in with 1 - keep.":
                lambda average, weights, keep: keep * average + weights,
            "You returned the new weights: then nothing is averaged.":
                lambda average, weights, keep: weights,
        },
        hints=(
            "Most of the old average stays, a little of the new weights comes in.",
            "The two shares are keep and 1 - keep.",
            "keep * average + (1 - keep) * weights",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "hinge_loss", "12_images", 2, 8, losses.hinge_loss,
        cases=lambda: [
            (torch.tensor([2.0, -1.0, 0.5]), torch.tensor([-3.0, 0.0, 1.0, 0.2])),
            (torch.tensor([0.3, 4.0]), torch.tensor([-0.4, -5.0])),
        ],
        mistakes={
            "Real and generated are swapped: the real ones should get large logits.":
                lambda real, fake: losses.hinge_loss(fake, real),
            "The margin is missing: the cost ends at 1 and -1, not at 0.":
                lambda real, fake: F.relu(-real).mean() + F.relu(fake).mean(),
            "Without max(0, .) sure answers go on being rewarded, and the logits run away.":
                lambda real, fake: (1 - real).mean() + (1 + fake).mean(),
            "You took one mean over both groups: each has its own, and they are added.":
                lambda real, fake: torch.cat([F.relu(1 - real), F.relu(1 + fake)]).mean(),
            "You added over the batch: take the mean of each part.":
                lambda real, fake: F.relu(1 - real).sum() + F.relu(1 + fake).sum(),
            "Both parts have the sign of the real one: a generated example costs max(0, 1 + logit).":
                lambda real, fake: F.relu(1 - real).mean() + F.relu(1 - fake).mean(),
            "That is the logistic loss of lesson 11: the hinge is max(0, 1 - logit).":
                losses.discriminator_loss,
        },
        hints=(
            "A real example with a logit above 1 costs nothing; below 1 it costs what is missing.",
            "torch.relu(x) is max(0, x).",
            "torch.relu(1 - real_logits).mean() + torch.relu(1 + fake_logits).mean()",
        ),
    )
)  # fmt: skip


def _two_clouds() -> list[tuple[Tensor, Tensor, int]]:
    return [
        (_numbers(40, 3), 1.3 * _numbers(30, 3, seed=1) + 0.5, 3),
        (_numbers(25, 2, seed=2), torch.cat([_numbers(10, 2, seed=3), _numbers(5, 2, seed=4) + 6]), 1),
    ]


def _radii_with_self(features: Tensor, k: int) -> Tensor:
    return torch.cdist(features, features).sort(1).values[:, k - 1]


register(
    Exercise(
        "knn_precision", "12_images", 3, 15, metrics.knn_precision, cases=_two_clouds,
        mistakes={
            "That is recall: the balls stand around the real examples, and the generated ones are counted.":
                lambda real, fake, k: metrics.knn_precision(fake, real, k),
            "The nearest example to each one is itself, at distance 0: take one neighbour further.":
                lambda real, fake, k: (torch.cdist(fake, real) <= _radii_with_self(real, k)).any(1).float().mean(),
            "The radius belongs to the real example: you used those of the generated ones.":
                lambda real, fake, k: (
                    torch.cdist(fake, real) <= metrics.neighbour_radii(fake, k)[:, None].float()
                ).any(1).float().mean(),
            "One ball is enough: any, not all.":
                lambda real, fake, k: (
                    torch.cdist(fake, real) <= metrics.neighbour_radii(real, k).float()
                ).all(1).float().mean(),
            "You averaged over all pairs: ask for each generated example whether any ball holds it.":
                lambda real, fake, k: (
                    torch.cdist(fake, real) <= metrics.neighbour_radii(real, k).float()
                ).float().mean(),
        },
        hints=(
            "torch.cdist(fake, real) has a row for each generated and a column for each real example.",
            "Radii: torch.cdist(real, real).kthvalue(k + 1, dim=1).values, because the nearest of all is itself.",
            "(torch.cdist(fake, real) <= radii).any(1).float().mean()",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "nearest_distances", "12_images", 2, 8, metrics.nearest_distances,
        cases=lambda: [
            (_numbers(4, 1, 3, 3), _numbers(6, 1, 3, 3, seed=1)),
            (_numbers(5, 1, 2, 2, seed=2), _numbers(3, 1, 2, 2, seed=3)),
        ],
        mistakes={
            "That is the nearest made picture to each training picture: take the minimum over the training set.":
                lambda x, to: torch.cdist(x.flatten(1), to.flatten(1)).min(0).values,
            "That is the mean distance: a copy is found by the nearest picture alone.":
                lambda x, to: torch.cdist(x.flatten(1), to.flatten(1)).mean(1),
            "The distance is still squared: take the root.":
                lambda x, to: torch.cdist(x.flatten(1), to.flatten(1)).min(1).values ** 2,
            "You returned which picture is nearest, not how far it is.":
                lambda x, to: torch.cdist(x.flatten(1), to.flatten(1)).argmin(1).float(),
            "That adds absolute differences: the distance is the root of the summed squares.":
                lambda x, to: torch.cdist(x.flatten(1), to.flatten(1), p=1).min(1).values,
        },
        hints=(
            "Make each picture one row of numbers: .flatten(1).",
            "torch.cdist gives the distances of all pairs.",
            "torch.cdist(x.flatten(1), to.flatten(1)).min(1).values",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "saturating_slope", "12_images", 2, 8, saturating_slope,
        cases=lambda: [(torch.tensor([-8.0, -1.0, 0.0, 2.0]),), (_numbers(2, 3),)],
        mistakes={
            "The sign is flipped: more \"real\" makes log(1 - D) smaller, so the slope is negative.":
                lambda logits: torch.sigmoid(logits),
            "That is the slope of the non-saturating loss -log D.":
                lambda logits: -torch.sigmoid(-logits),
            "That is the slope of 1 - D: the logarithm divides it by 1 - D.":
                lambda logits: -torch.sigmoid(logits) * torch.sigmoid(-logits),
            "The chain rule goes on: D is a sigmoid, so multiply -1 / (1 - D) by the slope of D, D (1 - D).":
                lambda logits: -1 / torch.sigmoid(-logits),
            "That is the loss itself, not its slope.":
                lambda logits: -F.softplus(logits),
        },
        hints=(
            "The slope of sigmoid(l) is sigmoid(l) (1 - sigmoid(l)).",
            "The chain rule divides by 1 - sigmoid(l), and one factor cancels.",
            "-torch.sigmoid(fake_logits)",
        ),
    )
)  # fmt: skip
