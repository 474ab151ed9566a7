"""The VAE: its losses against closed forms, its bounds against a model that is known exactly, its parts, its twins."""

import math

import pytest
import torch
import torch.distributions as D
from twins import from_notebook

from helpers import losses
from helpers.models.vae import VAE, Autoencoder, make_decoder, make_encoder
from helpers.plots.vae import grid_codes
from helpers.widgets.vae import latent_plane


def draws(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


# ---- losses ----


def test_gaussian_kl_is_torchs_and_never_negative():
    mu, logvar = draws(50, 7), draws(50, 7, seed=1)
    want = D.kl_divergence(D.Normal(mu, (logvar / 2).exp()), D.Normal(0.0, 1.0))
    torch.testing.assert_close(losses.gaussian_kl_by_unit(mu, logvar), want)
    torch.testing.assert_close(losses.gaussian_kl(mu, logvar), want.sum(1))
    assert (losses.gaussian_kl(mu, logvar) >= 0).all()
    assert losses.gaussian_kl(torch.zeros(1, 7), torch.zeros(1, 7)).item() == 0


def test_gaussian_kl_is_what_monte_carlo_finds():
    mu, logvar = draws(1, 3), draws(1, 3, seed=1)
    z = losses.reparameterize(mu, logvar, draws(200_000, 1, 3, seed=2))
    gaps = losses.gaussian_log_prob(z, mu, logvar) - losses.gaussian_log_prob(z)
    error = gaps.std() / len(gaps) ** 0.5
    assert abs(gaps.mean() - losses.gaussian_kl(mu, logvar)) < 4 * error
    assert error < 0.01


def test_bernoulli_nll_is_torchs_on_black_and_white_and_its_mean_over_roundings_on_grey():
    logits = draws(4, 1, 5, 5)
    grey = torch.rand(4, 1, 5, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    white = grey.round()
    want = -D.Bernoulli(logits=logits).log_prob(white).flatten(1).sum(1)
    torch.testing.assert_close(losses.bernoulli_nll(logits, white), want)
    rounded = torch.bernoulli(grey.expand(20_000, 4, 1, 5, 5), generator=torch.Generator().manual_seed(2))
    costs = losses.bernoulli_nll(logits.expand_as(rounded).flatten(0, 1), rounded.flatten(0, 1)).view(20_000, 4)
    error = costs.std(0) / len(costs) ** 0.5
    assert ((costs.mean(0) - losses.bernoulli_nll(logits, grey)).abs() < 4 * error).all()


def test_bernoulli_nll_stays_finite_at_large_logits():
    cost = losses.bernoulli_nll(torch.tensor([[300.0, -300.0]]), torch.tensor([[0.0, 0.0]]))
    torch.testing.assert_close(cost, torch.tensor([300.0]))


def test_gaussian_log_prob_is_torchs():
    z, mu, logvar = draws(6, 3), draws(6, 3, seed=1), draws(6, 3, seed=2)
    want = D.Normal(mu, (logvar / 2).exp()).log_prob(z).sum(-1)
    torch.testing.assert_close(losses.gaussian_log_prob(z, mu, logvar), want)
    torch.testing.assert_close(losses.gaussian_log_prob(z), D.Normal(0.0, 1.0).log_prob(z).sum(-1))


def test_reparameterized_draws_have_the_mean_and_spread_asked_for():
    mu, logvar = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, math.log(4.0)]])
    z = losses.reparameterize(mu, logvar, draws(100_000, 1, 2, dtype=torch.float32))
    torch.testing.assert_close(z.mean((0, 1)), mu[0], atol=0.03, rtol=0)
    torch.testing.assert_close(z.std(0)[0], torch.tensor([1.0, 2.0]), atol=0.03, rtol=0)


def test_elbo_is_minus_reconstruction_minus_beta_times_kl():
    logits, x, mu, logvar = draws(3, 4), draws(3, 4, seed=1).sigmoid(), draws(3, 2), draws(3, 2, seed=1)
    recon, kl = losses.bernoulli_nll(logits, x), losses.gaussian_kl(mu, logvar)
    torch.testing.assert_close(losses.elbo(logits, x, mu, logvar), -recon - kl)
    torch.testing.assert_close(losses.elbo(logits, x, mu, logvar, beta=0.0), -recon)
    torch.testing.assert_close(losses.elbo(logits, x, mu, logvar, beta=4.0), -recon - 4 * kl)


