"""Exercises of lesson 38, pictures as sentences."""

import torch
from torch import Tensor

from helpers import image_tokens as tokens
from helpers.exercises.core import Exercise, Wrong, register
from helpers.models import vq_vae

LESSON = "38_image_tokens"


def _numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _codes(*shape: int, high: int = 8, seed: int = 0) -> Tensor:
    return torch.randint(high, shape, generator=torch.Generator().manual_seed(seed))


def _book_cases() -> list[tuple[Tensor, Tensor]]:
    long = torch.tensor([[2.0, 0.0], [0.0, 2.0], [9.0, 9.0], [-1.0, -1.0]])  # the longest wins each dot product
    return [(_numbers(3, 4, 2), long), (2 * _numbers(5, 3, seed=1), _numbers(6, 3, seed=2))]


def _vector_cases() -> list[tuple[Tensor, Tensor]]:
    return [(_numbers(4, 3).requires_grad_(), _numbers(4, 3, seed=1).requires_grad_())]


def _gradient_law(answer) -> None:
    (z, quantized), weight = _vector_cases()[0], _numbers(4, 3, seed=5)
    out = answer(z, quantized)
    if not out.requires_grad:
        raise Wrong("the values are right, but no gradient comes through: take only the difference out of the graph")
    (weight * out).sum().backward()
    if z.grad is None:
        raise Wrong("the values are right, but z gets no gradient: add the difference to z, do not replace z")
    if not torch.allclose(z.grad, weight):
        raise Wrong("the values are right, but z's gradient is not the output's: it should arrive as it is")
    if quantized.grad is not None:
        raise Wrong("z's gradient is right, but the codes get one as well: detach the whole difference")


def _vq_gradient_law(answer) -> None:
    (z, quantized), (z2, quantized2) = _vector_cases()[0], _vector_cases()[0]
    answer(z, quantized, 0.1).backward()
    vq_vae.vq_loss(z2, quantized2, 0.1).backward()
    for name, mine, want in (("z", z.grad, z2.grad), ("the codes", quantized.grad, quantized2.grad)):
        if mine is None or not torch.allclose(mine, want, atol=1e-6):
            raise Wrong(
                f"the value is right, but not the gradient of {name}: the codes move by the first term alone, z by the "
                "second alone; detach what must stand still in each"
            )


