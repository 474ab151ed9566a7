"""Measures that no library at hand has: how close generated pictures come, and what a latent code is used for."""

import torch
from torch import Tensor


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
