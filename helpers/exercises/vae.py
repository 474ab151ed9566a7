"""Exercises of part 2, VAEs."""

import math

import torch
from torch import Tensor

from helpers import losses
from helpers.exercises.core import Exercise, Wrong, register


def _numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _picture_cases() -> list[tuple[Tensor, Tensor]]:
    grey = torch.rand(3, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    return [(_numbers(3, 1, 4, 4), grey.round()), (_numbers(2, 1, 4, 4, seed=2), grey[:2])]


def _sure_and_wrong() -> tuple[Tensor, Tensor]:
    """Logits of 200 for black pixels: 200 nats each."""
    return torch.full((1, 1, 2, 2), 200.0), torch.zeros(1, 1, 2, 2)


def _code_cases() -> list[tuple[Tensor, Tensor]]:
    return [(_numbers(4, 3), _numbers(4, 3, seed=1)), (_numbers(2, 5, seed=2), 0.5 * _numbers(2, 5, seed=3))]


register(
    Exercise(
        "bernoulli_nll", "22_vae", 2, 10, losses.bernoulli_nll,
        cases=lambda: [*_picture_cases(), _sure_and_wrong()],
        mistakes={
            "That is the mean over pixels: nats per example are the sum, so that pixels and KL are in one unit.":
                lambda logits, x: losses.bernoulli_nll(logits, x) / logits[0].numel(),
            "The sign is flipped: a cost is the negative logarithm of a probability.":
                lambda logits, x: -losses.bernoulli_nll(logits, x),
            "You averaged over the batch: return one number for each picture.":
                lambda logits, x: losses.bernoulli_nll(logits, x).mean(),
            "You left out the black pixels: they cost -(1 - x) log(1 - p).":
                lambda logits, x: -(x * logits.sigmoid().log()).flatten(1).sum(1),
            "The sigmoid of 200 is rounded to 1 and log(0) is infinite: work with logits throughout.":
                lambda logits, x: -(x * logits.sigmoid().log() + (1 - x) * (1 - logits.sigmoid()).log())
                .nan_to_num(0.0, neginf=-torch.inf).flatten(1).sum(1),
            "A small number inside the logarithm caps the price of being sure and wrong: work with logits throughout.":
                lambda logits, x: -(x * (logits.sigmoid() + 1e-8).log() + (1 - x) * (1 - logits.sigmoid() + 1e-8).log())
                .flatten(1).sum(1),
            "binary_cross_entropy after a sigmoid caps each pixel at 100 nats: use the form that takes logits.":
                lambda logits, x: torch.nn.functional.binary_cross_entropy(logits.sigmoid(), x, reduction="none")
                .flatten(1).sum(1),
            "You took the sigmoid twice: a function that says `with_logits` wants the logits.":
                lambda logits, x: losses.bernoulli_nll(logits.sigmoid(), x),
        },
        hints=(
            "A white pixel costs -log p, a black one -log(1 - p), with p the sigmoid of the logit.",
            "torch.nn.functional.binary_cross_entropy_with_logits has this formula; look at its argument `reduction`.",
            'With reduction="none", then .flatten(1).sum(1): one number for each picture.',
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "reparameterize", "22_vae", 1, 5, losses.reparameterize,
        cases=lambda: [(mu, logvar, _numbers(*mu.shape, seed=7)) for mu, logvar in _code_cases()],
        mistakes={
            "You used the variance as the spread: the standard deviation is exp(logvar / 2).":
                lambda mu, logvar, eps: mu + logvar.exp() * eps,
            "You used logvar itself as the spread; take it out of the logarithm first.":
                lambda mu, logvar, eps: mu + logvar * eps,
            "You halved logvar but left it a logarithm: the standard deviation is exp(logvar / 2).":
                lambda mu, logvar, eps: mu + 0.5 * logvar * eps,
            "You scaled the mean as well: only the noise is stretched, then mu is added.":
                lambda mu, logvar, eps: (0.5 * logvar).exp() * (mu + eps),
            "You returned the noise around zero: mu is missing.":
                lambda mu, logvar, eps: (0.5 * logvar).exp() * eps,
        },
        laws=[lambda answer: _gradient_arrives(answer)],
        hints=(
            "Start from standard noise, stretch it, then shift it.",
            "The standard deviation is the square root of the variance: exp(logvar) ** 0.5 = exp(logvar / 2).",
            "mu + (0.5 * logvar).exp() * eps",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "gaussian_kl", "22_vae", 2, 10, losses.gaussian_kl,
        cases=_code_cases,
        mistakes={
            "You averaged over the latent numbers: each adds its own cost, so sum them.":
                lambda mu, logvar: losses.gaussian_kl_by_unit(mu, logvar).mean(1),
            "The sign is flipped: a KL is never negative.":
                lambda mu, logvar: -losses.gaussian_kl(mu, logvar),
            "The factor one half is missing.":
                lambda mu, logvar: 2 * losses.gaussian_kl(mu, logvar),
            "You took logvar for the logarithm of the standard deviation; it is the logarithm of the variance.":
                lambda mu, logvar: losses.gaussian_kl(mu, 2 * logvar),
            "You forgot the square of mu.":
                lambda mu, logvar: 0.5 * (mu + logvar.exp() - logvar - 1).sum(1),
        },
        hints=(
            "Write the formula for one latent number first: four terms.",
            "The variance is logvar.exp(); the sum runs over dimension 1.",
            "0.5 * (mu**2 + logvar.exp() - logvar - 1).sum(1)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "elbo", "22_vae", 2, 5, losses.elbo,
        cases=lambda: [
            (logits, x, mu, logvar, beta)
            for (logits, x), beta in zip(_picture_cases(), (1.0, 4.0), strict=True)
            for mu, logvar in [(_numbers(len(x), 2), _numbers(len(x), 2, seed=1))]
        ],
        mistakes={
            "That is the loss: the bound is its negative, larger is better.":
                lambda *a: -losses.elbo(*a),
            "You added the KL: it is a price, subtract it.":
                lambda logits, x, mu, logvar, beta: -losses.bernoulli_nll(logits, x)
                + beta * losses.gaussian_kl(mu, logvar),
            "beta is not used: it multiplies the KL.":
                lambda logits, x, mu, logvar, beta: losses.elbo(logits, x, mu, logvar),
            "beta belongs to the KL, not to the reconstruction.":
                lambda logits, x, mu, logvar, beta: -beta * losses.bernoulli_nll(logits, x)
                - losses.gaussian_kl(mu, logvar),
            "You averaged over the batch: return one bound for each picture.":
                lambda *a: losses.elbo(*a).mean(),
        },
        hints=(
            "Two prices are paid: the reconstruction and, times beta, the KL.",
            "Use bernoulli_nll(logits, targets) and gaussian_kl(mu, logvar); both are costs.",
            "-bernoulli_nll(logits, targets) - beta * gaussian_kl(mu, logvar)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "importance_weighted_bound", "22_vae", 3, 10, losses.importance_weighted_bound,
        cases=lambda: [(_numbers(5, 3),), (_numbers(10, 4, seed=1) - 3,), (_numbers(3, 2, seed=2) - 200,)],
        mistakes={
            "You averaged the logarithms: that is the ELBO again. Average the weights, then take the logarithm.":
                lambda log_w: log_w.mean(0),
            "You summed the weights without dividing by K: subtract log K.":
                lambda log_w: torch.logsumexp(log_w, 0),
            "You worked over the examples: the K draws are dimension 0.":
                lambda log_w: torch.logsumexp(log_w, 1) - math.log(log_w.shape[1]),
            "You took the best draw alone; all K count.":
                lambda log_w: log_w.amax(0),
            "exp() of -200 is zero in 32 bits, and its logarithm -inf: use torch.logsumexp.":
                lambda log_w: log_w.exp().mean(0).log(),
        },
        hints=(
            "The bound is the logarithm of a mean of weights, and you hold the weights' logarithms.",
            "torch.logsumexp(log_w, 0) is log of the sum of exp(log_w), without underflow.",
            "A mean is a sum over K: subtract math.log(K).",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "free_bits", "22_vae", 3, 10, losses.free_bits,
        cases=lambda: [
            (losses.gaussian_kl_by_unit(*_code_cases()[0]), 0.9),
            (losses.gaussian_kl_by_unit(*_code_cases()[1]), 0.5),
            (torch.tensor([[0.0, 2.0, 0.1], [0.6, 1.0, 0.1]]), 0.25),
        ],
        mistakes={
            "You clamped each example before averaging: the allowance is for the batch's mean KL of each unit.":
                lambda kl, floor: kl.clamp(min=floor).mean(0).sum(),
            "You capped the KL from above; units below the floor are to be lifted to it: clamp(min=floor).":
                lambda kl, floor: kl.mean(0).clamp(max=floor).sum(),
            "You gave one allowance to the whole code; every latent number has its own.":
                lambda kl, floor: kl.mean(0).sum().clamp(min=floor),
            "You subtracted the allowance: a unit below the floor then counts 0 instead of the floor.":
                lambda kl, floor: (kl.mean(0) - floor).clamp(min=0).sum(),
            "You averaged over the latent numbers: sum them, to stay in nats per example.":
                lambda kl, floor: kl.mean(0).clamp(min=floor).mean(),
        },
        hints=(
            "First the mean over the batch: one KL for each latent number.",
            "clamp(min=floor) has slope zero below the floor: no gradient pushes such a unit down any more.",
            "kl_by_unit.mean(0).clamp(min=floor).sum()",
        ),
    )
)  # fmt: skip


def _gradient_arrives(answer) -> None:
    mu, logvar = torch.zeros(1, 2, requires_grad=True), torch.zeros(1, 2, requires_grad=True)
    z = answer(mu, logvar, torch.ones(1, 2))
    if z.requires_grad:
        z.sum().backward()
    for name, part in (("mu", mu), ("logvar", logvar)):
        if part.grad is None or not part.grad.abs().sum():
            raise Wrong(f"no gradient reaches {name}: compute z from it, without .detach() or torch.no_grad().")
