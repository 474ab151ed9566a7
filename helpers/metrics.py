"""Measures that no library at hand has: how close generated pictures come, and what a latent code is used for."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def frechet_distance(a: Tensor, b: Tensor) -> float:
    r"""Distance between two clouds of feature vectors, each taken for a Gaussian.

    $$\lVert\mu_a - \mu_b\rVert^2 + \mathrm{tr}\!\left(C_a + C_b - 2\,(C_a C_b)^{1/2}\right)$$

    No matrix square root is taken: with $C_a = R_a^\top R_a$ the trace of the root is the sum of the singular values
    of $R_a R_b^\top$, which holds for few examples and constant features as well.

    Args:
        a: Features, shape (N, F), at least two rows.
        b: Features, shape (M, F); the distance grows as N and M shrink, so compare at equal sizes.
    Returns:
        At least 0, in squared units of the features.
    Raises:
        ValueError: If shapes do not fit, or a value is not finite; the message quotes them.
    Source: Dowson & Landau 1982; Heusel et al. 2017, arXiv:1706.08500, eq. 6.
    """
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or min(len(a), len(b)) < 2:
        raise ValueError(
            f"features have shapes {tuple(a.shape)} and {tuple(b.shape)}; give (N, F) and (M, F), N, M >= 2."
        )
    a, b = a.detach().cpu().double(), b.detach().cpu().double()
    if not (a.isfinite().all() and b.isfinite().all()):
        raise ValueError("features hold NaN or infinite values; look for them in the pictures or the classifier.")
    mean_a, mean_b = a.mean(0), b.mean(0)
    root_a, root_b = _root(a - mean_a), _root(b - mean_b)
    shared = torch.linalg.svdvals(root_a @ root_b.T).sum()
    distance = ((mean_a - mean_b) ** 2).sum() + (root_a**2).sum() + (root_b**2).sum() - 2 * shared
    return max(0.0, distance.item())


def _root(centred: Tensor) -> Tensor:
    """R with R^T R = covariance, from centred rows, shape (N, F) -> (min(N, F), F)."""
    return torch.linalg.qr(centred / (len(centred) - 1) ** 0.5, mode="r").R


def active_units(mu: Tensor, threshold: float = 0.01) -> int:
    """Count the latent numbers that a code uses: those whose posterior mean varies from example to example.

    Args:
        mu: Posterior means of many examples, shape (N, Z), N at least 2.
        threshold: Least variance over the examples that counts as use.
    Raises:
        ValueError: If the shape is not (N, Z) with N at least 2; the message quotes it.
    Source: Burda, Grosse & Salakhutdinov 2016, arXiv:1509.00519, section 5.
    """
    if mu.ndim != 2 or len(mu) < 2:
        raise ValueError(f"mu has shape {tuple(mu.shape)}; give (N, Z) with N at least 2.")
    return int((mu.var(0) > threshold).sum())


def neighbour_radii(features: Tensor, k: int = 3) -> Tensor:
    """Distance of each row to its k-th nearest other row, shape (N, F) -> (N,).

    Raises:
        ValueError: If the shape is not (N, F), or k is not from 1 to N - 1; the message quotes them.
    """
    if features.ndim != 2 or not 1 <= k < len(features):
        raise ValueError(f"features have shape {tuple(features.shape)} and k is {k}; give (N, F) and 1 <= k < N.")
    distances = _distances(features, features).fill_diagonal_(0.0)
    return distances.kthvalue(k + 1, dim=1).values  # the nearest of all is the row itself


def knn_precision(real: Tensor, fake: Tensor, k: int = 3) -> float:
    r"""Share of generated examples that lie among the real ones: fidelity.

    $$\tfrac1M\sum_j \mathbf 1\left[\exists i:\ \lVert f_j - r_i\rVert \le \text{distance of } r_i
    \text{ to its } k\text{-th nearest real neighbour}\right]$$

    Args:
        real: Features of real examples, shape (N, F).
        fake: Features of generated ones, shape (M, F); the result depends on N, so compare at equal sizes.
        k: Which neighbour sets the radius of the ball around each real example, 1 to N - 1.
    Returns:
        A number in [0, 1].
    Raises:
        ValueError: If the shapes do not fit or k is out of range; the message quotes them.
    Source: Kynkäänniemi et al. 2019, arXiv:1904.06991, eq. 1 and 2.
    """
    distances, radii = _distances(fake, real), neighbour_radii(real, k)  # (M, N), (N,)
    return (distances <= radii).any(1).float().mean().item()


def knn_recall(real: Tensor, fake: Tensor, k: int = 3) -> float:
    """Share of real examples that lie among the generated ones: coverage; arguments and source as `knn_precision`."""
    return knn_precision(fake, real, k)


def nearest_distances(x: Tensor, to: Tensor) -> Tensor:
    """Distance of each example to the nearest of a set, (N, ...), (M, ...) -> (N,), in the units of the numbers."""
    return torch.cat([_distances(part, to.flatten(1)).min(1).values for part in x.flatten(1).split(250)])


def two_sample_accuracy(real: Tensor, fake: Tensor, seed: int = 0, steps: int = 300) -> float:
    """Held-out accuracy of a small network that is trained to tell two sets apart; one half is indistinguishable.

    Half of each set trains it, the other half tests it. With N tested examples, chance scatters by 0.5 / sqrt(N).

    Args:
        real: Features, or flattened pixels, shape (N, F).
        fake: The same of the other set, shape (M, F); equal sizes, or guessing the larger one beats one half.
        seed: Seed of the split, the weights and the batches; torch's own random numbers are left as they were.
        steps: Updates on batches of 128, at least 1.
    Raises:
        ValueError: If the sets differ in shape, or have fewer than 4 rows; the message quotes the shapes.
    Source: Lopez-Paz & Oquab 2017, arXiv:1610.06545.
    """
    if real.shape != fake.shape or real.ndim != 2 or len(real) < 4:
        raise ValueError(f"sets have shapes {tuple(real.shape)}, {tuple(fake.shape)}; give twice (N, F), N >= 4.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        order, half = torch.randperm(len(real)), len(real) // 2
        x = torch.cat([part[order[half:]] for part in (real, fake)])
        mean, std = x.mean(0), x.std(0) + 1e-6
        y = torch.arange(2).repeat_interleave(len(real) - half).float()  # 0 real, 1 generated
        net = nn.Sequential(nn.Linear(x.shape[1], 64), nn.ReLU(), nn.Linear(64, 1))
        optimizer = torch.optim.Adam(net.parameters(), lr=2e-3, weight_decay=1e-3)
        for _ in range(steps):
            index = torch.randint(len(x), (128,))
            loss = F.binary_cross_entropy_with_logits(net((x[index] - mean) / std).squeeze(1), y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        said_fake = [(net((part[order[:half]] - mean) / std) > 0).float().mean() for part in (real, fake)]
    return ((1 - said_fake[0] + said_fake[1]) / 2).item()


def quality_report(describe: Callable[[Tensor], Tensor], real: Tensor, x: Tensor, train: Tensor) -> dict[str, float]:
    """Every measure of a set of pictures; give it other real pictures first, for the floor that no one can beat.

    Args:
        describe: Pictures (N, 1, H, W) -> features (N, F), such as `describe` of the shipped classifier.
        real: Held-out real pictures to compare with, shape (N, 1, H, W).
        x: The pictures to judge, as many.
        train: Training pictures, for the nearest one.
    Returns:
        "frechet", "precision", "recall", "two_sample" (held-out accuracy of real or not) and "nearest" (median
        distance in pixels to the nearest training picture).
    Raises:
        ValueError: If the numbers of pictures differ; the message quotes them.
    """
    if len(real) != len(x):
        raise ValueError(f"{len(real)} real pictures and {len(x)} to judge; give equally many.")
    reference, features = describe(real), describe(x)
    return {
        "frechet": frechet_distance(features, reference),
        "precision": knn_precision(reference, features),
        "recall": knn_recall(reference, features),
        "two_sample": two_sample_accuracy(reference, features),
        "nearest": nearest_distances(x, train).median().item(),
    }


def _distances(a: Tensor, b: Tensor) -> Tensor:
    """Euclidean distances of all pairs, (N, F), (M, F) -> (N, M)."""
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1] or not (len(a) and len(b)):
        raise ValueError(f"shapes are {tuple(a.shape)} and {tuple(b.shape)}; give (N, F) and (M, F), N, M >= 1.")
    a, b = a.detach().double(), b.detach().double()  # 32 bits would lose the small distances
    return torch.cdist(a, b)
