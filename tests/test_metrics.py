"""Metrics against closed forms, other libraries, and the cases that break naive code."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from helpers.metrics import active_units, frechet_distance


def cloud(n, mean, root, seed=0):
    """Draw n rows of N(mean, root root^T) whose sample mean and covariance are exactly those."""
    z = torch.randn(n, len(mean), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    z = z - z.mean(0)
    z = z @ torch.linalg.inv(torch.linalg.cholesky(z.T.cov())).T
    return z @ root.T + mean


def test_frechet_distance_is_the_closed_form_of_two_axis_aligned_gaussians():
    mean_a, mean_b = torch.tensor([1.0, -2.0, 0.5]).double(), torch.tensor([0.0, 1.0, 0.5]).double()
    std_a, std_b = torch.tensor([1.0, 2.0, 0.1]).double(), torch.tensor([3.0, 0.5, 0.1]).double()
    got = frechet_distance(cloud(200, mean_a, std_a.diag()), cloud(300, mean_b, std_b.diag(), seed=1))
    want = ((mean_a - mean_b) ** 2).sum() + ((std_a - std_b) ** 2).sum()
    assert got == pytest.approx(want.item(), rel=1e-9)


def test_frechet_distance_agrees_with_scipys_matrix_root():
    generator = torch.Generator().manual_seed(0)
    roots = [torch.randn(8, 8, generator=generator).double() for _ in range(2)]
    a, b = cloud(500, torch.zeros(8).double(), roots[0]), cloud(500, torch.ones(8).double(), roots[1], seed=1)
    c_a, c_b = np.cov(a.numpy().T), np.cov(b.numpy().T)
    want = 8 + np.trace(c_a + c_b - 2 * sqrtm(c_a @ c_b).real)
    assert frechet_distance(a, b) == pytest.approx(want, rel=1e-6)


def test_frechet_distance_is_zero_to_itself_symmetric_and_grows_with_a_shift():
    a, b = (torch.randn(400, 16, generator=torch.Generator().manual_seed(s)) for s in (0, 1))
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)
    assert frechet_distance(a, a + 1) == pytest.approx(16, rel=1e-6)
    assert frechet_distance(a, b + 1) > frechet_distance(a, b)


@pytest.mark.parametrize("rows", [2, 5])
def test_frechet_distance_holds_for_few_rows_and_dead_features(rows):
    a = torch.randn(rows, 32, generator=torch.Generator().manual_seed(0))
    a[:, :8] = 3.0  # features that never change: a singular covariance
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, 2 * a) == pytest.approx(
        (a.double().mean(0) ** 2).sum().item() + a.double().var(0).sum().item(), rel=1e-9
    )


def test_frechet_distance_is_computed_in_64_bits():
    a = torch.randn(1000, 4, generator=torch.Generator().manual_seed(0)) * 1e-3 + 1000
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("a", "b", "part"),
    [
        (torch.zeros(5, 3), torch.zeros(5, 4), r"\(5, 3\) and \(5, 4\)"),
        (torch.zeros(5), torch.zeros(5), r"\(5,\)"),
        (torch.zeros(1, 3), torch.zeros(5, 3), r"\(1, 3\)"),
        (torch.full((5, 3), torch.nan), torch.zeros(5, 3), "NaN"),
        (torch.zeros(5, 3), torch.full((5, 3), torch.inf), "infinite"),
    ],
)
def test_frechet_distance_refuses_what_it_cannot_compare(a, b, part):
    with pytest.raises(ValueError, match=part):
        frechet_distance(a, b)


def test_active_units_counts_the_numbers_that_vary():
    mu = torch.randn(500, 6, generator=torch.Generator().manual_seed(0)) * torch.tensor([1, 1, 0.2, 0.05, 0, 0])
    assert active_units(mu) == 3
    assert active_units(mu, threshold=0.1) == 2
    assert active_units(mu + 5) == 3  # a constant shift is no use of the code


def test_active_units_refuses_one_row():
    with pytest.raises(ValueError, match=r"\(1, 6\)"):
        active_units(torch.zeros(1, 6))