register(
    Exercise(
        "nearest_codes", LESSON, 2, 10, vq_vae.nearest_codes,
        cases=_book_cases,
        mistakes={
            "You took the largest dot product: a long vector wins that though it lies far away. Compare distances.":
                lambda z, codebook: (z @ codebook.T).argmax(-1),
            "That is the farthest code: the smallest distance is asked for.":
                lambda z, codebook: torch.cdist(z, codebook).argmax(-1),
            "You gave the distances, not the numbers of the codes: argmin, not amin.":
                lambda z, codebook: torch.cdist(z, codebook).amin(-1),
            "You searched the nearest z for each code: each z needs a code, so argmin goes over the codes.":
                lambda z, codebook: torch.cdist(z, codebook).argmin(-2),
            "You gave the codes themselves: their numbers are asked for.":
                lambda z, codebook: codebook[torch.cdist(z, codebook).argmin(-1)],
        },
        hints=(
            "The distance of every z to every code is a table, (..., K). Take all differences first.",
            "z[..., None, :] - codebook has one more dimension: square, add up the last, take argmin over the codes.",
            "(z[..., None, :] - codebook).square().sum(-1).argmin(-1), or torch.cdist",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "straight_through", LESSON, 3, 10, vq_vae.straight_through,
        cases=_vector_cases,
        mistakes={
            "You gave z: the decoder must see the code.":
                lambda z, quantized: z + (z - z).detach(),
            "The difference has the wrong sign: from z to the code is quantized - z.":
                lambda z, quantized: z + (z - quantized).detach(),
            "You added the code to z: what is added is the way from z to it.":
                lambda z, quantized: z + quantized.detach(),
            "You took the mean of both: going forward, only the code counts.":
                lambda z, quantized: (z + quantized) / 2,
        },
        laws=[_gradient_law],
        hints=(
            "Going forward the result must be the code; going back it must look like z itself.",
            "x.detach() has x's values and no gradient. Write the code as z + (what is missing).",
            "z + (quantized - z).detach()",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "vq_loss", LESSON, 3, 12, vq_vae.vq_loss,
        cases=lambda: [(_numbers(4, 3), _numbers(4, 3, seed=1), 0.25), (_numbers(2, 5), _numbers(2, 5, seed=2), 2.0)],
        mistakes={
            "The commitment term is missing: beta times the same distance, with the other side held still.":
                lambda z, e, beta: (z - e).square().mean(),
            "Both terms carry beta: only the commitment does.":
                lambda z, e, beta: 2 * beta * (z - e).square().mean(),
            "You added up the squares: take their mean.":
                lambda z, e, beta: (1 + beta) * (z - e).square().sum(),
            "The square is missing.":
                lambda z, e, beta: (1 + beta) * (z - e).abs().mean(),
        },
        laws=[_vq_gradient_law],
        hints=(
            "Two mean squared distances between the same things; they differ in which side is detached.",
            "The codes move to z: (z.detach() - quantized). The vectors move to the codes: (z - quantized.detach()).",
            "(z.detach() - quantized).square().mean() + beta * (z - quantized.detach()).square().mean()",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "code_perplexity", LESSON, 2, 8, vq_vae.code_perplexity,
        cases=lambda: [(_codes(50), 8), (_codes(4, 6, high=3, seed=1), 5)],
        mistakes={
            "That is how many codes occur: a code used once counts there as much as one used a thousand times.":
                lambda codes, n_codes: float(len(codes.unique())),
            "That is the entropy, in nats; the perplexity is its exponential.":
                lambda codes, n_codes: float(torch.tensor(vq_vae.code_perplexity(codes, n_codes)).log()),
            "The entropy has lost its minus sign: you get one over the perplexity.":
                lambda codes, n_codes: 1 / vq_vae.code_perplexity(codes, n_codes),
            "You divided by the size of the codebook: the number itself is asked for, not a share.":
                lambda codes, n_codes: vq_vae.code_perplexity(codes, n_codes) / n_codes,
        },
        hints=(
            "First the share p of each code: torch.bincount(codes.flatten(), minlength=n_codes) counts.",
            "Codes that never occur add 0; torch.special.entr(p) is -p ln p with that rule.",
            "torch.special.entr(p).sum().exp().item()",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "pack", LESSON, 2, 8, tokens.pack,
        cases=lambda: [(_codes(2, 5, high=40), _codes(2, 6)), (_codes(1, 3, high=40, seed=1), _codes(1, 4, seed=2))],
        mistakes={
            "Codes and words share numbers: shift the codes, or code 3 is read as a word.":
                lambda words, codes: torch.cat([words, torch.full((len(words), 1), tokens.IMAGE), codes], 1),
            "The word <image> is missing: how does the model know that the caption is over?":
                lambda words, codes: torch.cat([words, tokens.FIRST_CODE + codes], 1),
            "The picture stands before its caption: what comes first cannot look at what comes later.":
                lambda words, codes: torch.cat(
                    [tokens.FIRST_CODE + codes, torch.full((len(words), 1), tokens.IMAGE), words], 1),
            "Code 0 got the number of <image>: codes begin one further.":
                lambda words, codes: torch.cat(
                    [words, torch.full((len(words), 1), tokens.IMAGE), tokens.IMAGE + codes], 1),
        },
        hints=(
            "Three parts side by side: torch.cat([...], 1).",
            "The part in the middle is one column: torch.full((len(words), 1), IMAGE).",
            "torch.cat([words, torch.full((len(words), 1), IMAGE), FIRST_CODE + codes], 1)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "guided", LESSON, 2, 8, tokens.guided,
        cases=lambda: [(_numbers(2, 5), _numbers(2, 5, seed=1), 3.0), (_numbers(4), _numbers(4, seed=2), 0.5)],
        mistakes={
            "Scale 1 must give the logits with the caption, scale 0 those without: you start from the wrong ones.":
                lambda told, untold, scale: told + scale * (told - untold),
            "You go the wrong way: from the logits without a caption to those with it.":
                lambda told, untold, scale: untold + scale * (untold - told),
            "Told and untold are swapped: scale 1 must give the logits with the caption.":
                lambda told, untold, scale: told + scale * (untold - told),
            "You only stretched the logits with the caption: the others are not used.":
                lambda told, untold, scale: scale * told,
            "You forgot to start from the logits without a caption.":
                lambda told, untold, scale: scale * (told - untold),
        },
        hints=(
            "The caption's effect is a difference: told - untold.",
            "Start without the caption, and add `scale` times its effect.",
            "untold + scale * (told - untold)",
        ),
    )
)  # fmt: skip
