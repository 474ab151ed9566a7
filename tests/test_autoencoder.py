"""Lesson 21: the exercises' measures by hand, PCA as it is defined, the linear autoencoder's law, the twins."""

import math

import pytest
import torch
from sklearn.decomposition import PCA
from torch import nn
from twins import from_notebook

from helpers.exercises import autoencoder as measures
from helpers.models.vae import Autoencoder, make_decoder, make_encoder


def draws(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


# ---- the measures that the exercises ask for ----


def test_squared_error_adds_up_each_picture():
    x, x_hat = torch.zeros(2, 1, 1, 2), torch.tensor([[[[1.0, -2.0]]], [[[0.5, 0.0]]]])
    assert measures.squared_error(x_hat, x).tolist() == [5.0, 0.25]
    assert measures.squared_error(x, x).tolist() == [0.0, 0.0]


def test_pca_reconstruct_is_scikit_learns():
    x = draws(60, 7).numpy() @ draws(7, 7, seed=1).numpy() + 3
    pca = PCA(3).fit(x)
    got = measures.pca_reconstruct(*(torch.from_numpy(a) for a in (x, pca.mean_, pca.components_)))
    torch.testing.assert_close(got, torch.from_numpy(pca.inverse_transform(pca.transform(x))))


def test_pca_loses_the_variance_of_the_directions_it_drops():
    x = draws(500, 6) * torch.tensor([5.0, 4.0, 3.0, 2.0, 1.0, 0.5], dtype=torch.float64)
    pca = PCA(6).fit(x.numpy())
    mean, directions = torch.from_numpy(pca.mean_), torch.from_numpy(pca.components_[:2])
    lost = measures.squared_error(measures.pca_reconstruct(x, mean, directions), x).mean()
    assert lost.item() == pytest.approx(pca.explained_variance_[2:].sum() * 499 / 500)


def test_shared_plane_sees_planes_and_not_bases():
    a, mix = draws(3, 9), draws(3, 3, seed=1)
    assert measures.shared_plane(a, mix @ a).item() == pytest.approx(1)
    axes = torch.eye(6)
    assert measures.shared_plane(axes[:2], axes[2:4]).item() == pytest.approx(0)
    assert measures.shared_plane(axes[:2], axes[1:3]).item() == pytest.approx(0.5)
    lean = torch.tensor([[math.cos(0.3), math.sin(0.3)]])
    assert measures.shared_plane(torch.tensor([[2.0, 0.0]]), lean).item() == pytest.approx(math.cos(0.3) ** 2)


def test_hole_share_counts_draws_without_a_code_near():
    codes = torch.tensor([[0.0, 0.0], [10.0, 0.0]])
    made = torch.tensor([[0.5, 0.0], [5.0, 0.0], [10.0, 0.9], [0.0, 3.0]])
    assert measures.hole_share(made, codes, 1.0).item() == 0.5
    assert measures.hole_share(codes, codes, 1e-3).item() == 0


def test_fitted_codes_have_the_mean_and_covariance_of_the_given_ones():
    codes = draws(400, 3) @ draws(3, 3, seed=1) + 5
    made = measures.fitted_codes(codes, draws(200_000, 3, seed=2))
    torch.testing.assert_close(made.mean(0), codes.mean(0), atol=0.03, rtol=0)
    torch.testing.assert_close(made.T.cov(), codes.T.cov(), atol=0.05, rtol=0.02)


def test_psnr_gains_ten_decibels_for_a_tenth_of_the_squared_error():
    x = torch.zeros(2, 1, 2, 2)
    x_hat = torch.stack([torch.full((1, 2, 2), 0.1), torch.full((1, 2, 2), 0.1 * math.sqrt(0.1))])
    torch.testing.assert_close(measures.psnr(x_hat, x), torch.tensor([20.0, 30.0]))


# ---- without a bend an autoencoder is PCA ----


def test_a_linear_autoencoder_finds_pcas_plane_and_error():
    x = (draws(400, 8, dtype=torch.float32) * torch.tensor([4.0, 3.0, 2.0, 1.0, 0.5, 0.5, 0.3, 0.1])) @ torch.linalg.qr(
        draws(8, 8, seed=3, dtype=torch.float32)
    ).Q + 2
    pca = PCA(2).fit(x.numpy())
    mean, directions = torch.from_numpy(pca.mean_), torch.from_numpy(pca.components_)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 2), nn.Linear(2, 8))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(1500):
        loss = measures.squared_error(model(x), x).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    best = measures.squared_error(measures.pca_reconstruct(x, mean, directions), x).mean().item()
    assert best * 0.9999 < loss.item() < best * 1.01
    assert measures.shared_plane(model[1].weight.T.detach(), directions).item() > 0.99


# ---- twins: what the lesson writes is what helpers keep ----


@pytest.fixture(scope="module")
def lesson():
    return from_notebook("21_autoencoder", "make_encoder", "make_decoder", "Autoencoder", "median", "blur", "corrupt")


@pytest.mark.parametrize("sizes", [{}, {"latent_dim": 3, "hidden_dim": 64}])
def test_the_lessons_autoencoder_is_helpers(lesson, sizes):
    theirs, mine = Autoencoder(**sizes), lesson.Autoencoder(**sizes)
    mine.load_state_dict(theirs.state_dict())
    assert str(mine) == str(theirs)  # the same layers, activations included
    x = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(mine(x), theirs(x), rtol=0, atol=0)
    torch.testing.assert_close(mine.encode(x), theirs.encode(x), rtol=0, atol=0)


def test_the_lessons_halves_are_helpers(lesson):
    for mine, theirs in ((lesson.make_encoder, make_encoder), (lesson.make_decoder, make_decoder)):
        assert str(mine(5, 28, 64)) == str(theirs(5, 28, 64))


def test_the_lessons_filters_leave_plain_pictures_alone_and_remove_single_dots(lesson):
    plain = torch.full((1, 1, 28, 28), 0.4)
    for spoil in (lesson.median, lambda x: lesson.blur(x, 0.8)):
        torch.testing.assert_close(spoil(plain)[..., 5:-5, 5:-5], plain[..., 5:-5, 5:-5])
    dot = torch.zeros(1, 1, 28, 28)
    dot[..., 14, 14] = 1
    assert lesson.median(dot).max() == 0
    assert lesson.blur(dot, 0.8).sum().item() == pytest.approx(1)
    assert lesson.blur(dot, 0.8).argmax() == dot.argmax()


def test_the_lessons_noise_has_the_strength_it_says_and_stays_a_picture(lesson):
    torch.manual_seed(0)
    grey = torch.full((20, 1, 28, 28), 0.5)
    noisy = lesson.corrupt(grey, 0.1)
    assert (noisy - grey).std().item() == pytest.approx(0.1, rel=0.05)
    loud = lesson.corrupt(grey, 2.0)
    assert loud.min() == 0 and loud.max() == 1
