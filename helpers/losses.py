"""The losses of all lessons: pure functions of tensors, each with its formula, its unit and its source."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

# ---- Variational autoencoders: everything in nats per example ----


def bernoulli_nll(logits: Tensor, targets: Tensor) -> Tensor:
    r"""Reconstruction loss: what it costs, in nats, to tell black-or-white pixels to someone who knows the logits.

    $$-\log p(x\mid z) = -\sum_d \left[x_d \log p_d + (1 - x_d)\log(1 - p_d)\right], \quad p_d = \sigma(\ell_d)$$

    A grey target x_d counts as "white with probability x_d": the result is then the mean cost over all such
    roundings to black and white.

    Args:
        logits: Shape (B, ...).
        targets: The pixels, same shape, values in [0, 1].
    Returns:
        Nats per example, summed over everything but the batch, shape (B,).
    Raises:
        ValueError: If the shapes differ, or a pixel is outside [0, 1]; the message quotes it.
    """
    _same_shape(logits=logits, targets=targets)
    low, high = targets.min().item(), targets.max().item()
    if not (low >= 0 and high <= 1):
        raise ValueError(f"targets go from {low:.3g} to {high:.3g}; pixels must lie in [0, 1]: divide bytes by 255.")
    return F.binary_cross_entropy_with_logits(logits, targets, reduction="none").flatten(1).sum(1)


def gaussian_kl(mu: Tensor, logvar: Tensor) -> Tensor:
    r"""KL divergence from N(mu, exp(logvar)) to N(0, I), per example.

    $$\mathrm{KL} = \tfrac12\sum_j \left(\mu_j^2 + e^{\ell_j} - \ell_j - 1\right)$$

    Args:
        mu: Posterior means, shape (B, Z).
        logvar: Natural log of the posterior variances, shape (B, Z).
    Returns:
        Nats per example, shape (B,), never negative.
    Raises:
        ValueError: If the shapes differ; the message quotes both.
    Source: Kingma & Welling 2014, arXiv:1312.6114, appendix B.
    """
    return gaussian_kl_by_unit(mu, logvar).sum(1)


def gaussian_kl_by_unit(mu: Tensor, logvar: Tensor) -> Tensor:
    """The same KL before the sum: nats of each latent number, shape (B, Z)."""
    _same_shape(mu=mu, logvar=logvar)
    if mu.ndim != 2:
        raise ValueError(f"mu and logvar have shape {tuple(mu.shape)}; give (B, Z), one row for each example.")
    return 0.5 * (mu**2 + logvar.exp() - logvar - 1)


def gaussian_log_prob(z: Tensor, mu: Tensor | float = 0.0, logvar: Tensor | float = 0.0) -> Tensor:
    r"""Log density of N(mu, exp(logvar)), independent over the last dimension; the standard normal unless told.

    $$\log \mathcal N(z) = -\tfrac12\sum_j \left[\ell_j + (z_j - \mu_j)^2 e^{-\ell_j} + \log 2\pi\right]$$

    Args:
        z: Shape (..., Z).
        mu, logvar: Numbers, or tensors that broadcast with z.
    Returns:
        Nats, shape (...).
    """
    logvar = torch.as_tensor(logvar, dtype=z.dtype, device=z.device)
    return -0.5 * (logvar + (z - mu) ** 2 * (-logvar).exp() + math.log(2 * math.pi)).sum(-1)


def reparameterize(mu: Tensor, logvar: Tensor, eps: Tensor) -> Tensor:
    r"""Draw from N(mu, exp(logvar)) so that gradients reach mu and logvar.

    $$z = \mu + e^{\ell/2}\,\varepsilon, \quad \varepsilon \sim \mathcal N(0, I)$$

    Args:
        mu, logvar: Shape (B, Z).
        eps: Standard normal noise, shape (..., B, Z): K draws of each code are one tensor (K, B, Z).
    Returns:
        The shape of eps.
    Raises:
        ValueError: If mu and logvar differ in shape, or eps does not end in it; the message quotes them.
    Source: Kingma & Welling 2014, arXiv:1312.6114, section 2.4.
    """
    _same_shape(mu=mu, logvar=logvar)
    if eps.shape[-mu.ndim :] != mu.shape:
        raise ValueError(f"eps has shape {tuple(eps.shape)}, which does not end in mu's {tuple(mu.shape)}.")
    return mu + (0.5 * logvar).exp() * eps


def elbo(logits: Tensor, targets: Tensor, mu: Tensor, logvar: Tensor, beta: float = 1.0) -> Tensor:
    r"""Evidence lower bound of each example, from one code drawn for it; training minimizes its negative.

    $$\mathrm{ELBO} = \log p(x\mid z) - \beta\,\mathrm{KL}\!\left(q(z\mid x)\,\|\,p(z)\right)$$

    Args:
        logits: Decoded from one draw of the code, shape (B, ...).
        targets: The pixels, same shape, values in [0, 1].
        mu, logvar: The code's distribution, shape (B, Z).
        beta: Weight of the KL, at least 0; a bound on log p(x) for 1 and above.
    Returns:
        Nats per example, shape (B,).
    Raises:
        ValueError: If beta is negative, or shapes or ranges are wrong; the message quotes them.
    Source: Kingma & Welling 2014, arXiv:1312.6114, eq. 7; beta from Higgins et al. 2017.
    """
    if beta < 0:
        raise ValueError(f"beta is {beta}; a negative weight would reward codes that fit no prior: give 0 or more.")
    return -bernoulli_nll(logits, targets) - beta * gaussian_kl(mu, logvar)


def importance_weighted_bound(log_w: Tensor) -> Tensor:
    r"""A bound on log p(x) from K weighted draws; K = 1 is the ELBO, a larger K is tighter.

    $$\mathcal L_K = \log \frac1K \sum_{k=1}^K w_k, \quad w_k = \frac{p(x\mid z_k)\,p(z_k)}{q(z_k\mid x)}$$

    Args:
        log_w: Natural logs of the weights, shape (K, B), finite.
    Returns:
        Nats per example, shape (B,).
    Raises:
        ValueError: If the shape is not (K, B) with K at least 1; the message quotes it.
    Source: Burda, Grosse & Salakhutdinov 2016, arXiv:1509.00519, eq. 8.
    """
    if log_w.ndim != 2 or not log_w.shape[0]:
        raise ValueError(f"log_w has shape {tuple(log_w.shape)}; give (K, B), a row for each draw, K at least 1.")
    return torch.logsumexp(log_w, 0) - math.log(log_w.shape[0])


def free_bits(kl_by_unit: Tensor, floor: float) -> Tensor:
    r"""KL to minimize when each latent number may use `floor` nats for nothing.

    $$\sum_j \max\!\left(\lambda,\ \tfrac1B\sum_b \mathrm{KL}_{bj}\right)$$

    Args:
        kl_by_unit: Shape (B, Z), as `gaussian_kl_by_unit` gives it.
        floor: Lambda, nats per latent number, at least 0; 0 leaves the mean KL as it is.
    Returns:
        One number, nats.
    Raises:
        ValueError: If the floor is negative or the shape is not (B, Z); the message quotes it.
    Source: Kingma et al. 2016, arXiv:1606.04934, the free bits objective, each latent number a group of its own.
    """
    if floor < 0:
        raise ValueError(f"floor is {floor}; give 0 nats or more.")
    if kl_by_unit.ndim != 2:
        raise ValueError(f"kl_by_unit has shape {tuple(kl_by_unit.shape)}; give (B, Z).")
    return kl_by_unit.mean(0).clamp(min=floor).sum()


# ---- Generative adversarial networks: logits in, nats out; a positive logit says "real" ----


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    r"""What the discriminator minimizes: its cost of telling real from generated, 2 log 2 if it cannot.

    $$-\tfrac1B\sum_i \log \sigma(\ell^{real}_i) - \tfrac1B\sum_i \log\left(1 - \sigma(\ell^{fake}_i)\right)$$

    Args:
        real_logits: Of real examples, any shape with at least one number.
        fake_logits: Of generated ones, any shape with at least one number.
    Returns:
        One number in nats: minus the value V(D, G) of the game.
    Raises:
        ValueError: If there are no logits; the message quotes the shape.
    Source: Goodfellow et al. 2014, arXiv:1406.2661, eq. 1.
    """
    return F.softplus(-_logits(real_logits)).mean() + F.softplus(_logits(fake_logits)).mean()


def generator_loss(fake_logits: Tensor) -> Tensor:
    r"""Non-saturating generator loss: how surprised the discriminator is that the generated is real.

    $$-\tfrac1B\sum_i \log \sigma(\ell^{fake}_i)$$

    Args:
        fake_logits: Any shape with at least one number.
    Returns:
        One number in nats, log 2 if the discriminator cannot tell.
    Raises:
        ValueError: If there are no logits; the message quotes the shape.
    Source: Goodfellow et al. 2014, arXiv:1406.2661, end of section 3.
    """
    return F.softplus(-_logits(fake_logits)).mean()


def saturating_generator_loss(fake_logits: Tensor) -> Tensor:
    r"""The generator's side of the minimax game, which gives no slope where the discriminator is sure.

    $$\tfrac1B\sum_i \log\left(1 - \sigma(\ell^{fake}_i)\right)$$

    Args, returns and source as for `generator_loss`; never positive.
    """
    return -F.softplus(_logits(fake_logits)).mean()


def hinge_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    r"""Discriminator's hinge loss: only examples that are not yet beyond the margin of 1 cost anything.

    $$\tfrac1B\sum_i \max(0,\ 1 - \ell^{real}_i) + \tfrac1B\sum_i \max(0,\ 1 + \ell^{fake}_i)$$

    Its generator minimizes the mean of -fake_logits.

    Args:
        real_logits: Of real examples, any shape with at least one number.
        fake_logits: Of generated ones, any shape with at least one number.
    Returns:
        One number, 2 if the discriminator says 0 to everything.
    Raises:
        ValueError: If there are no logits; the message quotes the shape.
    Source: Lim & Ye 2017, arXiv:1705.02894; Miyato et al. 2018, arXiv:1802.05957, eq. 16.
    """
    return F.relu(1 - _logits(real_logits)).mean() + F.relu(1 + _logits(fake_logits)).mean()


def optimal_discriminator(p: Tensor, q: Tensor) -> Tensor:
    r"""The best possible judgement: of all that turns up at x, the share that is real.

    $$D^*(x) = \frac{p(x)}{p(x) + q(x)}$$

    Args:
        p: Density of the real data at some points, not negative.
        q: Density of the generated data at the same points, same shape.
    Returns:
        Probabilities, same shape; one half where both densities are zero.
    Raises:
        ValueError: If the shapes differ; the message quotes both.
    Source: Goodfellow et al. 2014, arXiv:1406.2661, proposition 1.
    """
    _same_shape(p=p, q=q)
    total = p + q
    return torch.where(total > 0, p / total.clamp(min=torch.finfo(total.dtype).tiny), 0.5)


def gradient_penalty(discriminator: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    r"""R1 penalty: the mean squared length of the discriminator's slope at real points.

    $$\tfrac1B\sum_i \left\lVert \nabla_x\,\ell(x_i) \right\rVert^2$$

    Args:
        discriminator: Gives one logit for each example, and judges each by itself.
        x: Real examples, shape (B, ...).
    Returns:
        One number, never negative, that can be minimized; the loss uses gamma / 2 times it.
    Source: Mescheder, Geiger & Nowozin 2018, arXiv:1801.04406, eq. 9.
    """
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x).sum(), x, create_graph=True)
    return slope.flatten(1).square().sum(1).mean()


def _logits(logits: Tensor) -> Tensor:
    if not logits.numel():
        raise ValueError(f"logits have shape {tuple(logits.shape)}; give at least one.")
    return logits


def _same_shape(**tensors: Tensor) -> None:
    (first, a), (second, b) = tensors.items()
    if a.shape != b.shape:
        raise ValueError(f"{first} has shape {tuple(a.shape)}, {second} {tuple(b.shape)}; they must be the same.")
