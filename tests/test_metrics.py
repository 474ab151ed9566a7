"""Metrics against closed forms, other libraries, and the cases that break naive code."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from sklearn.neighbors import NearestNeighbors

from helpers.metrics import (
    active_units,
    frechet_distance,
    knn_precision,
    knn_recall,
    nearest_distances,
    neighbour_radii,
    quality_report,
    two_sample_accuracy,
)


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


# ---- precision and recall by nearest neighbours ----


def draws(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def two_modes(n, modes, seed):
    """n points in tight clouds, taking turns among the given centres, far apart."""
    return draws(n, 2, seed=seed) + 100.0 * torch.tensor(modes)[torch.arange(n) % len(modes)][:, None]


def test_identical_sets_have_precision_and_recall_one():
    x = draws(200, 8)
    assert knn_precision(x, x) == knn_recall(x, x) == 1


def test_disjoint_sets_have_precision_and_recall_zero():
    assert knn_precision(draws(200, 8), draws(200, 8, seed=1) + 100) == 0
    assert knn_recall(draws(200, 8), draws(200, 8, seed=1) + 100) == 0


def test_half_of_the_modes_keeps_precision_and_halves_recall():
    real, fake = two_modes(400, [0.0, 1.0], seed=0), two_modes(400, [0.0], seed=1)
    assert knn_precision(real, fake) > 0.95
    assert 0.45 < knn_recall(real, fake) <= 0.5


def test_an_invented_mode_keeps_recall_and_halves_precision():
    real, fake = two_modes(400, [0.0], seed=0), two_modes(400, [0.0, 1.0], seed=1)
    assert 0.45 < knn_precision(real, fake) <= 0.5
    assert knn_recall(real, fake) > 0.95


def test_a_case_done_by_hand():
    real, fake = torch.tensor([[0.0], [1.0], [3.0]]), torch.tensor([[-0.5], [1.5], [4.9], [9.0]])
    assert neighbour_radii(real, 1).tolist() == [1, 1, 2]  # the nearest other real one
    assert knn_precision(real, fake, 1) == 0.75
    assert neighbour_radii(fake, 1).tolist() == pytest.approx([2, 2, 3.4, 4.1])
    assert knn_recall(real, fake, 1) == 1


@pytest.mark.parametrize("k", [1, 3, 7])
def test_neighbours_are_scikit_learns(k):
    real, fake = draws(150, 5), 1.2 * draws(120, 5, seed=1) + 0.3
    radii = NearestNeighbors(n_neighbors=k).fit(real).kneighbors()[0][:, -1]
    np.testing.assert_allclose(neighbour_radii(real, k), radii, rtol=1e-6)
    near = NearestNeighbors(n_neighbors=len(real)).fit(real).kneighbors(fake)
    inside = (near[0] <= radii[near[1]]).any(1)
    assert knn_precision(real, fake, k) == pytest.approx(inside.mean())
    assert knn_recall(fake, real, k) == knn_precision(real, fake, k)


def test_nearest_distances_are_scikit_learns_and_zero_for_a_copy():
    x, to = draws(600, 1, 4, 4), draws(80, 1, 4, 4, seed=1)
    x[7] = to[3]
    want = NearestNeighbors(n_neighbors=1).fit(to.flatten(1)).kneighbors(x.flatten(1))[0][:, 0]
    got = nearest_distances(x, to)
    np.testing.assert_allclose(got, want, atol=1e-5)
    assert got[7].item() == pytest.approx(0, abs=1e-5)


# ---- real or fake ----


def test_two_sample_accuracy_is_half_for_one_source_and_one_for_two():
    a, b = draws(2000, 4), draws(2000, 4, seed=1)
    assert abs(two_sample_accuracy(a, b) - 0.5) < 4 * 0.5 / 2000**0.5
    assert two_sample_accuracy(a, b + 5) > 0.99


def test_two_sample_accuracy_is_that_of_the_best_rule_for_two_gaussians():
    shift = 1.0  # the best rule is right with probability Phi(shift / 2)
    got = two_sample_accuracy(draws(4000, 1), draws(4000, 1, seed=1) + shift)
    want = torch.distributions.Normal(0.0, 1.0).cdf(torch.tensor(shift / 2)).item()
    assert got == pytest.approx(want, abs=4 * 0.5 / 4000**0.5)


def test_two_sample_accuracy_sees_more_than_mean_and_spread():
    a, b = draws(3000, 1), (draws(3000, 1, seed=1) > 0).float() * 2 - 1  # mean 0, variance 1, but two points
    assert two_sample_accuracy(a, b) > 0.8


def test_two_sample_accuracy_is_seeded_and_leaves_torchs_random_numbers_alone():
    a, b = draws(200, 4), draws(200, 4, seed=1) + 0.5
    torch.manual_seed(3)
    want = torch.rand(1)
    torch.manual_seed(3)
    first = two_sample_accuracy(a, b, seed=1)
    assert torch.equal(torch.rand(1), want)
    assert two_sample_accuracy(a, b, seed=1) == first


# ---- all at once ----


def test_the_report_holds_every_measure_and_tells_copies_and_faults_from_other_real_pictures():
    pictures = torch.rand(900, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    real, other, train = pictures.split(300)
    floor, copies, worse = (quality_report(lambda x: x.flatten(1), real, x, train) for x in (other, train, 0.2 * other))
    assert copies["frechet"] == frechet_distance(train.flatten(1), real.flatten(1))
    assert copies["nearest"] == pytest.approx(0, abs=1e-6)
    assert floor["nearest"] > 0.3
    assert worse["frechet"] > 3 * floor["frechet"]
    assert worse["recall"] < floor["recall"]
    assert worse["two_sample"] > 0.9
    assert set(floor) == {"frechet", "precision", "recall", "two_sample", "nearest"}


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: knn_precision(torch.zeros(3, 2), torch.zeros(3, 2), k=3), "k is 3"),
        (lambda: knn_precision(torch.zeros(9, 2), torch.zeros(9, 3)), r"\(9, 3\) and \(9, 2\)"),
        (lambda: neighbour_radii(torch.zeros(9)), r"\(9,\)"),
        (lambda: nearest_distances(torch.zeros(2, 4), torch.zeros(0, 4)), r"\(0, 4\)"),
        (lambda: two_sample_accuracy(torch.zeros(9, 2), torch.zeros(8, 2)), r"\(9, 2\), \(8, 2\)"),
        (lambda: quality_report(torch.flatten, *(torch.zeros(n, 1, 2, 2) for n in (3, 4, 9))), "3 real pictures and 4"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_the_numbers(call, part):
    with pytest.raises(ValueError, match=part):
        call()