def test_free_bits_stop_the_gradient_of_units_below_the_floor_and_no_other():
    kl = torch.tensor([[0.1, 2.0], [0.3, 1.0]], requires_grad=True)
    loss = losses.free_bits(kl, 0.5)
    assert loss.item() == pytest.approx(0.5 + 1.5)
    loss.backward()
    torch.testing.assert_close(kl.grad, torch.tensor([[0.0, 0.5], [0.0, 0.5]]))
    torch.testing.assert_close(losses.free_bits(kl, 0.0), kl.mean(0).sum())


def test_free_bits_clamp_the_batch_mean_not_each_example():
    assert losses.free_bits(torch.tensor([[0.0], [4.0]]), 1.0).item() == 2.0


# ---- the bounds on a model whose likelihood is known: x = w z + noise, z and noise Gaussian ----

W, NOISE = torch.tensor([1.5, -1.0, 0.5], dtype=torch.float64), 0.7


def exact_log_likelihood(x):
    covariance = W[:, None] * W + NOISE**2 * torch.eye(3, dtype=torch.float64)
    return D.MultivariateNormal(torch.zeros(3, dtype=torch.float64), covariance).log_prob(x)


def log_weights(x, mu, logvar, k, seed=0):
    z = losses.reparameterize(mu, logvar, draws(k, len(x), 1, seed=seed))  # (K, B, 1)
    likelihood = losses.gaussian_log_prob(x, z * W, torch.tensor(2 * math.log(NOISE)).expand(3))
    return likelihood + losses.gaussian_log_prob(z) - losses.gaussian_log_prob(z, mu, logvar)  # (K, B)


def true_posterior(x):
    precision = 1 + (W**2).sum() / NOISE**2
    return (x @ W / NOISE**2 / precision)[:, None], -precision.log() * torch.ones(len(x), 1, dtype=torch.float64)


def test_with_the_true_posterior_every_single_draw_gives_the_exact_likelihood():
    x = draws(20, 3, seed=5)
    log_w = log_weights(x, *true_posterior(x), k=4)
    torch.testing.assert_close(log_w, exact_log_likelihood(x).expand(4, 20))
    torch.testing.assert_close(losses.importance_weighted_bound(log_w), exact_log_likelihood(x))


def test_elbo_below_importance_weighted_bound_below_likelihood():
    x = draws(20, 3, seed=5)
    mu, logvar = true_posterior(x)
    mu, logvar = mu + 0.5, logvar + 0.7  # an encoder that is off
    exact = exact_log_likelihood(x).mean().item()
    bounds = []
    for k in (1, 10, 100):
        log_w = log_weights(x, mu, logvar, k * 2000, seed=k).view(2000, k, 20).transpose(0, 1)  # (K, 2000, 20)
        bounds.append(losses.importance_weighted_bound(log_w.flatten(1)).mean().item())
    likelihood_part = (
        losses.gaussian_log_prob(x, mu * W, torch.tensor(2 * math.log(NOISE)).expand(3))
        - 0.5 * logvar.exp()[:, 0] * (W**2).sum() / NOISE**2
    )
    elbo = (likelihood_part - losses.gaussian_kl(mu, logvar)).mean().item()
    assert bounds[0] == pytest.approx(elbo, abs=0.02)  # K = 1 is the ELBO
    assert bounds[0] + 0.1 < bounds[1] < bounds[2] < exact + 0.005
    assert exact - bounds[2] < 0.1 < exact - bounds[0]


def test_importance_weighted_bound_neither_underflows_nor_depends_on_order():
    log_w = draws(50, 3) - 2000
    bound = losses.importance_weighted_bound(log_w)
    assert bound.isfinite().all()
    torch.testing.assert_close(bound, losses.importance_weighted_bound(log_w.flip(0)))
    torch.testing.assert_close(losses.importance_weighted_bound(log_w[:1]), log_w[0])


