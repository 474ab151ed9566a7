"""Lesson 23: the exercises' measures against scikit-learn and by hand, their laws, the lesson's own functions."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import precision_score, roc_auc_score
from sklearn.neighbors import NearestNeighbors
from twins import from_notebook

from helpers.exercises import anomaly as measures
from helpers.losses import bernoulli_nll, elbo
from helpers.models.vae import VAE


def draws(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


# ---- ranking ----


def test_auroc_by_hand():
    assert measures.auroc(torch.tensor([1.0, 2.0, 4.0]), torch.tensor([3.0, 4.0])).item() == pytest.approx(0.75)
    assert measures.auroc(torch.tensor([0.0, 1.0]), torch.tensor([2.0])).item() == 1
    assert measures.auroc(torch.tensor([3.0, 3.0]), torch.tensor([3.0])).item() == 0.5


def test_auroc_is_scikit_learns_with_many_ties():
    normal, strange = (2 * draws(300)).round(), (2 * draws(80, seed=1) + 1).round()
    want = roc_auc_score([0] * 300 + [1] * 80, torch.cat([normal, strange]))
    assert measures.auroc(normal, strange).item() == pytest.approx(want, abs=1e-6)


def test_auroc_sees_the_order_only():
    normal, strange = draws(50), draws(30, seed=1)
    assert measures.auroc(normal.exp(), strange.exp()) == measures.auroc(normal, strange)
    assert measures.auroc(-normal, -strange).item() == pytest.approx(1 - measures.auroc(normal, strange).item())


def test_precision_is_scikit_learns_at_the_prevalence_of_the_sample_and_falls_with_it():
    normal, strange = draws(900), draws(100, seed=1) + 2
    recall, false_alarms = (strange > 1).float().mean(), (normal > 1).float().mean()
    want = precision_score([0] * 900 + [1] * 100, torch.cat([normal, strange]) > 1)
    assert measures.precision_for(recall, false_alarms, 0.1).item() == pytest.approx(want, abs=1e-6)
    assert measures.precision_for(torch.tensor(0.95), torch.tensor(0.05), 0.001).item() == pytest.approx(
        0.0187, abs=1e-4
    )


# ---- scores ----


def test_the_excess_is_zero_for_a_perfect_reconstruction_and_the_pixels_kl_otherwise():
    x = torch.rand(4, 1, 3, 3, generator=torch.Generator().manual_seed(0)).clamp(0.05, 0.95)
    torch.testing.assert_close(measures.excess_nats(torch.logit(x), x), torch.zeros(4), atol=1e-4, rtol=0)
    p = torch.rand(4, 1, 3, 3, generator=torch.Generator().manual_seed(1)).clamp(0.05, 0.95)
    kl = torch.distributions.kl_divergence(torch.distributions.Bernoulli(x), torch.distributions.Bernoulli(p))
    torch.testing.assert_close(measures.excess_nats(torch.logit(p), x), kl.sum((1, 2, 3)), atol=1e-4, rtol=1e-4)


def test_black_and_white_pictures_have_no_coins():
    x = (torch.rand(4, 1, 3, 3, generator=torch.Generator().manual_seed(0)) > 0.5).float()
    logits = draws(4, 1, 3, 3)
    torch.testing.assert_close(measures.excess_nats(logits, x), bernoulli_nll(logits, x))


@pytest.mark.parametrize("k", [1, 4, 9])
def test_knn_score_is_scikit_learns(k):
    x, known = draws(20, 5), draws(60, 5, seed=1)
    want = NearestNeighbors(n_neighbors=k).fit(known.numpy()).kneighbors(x.numpy())[0][:, -1]
    np.testing.assert_allclose(measures.knn_score(x, known, k), want, rtol=1e-4)


# ---- thresholds ----


def test_the_threshold_by_hand():
    scores = torch.arange(1.0, 20)  # 19 of them: 20 ranks, 5 % is one
    assert measures.calibrated_threshold(scores, 0.05).item() == 19
    assert measures.calibrated_threshold(scores, 0.1).item() == 18
    assert measures.calibrated_threshold(scores[torch.randperm(19)], 0.5).item() == 10
    assert measures.calibrated_threshold(scores, 0.04).item() == math.inf


@pytest.mark.parametrize(("n", "rate"), [(19, 0.05), (30, 0.1), (5, 0.3)])
def test_the_promise_is_kept_on_average_and_hardly_undercut(n, rate):
    """Over many draws of n calibration scores and a new one, alarms come with at most the promised rate."""
    cases = draws(5_000, n + 1)
    calm, new = cases[:, :n], cases[:, n]
    thresholds = torch.stack([measures.calibrated_threshold(row, rate) for row in calm])
    alarms, wobble = (new > thresholds).float().mean().item(), 4 * math.sqrt(rate / 5_000)
    assert rate - 1 / (n + 1) - wobble < alarms <= rate + wobble
    plain = (new > calm.quantile(1 - rate, dim=1)).float().mean().item()
    assert plain > rate + wobble or n == 30  # the plain quantile breaks it where n is small


def test_cost_by_hand_and_at_its_ends():
    normal, strange = torch.tensor([0.0, 1.0, 2.0, 3.0]), torch.tensor([2.0, 5.0])
    cost = measures.expected_cost(normal, strange, 2.0, 0.1, 50.0, 2.0)
    assert cost.item() == pytest.approx(0.1 * 50 * 0.5 + 0.9 * 2 * 0.25)
    assert measures.expected_cost(normal, strange, math.inf, 0.1, 50.0, 2.0).item() == pytest.approx(5)  # all missed
    assert measures.expected_cost(normal, strange, -1.0, 0.1, 50.0, 2.0).item() == pytest.approx(1.8)  # always alarm


# ---- what the lesson itself defines ----

NAMES = ("session", "vae_scores", "all_scores", "rival_scores", "png_nats", "minus_signs", "TableVAE", "train_table")


@pytest.fixture(scope="module")
def lesson():
    return from_notebook("23_anomaly_detection", *NAMES)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return VAE(latent_dim=3, hidden_dim=16).eval()


def pictures(n=6):
    return torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(3))


def test_the_lessons_scores_are_what_they_are_called(lesson, model):
    x = pictures()
    found = lesson.all_scores(model, x)
    with torch.no_grad():
        logits = model.decode(model.encode(x)[0])
    torch.testing.assert_close(found["reconstruction"], bernoulli_nll(logits, x))
    torch.testing.assert_close(found["excess"], measures.excess_nats(logits, x))
    assert (found["importance-weighted"] <= found["ELBO"] + 1e-3).all()  # the tighter bound is less surprised
    assert all(values.shape == (6,) for values in found.values())


def test_the_lessons_elbo_is_the_losses_on_average(lesson, model):
    x = pictures(2)
    many = lesson.vae_scores(model, x, k=2000)["ELBO"]
    torch.manual_seed(1)
    with torch.no_grad():
        mu, logvar = model.encode(x)
        z = mu + (0.5 * logvar).exp() * torch.randn(2000, *mu.shape)
        want = torch.stack([-elbo(model.decode(code), x, mu, logvar) for code in z]).mean(0)
    torch.testing.assert_close(many, want, atol=1.0, rtol=0)


def test_scores_do_not_depend_on_what_else_is_scored(lesson, model):
    x = pictures()
    for name, values in lesson.all_scores(model, x).items():
        if name not in ("ELBO", "importance-weighted"):  # those draw their noise for all pictures at once
            torch.testing.assert_close(values[:2], lesson.all_scores(model, x[:2])[name], msg=name)


def test_every_rival_calls_far_points_stranger_and_is_not_told_the_new_cases(lesson):
    normal, far = draws(300, 20), draws(40, 20, seed=1) * 4
    new = torch.cat([draws(40, 20, seed=2), far])
    found = lesson.rival_scores(normal, new)
    for name, values in found.items():
        assert measures.auroc(values[:40], values[40:]) > 0.9, name
        torch.testing.assert_close(values[:10], lesson.rival_scores(normal, new[:10])[name], msg=name)
    torch.testing.assert_close(found["5th neighbour"], measures.knn_score(new, normal, 5), rtol=1e-3, atol=1e-3)


def test_simple_pictures_make_short_files(lesson):
    blank, noise = torch.zeros(1, 1, 28, 28), pictures(1)
    nats = lesson.png_nats(torch.cat([blank, lesson.minus_signs(1), noise]))
    assert nats[0] < nats[1] < nats[2]
    assert nats[2] > 784 * math.log(128)  # noise cannot be compressed: near 8 bits a pixel


def test_minus_signs_lie_on_the_sheet(lesson):
    x = lesson.minus_signs(50)
    assert x.shape == (50, 1, 28, 28) and (x.sum((1, 2, 3)) == 16).all()
    assert len({tuple(row.nonzero()[0].tolist()) for row in x}) > 20  # at many places


def test_the_table_vae_learns_and_its_bound_lies_above_the_elbo(lesson):
    x = draws(300, 30) @ draws(30, 30, seed=1) / 5
    x = (x - x.mean(0)) / x.std(0)
    torch.manual_seed(0)
    raw, trained = lesson.TableVAE(), lesson.train_table(x, steps=150)
    with torch.no_grad():
        (_, before), (log_w, after) = raw(x, 20), trained(x, 20)
    assert log_w.shape == (20, 300) and after.shape == (300,)
    assert after.mean() > before.mean() + 3
    assert (torch.logsumexp(log_w, 0) - math.log(20)).mean() > after.mean()