# ---- refused, with a message that quotes what was given ----


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: losses.bernoulli_nll(torch.zeros(2, 3), torch.zeros(2, 4)), r"\(2, 3\).*\(2, 4\)"),
        (lambda: losses.bernoulli_nll(torch.zeros(2, 3), torch.full((2, 3), 255.0)), "255"),
        (lambda: losses.bernoulli_nll(torch.zeros(2, 3), torch.full((2, 3), -0.5)), "-0.5"),
        (lambda: losses.bernoulli_nll(torch.zeros(2, 3), torch.full((2, 3), torch.nan)), "nan"),
        (lambda: losses.gaussian_kl(torch.zeros(2, 3), torch.zeros(3, 2)), r"\(2, 3\).*\(3, 2\)"),
        (lambda: losses.gaussian_kl(torch.zeros(3), torch.zeros(3)), r"\(3,\)"),
        (lambda: losses.reparameterize(torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(3)), r"\(3,\).*\(2, 3\)"),
        (lambda: losses.reparameterize(torch.zeros(2, 3), torch.zeros(2, 4), torch.zeros(2, 3)), r"\(2, 4\)"),
        (lambda: losses.elbo(*[torch.zeros(2, 3)] * 4, beta=-1.0), "-1.0"),
        (lambda: losses.importance_weighted_bound(torch.zeros(5)), r"\(5,\)"),
        (lambda: losses.importance_weighted_bound(torch.zeros(0, 5)), r"\(0, 5\)"),
        (lambda: losses.free_bits(torch.zeros(2, 3), -0.1), "-0.1"),
        (lambda: losses.free_bits(torch.zeros(3), 0.1), r"\(3,\)"),
        (lambda: VAE()(torch.zeros(2, 1, 28, 27)), r"\(2, 1, 28, 27\).*\(B, 1, 28, 28\)"),
        (lambda: VAE()(torch.zeros(2, 28, 28)), r"\(2, 28, 28\)"),
        (lambda: VAE()(torch.full((2, 1, 28, 28), 255.0)), "255"),
        (lambda: Autoencoder()(torch.full((2, 1, 28, 28), -1.0)), "-1"),
        (lambda: VAE(latent_dim=4).decode(torch.zeros(2, 5)), r"\(2, 5\).*\(B, 4\)"),
        (lambda: Autoencoder(latent_dim=4).decode(torch.zeros(4)), r"\(4,\)"),
        (lambda: VAE(latent_dim=0), "latent_dim is 0"),
    ],
)
def test_wrong_input_is_refused_with_the_offending_value(call, part):
    with pytest.raises(ValueError, match=part):
        call()


def test_bytes_are_refused_with_the_way_out():
    with pytest.raises(TypeError, match=r"uint8.*/ 255"):
        VAE()(torch.zeros(2, 1, 28, 28, dtype=torch.uint8))


# ---- the models ----


def pictures(n=8):
    return torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def layer(n_in, n_out):
    return n_in * n_out + n_out


@pytest.mark.parametrize("latent_dim", [2, 16])
def test_parameters_are_exactly_the_layers(latent_dim):
    decoder = layer(latent_dim, 256) + layer(256, 512) + layer(512, 784)
    body = layer(784, 512) + layer(512, 256)
    count = {cls: sum(p.numel() for p in cls(latent_dim).parameters()) for cls in (Autoencoder, VAE)}
    assert count[Autoencoder] == body + layer(256, latent_dim) + decoder
    assert count[VAE] - count[Autoencoder] == layer(256, latent_dim)  # the head for logvar, nothing else


def test_shapes_and_the_same_noise_gives_the_same_picture():
    vae, x, eps = VAE(latent_dim=5), pictures(), draws(8, 5, dtype=torch.float32)
    logits, mu, logvar = vae(x, eps)
    assert (logits.shape, mu.shape, logvar.shape) == (x.shape, (8, 5), (8, 5))
    torch.testing.assert_close(vae(x, eps)[0], logits)
    assert not torch.allclose(vae(x, -eps)[0], logits)
    torch.testing.assert_close(vae(x, 0 * eps)[0], vae.decode(mu))
    samples = vae.sample(3, torch.Generator().manual_seed(0))
    assert samples.shape == (3, 1, 28, 28)
    assert samples.min() >= 0 and samples.max() <= 1
    assert torch.equal(samples, vae.sample(3, torch.Generator().manual_seed(0)))


def test_gradients_reach_every_parameter():
    vae, x = VAE(latent_dim=4), pictures()
    (-losses.elbo(vae(x)[0], x, *vae(x)[1:]).mean()).backward()
    plain = Autoencoder(latent_dim=4)
    losses.bernoulli_nll(plain(x), x).mean().backward()
    for model in (vae, plain):
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


@pytest.mark.parametrize("model_class", [Autoencoder, VAE])
def test_one_batch_overfits(model_class):
    torch.manual_seed(0)
    model, x = model_class(latent_dim=8), pictures().round()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(150):
        logits = model.decode(model.encode(x)) if model_class is Autoencoder else model(x)[0]
        loss = losses.bernoulli_nll(logits, x).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.02 * 784 * math.log(2)  # a coin for each pixel costs 784 log 2


# ---- twins: what the lesson writes is what helpers keep ----


@pytest.fixture(scope="module")
def lesson():
    return from_notebook("22_vae", "make_encoder", "make_decoder", "Autoencoder", "VAE", "PeekingVAE")


@pytest.mark.parametrize("name", ["Autoencoder", "VAE"])
def test_the_lessons_model_is_helpers(lesson, name):
    theirs = {"Autoencoder": Autoencoder, "VAE": VAE}[name](latent_dim=3)
    mine = getattr(lesson, name)(latent_dim=3)
    mine.load_state_dict(theirs.state_dict())
    assert str(mine) == str(theirs)  # the same layers, activations included
    torch.manual_seed(1)
    a = mine(pictures())
    torch.manual_seed(1)
    torch.testing.assert_close(a, theirs(pictures()), rtol=0, atol=0)


def test_the_lessons_halves_are_helpers(lesson):
    for mine, theirs in ((lesson.make_encoder(6), make_encoder(6)), (lesson.make_decoder(3), make_decoder(3))):
        assert str(mine) == str(theirs)


def test_the_peeking_decoder_sees_only_pixels_above_and_to_the_left(lesson):
    torch.manual_seed(0)
    model = lesson.PeekingVAE()
    x = torch.rand(1, 1, 14, 14)
    changed = x.clone()
    changed[0, 0, 6, 5] = 1 - x[0, 0, 6, 5]

    def peeked(image):
        return model.read(torch.conv2d(image, model.look.weight * model.seen, padding=5))[0, 0]

    touched = (peeked(x) != peeked(changed)).nonzero().tolist()
    assert touched
    assert all((row, column) > (6, 5) for row, column in touched)


# ---- the latent plane ----


@pytest.fixture
def plane():
    codes, labels = draws(300, 2, dtype=torch.float32), torch.arange(300) % 10

    def decode(z):  # brightness tells where the code is
        return z.sum(1).sigmoid()[:, None, None, None].expand(-1, 1, 8, 8)

    return latent_plane(
        {"plain": (decode, codes * torch.tensor([5.0, 1.0])), "VAE": (decode, codes)}, labels, "0123456789"
    )


def test_the_latent_plane_follows_the_point_and_the_model(plane):
    seen = {bytes(plane.picture.value)}
    for change in (lambda: plane.pad.set_trait("x", 0.7), lambda: plane.pad.set_trait("y", 0.2)):
        change()
        seen.add(bytes(plane.picture.value))
    assert len(seen) == 3
    low, high = plane.limits["plain"]
    assert plane.code() == pytest.approx((low + 0.7 * (high - low), low + 0.2 * (high - low)))
    before = plane.pad.png64
    plane.model.value = "VAE"
    assert plane.pad.png64 != before
    assert "VAE: code" in plane.text.value and "VAE: code" in plane.pad.label
    assert plane.still().startswith(b"\x89PNG")


def test_the_latent_plane_counts_what_is_near(plane):
    plane.pad.x = plane.pad.y = 0.5
    centre = plane.near()
    plane.pad.x = plane.pad.y = 0.0
    assert centre > 10 > plane.near()


def test_the_latent_plane_draws_at_its_edges(plane):
    for x, y in ((0.0, 0.0), (1.0, 1.0), (0.0, 1.0)):
        plane.pad.x, plane.pad.y = x, y
        assert bytes(plane.picture.value).startswith(b"\x89PNG")


def test_a_grid_of_codes_runs_from_the_top_left():
    codes = grid_codes((1.0, 2.0), 0.5, 3)
    assert codes[0].tolist() == [0.5, 2.5]
    assert codes[4].tolist() == [1.0, 2.0]
    assert codes[-1].tolist() == [1.5, 1.5]
