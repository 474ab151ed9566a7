"""Exercises of lesson 33, the Transformer that translates."""

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.exercises.core import Exercise, Wrong, register
from helpers.models.attention import causal_mask
from helpers.sampling import length_penalty


def decoder_mask(target: Tensor, pad: int) -> Tensor:
    """Where each written word may look among the written: back, and at no padding; (B, T) -> (B, 1, T, T)."""
    real = (target != pad)[:, None, None, :]  # (B, 1, 1, T): which columns are words
    return real & causal_mask(target.shape[1])


def shift_right(target: Tensor) -> tuple[Tensor, Tensor]:
    """Split targets, (B, T), into what the decoder is given and what it must say there, (B, T - 1) each."""
    return target[:, :-1], target[:, 1:]


def label_smoothing(logits: Tensor, targets: Tensor, epsilon: float) -> Tensor:
    """Cross-entropy with a target that keeps `epsilon` for all words alike: logits (N, V), targets (N,) -> one number.

    Source: Szegedy et al. 2016, arXiv:1512.00567, section 7.
    """
    log_probs = logits.log_softmax(-1)  # (N, V)
    right = log_probs.gather(1, targets[:, None])[:, 0]  # (N,)
    everywhere = log_probs.mean(-1)  # (N,): the mean over the vocabulary
    return -((1 - epsilon) * right + epsilon * everywhere).mean()


def warm_up(step: int, d_model: int, warmup: int) -> float:
    """Learning rate at a step, which counts from 1: up in a straight line, then down as one over a square root.

    Source: Vaswani et al. 2017, arXiv:1706.03762, equation 3.
    """
    return d_model**-0.5 * min(step**-0.5, step * warmup**-1.5)


def beam_step(totals: Tensor, log_probs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """One step of beam search: K totals, (K,), and the next words' log-probabilities, (K, V), give the K best again.

    Returns the new totals, best first, the row that each goes on from, and the word that it adds, (K,) each.
    """
    candidates = totals[:, None] + log_probs  # (K, V)
    best = candidates.flatten().topk(len(totals))
    vocab_size = log_probs.shape[1]
    return best.values, best.indices // vocab_size, best.indices % vocab_size


def _numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _is_boolean(answer) -> None:
    mask = answer(torch.tensor([[1, 4, 0]]), 0)
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        raise Wrong("the places are right, but a mask holds booleans: compare, and join comparisons with &.")


def _smoothing_is_torchs(answer) -> None:
    logits, targets = _numbers(6, 5, seed=8), torch.tensor([0, 1, 2, 3, 4, 0])
    want = F.cross_entropy(logits, targets, label_smoothing=0.3)
    if not torch.allclose(torch.as_tensor(answer(logits, targets, 0.3)), want, atol=1e-5):
        raise Wrong(f"torch's own label_smoothing=0.3 gives {want:.4f} here, yours another number")


def _per_row(totals: Tensor, log_probs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    best = (totals[:, None] + log_probs).max(1)
    return best.values, torch.arange(len(totals)), best.indices


def _swapped(totals: Tensor, log_probs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    values, rows, words = beam_step(totals, log_probs)
    return values, words, rows


def _by_height(totals: Tensor, log_probs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    best = (totals[:, None] + log_probs).flatten().topk(len(totals))
    return best.values, best.indices // len(totals), best.indices % len(totals)


register(
    Exercise(
        "decoder_mask", "33_encoder_decoder", 2, 10, decoder_mask,
        cases=lambda: [(torch.tensor([[1, 5, 7, 2], [1, 6, 2, 0]]), 0), (torch.tensor([[1, 9, 9, 9, 9]]), 9)],
        mistakes={
            "It may look ahead: join the padding mask with the causal mask, or the answer stands in the input.":
                lambda y, pad: (y != pad)[:, None, None, :].expand(-1, 1, y.shape[1], -1),
            "Padding is looked at: join the causal mask with the mask of the real words.":
                lambda y, pad: causal_mask(y.shape[1]).expand(len(y), 1, -1, -1),
            "You joined the masks with `or`: both have to allow a place, which is &.":
                lambda y, pad: (y != pad)[:, None, None, :] | causal_mask(y.shape[1]),
            "You blotted out the rows of the padding: a column is what is looked at, so hide columns.":
                lambda y, pad: (y != pad)[:, None, :, None] & causal_mask(y.shape[1]),
            "The dimension of the heads is missing: (B, 1, T, T), so that one mask serves all heads.":
                lambda y, pad: (y != pad)[:, None, :] & causal_mask(y.shape[1]),
            "The mask is upside down: True is where a word may look.":
                lambda y, pad: ~((y != pad)[:, None, None, :] & causal_mask(y.shape[1])),
        },
        laws=[_is_boolean],
        hints=(
            "Two masks, joined: one for the padding, one for the future.",
            "(target != pad)[:, None, None, :] has shape (B, 1, 1, T) and hides columns; causal_mask(T) has (T, T).",
            "Join them with &; the ones stretch to (B, 1, T, T).",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "shift_right", "33_encoder_decoder", 1, 5, shift_right,
        cases=lambda: [(torch.tensor([[1, 5, 7, 2], [1, 6, 2, 0]]),), (torch.tensor([[1, 4, 2]]),)],
        mistakes={
            "Given and wanted are the same words: the decoder would only have to copy. Wanted is one place further.":
                lambda y: (y[:, :-1], y[:, :-1]),
            "Given and wanted are the same words: the decoder would only have to copy. Given begins with <bos>.":
                lambda y: (y[:, 1:], y[:, 1:]),
            "They are the wrong way round: given are the words up to the last but one, wanted those from the second.":
                lambda y: (y[:, 1:], y[:, :-1]),
            "They differ in length from what is asked for: T words make T - 1 steps.":
                lambda y: (y, y[:, 1:]),
            "You rolled the words round: <bos> is never wanted. Cut the last word off, and the first.":
                lambda y: (y, y.roll(-1, 1)),
        },
        hints=(
            "Write a short target down twice, the second time one place further left.",
            "Given: all but the last column. Wanted: all but the first.",
            "target[:, :-1], target[:, 1:]",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "label_smoothing", "33_encoder_decoder", 3, 15, label_smoothing,
        cases=lambda: [(_numbers(4, 6), torch.tensor([0, 5, 2, 2]), 0.1),
                       (3 * _numbers(3, 9, seed=1), torch.tensor([8, 0, 4]), 0.3)],
        mistakes={
            "There is no smoothing in it: that is the plain cross-entropy.":
                lambda z, y, e: F.cross_entropy(z, y),
            "You summed the log-probabilities of all words: each gets epsilon / V, so take their mean.":
                lambda z, y, e: -((1 - e) * z.log_softmax(-1).gather(1, y[:, None])[:, 0]
                                  + e * z.log_softmax(-1).sum(-1)).mean(),
            "The right word lost nothing: it keeps 1 - epsilon (and its share of what all get).":
                lambda z, y, e: F.cross_entropy(z, y) - e * z.log_softmax(-1).mean(),
            "You gave epsilon to the wrong words only: it is spread over all V words, the right one among them.":
                lambda z, y, e: F.cross_entropy(z, y, label_smoothing=e * z.shape[1] / (z.shape[1] - 1)),
            "Epsilon and 1 - epsilon are swapped.":
                lambda z, y, e: F.cross_entropy(z, y, label_smoothing=1 - e),
            "The sign: a loss is minus the log-probability.":
                lambda z, y, e: -F.cross_entropy(z, y, label_smoothing=e),
            "You summed over the words of the batch: take their mean.":
                lambda z, y, e: F.cross_entropy(z, y, label_smoothing=e, reduction="sum"),
        },
        laws=[_smoothing_is_torchs],
        hints=(
            "Two parts: what the right word costs, and what all words cost on average.",
            "log_probs = logits.log_softmax(-1); the right ones are log_probs.gather(1, targets[:, None])[:, 0].",
            "-((1 - epsilon) * right + epsilon * log_probs.mean(-1)).mean()",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "warm_up", "33_encoder_decoder", 2, 10, warm_up,
        cases=lambda: [(1, 512, 4000), (4000, 512, 4000), (16_000, 512, 4000), (50, 64, 400), (900, 64, 400)],
        mistakes={
            "After the warm-up it still rises: take the smaller of the two numbers.":
                lambda i, d, w: d**-0.5 * i * w**-1.5,
            "Early on you are on the falling line, which begins high: take the smaller of the two numbers.":
                lambda i, d, w: d**-0.5 * max(i**-0.5, i * w**-1.5),
            "d_model is missing: wider models get a smaller rate.":
                lambda i, d, w: min(i**-0.5, i * w**-1.5),
            "d_model to the power 1/2 makes the rate grow with the width: the power is -1/2.":
                lambda i, d, w: d**0.5 * min(i**-0.5, i * w**-1.5),
            "The two lines do not meet at the end of the warm-up: the rise is step * warmup ** -1.5.":
                lambda i, d, w: d**-0.5 * min(i**-0.5, i * w**-0.5),
        },
        tolerance=1e-7,
        hints=(
            "A factor in front, then the smaller of two numbers.",
            "A square root in the denominator is the power -0.5.",
            "d_model ** -0.5 * min(step ** -0.5, step * warmup ** -1.5)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "beam_step", "33_encoder_decoder", 4, 15, beam_step,
        cases=lambda: [(torch.tensor([-0.1, -3.0]), _numbers(2, 5).log_softmax(-1)),
                       (torch.tensor([-1.0, -1.1, -1.2]), _numbers(3, 7, seed=1).log_softmax(-1)),
                       (torch.tensor([-2.0]), _numbers(1, 4, seed=2).log_softmax(-1))],
        mistakes={
            "Each beginning kept its own best word: that is greedy decoding from K beginnings. All K * V compete.":
                _per_row,
            "You compared the new words alone: a text's log-probability is that of its beginning plus the new word's.":
                lambda t, p: (p.flatten().topk(len(t)).values, p.flatten().topk(len(t)).indices // p.shape[1],
                              p.flatten().topk(len(t)).indices % p.shape[1]),
            "Rows and words are swapped: index // V is the row, index % V the word.":
                _swapped,
            "You divided by K: a row of the flattened table has V places.":
                _by_height,
            "You returned places in the flattened table: take them apart with // and %.":
                lambda t, p: (beam_step(t, p)[0], *[(t[:, None] + p).flatten().topk(len(t)).indices] * 2),
            "You kept the unlikeliest: log-probabilities are negative, and the largest is the best.":
                lambda t, p: ((v := (t[:, None] + p).flatten().topk(len(t), largest=False)).values,
                              v.indices // p.shape[1], v.indices % p.shape[1]),
        },
        hints=(
            "totals[:, None] + log_probs gives all K * V candidates.",
            "Flatten them and take topk(K): values and places.",
            "In a flattened table with V columns, place i stands in row i // V and column i % V.",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "length_penalty", "33_encoder_decoder", 2, 5, length_penalty,
        cases=lambda: [(torch.tensor([-2.0, -3.0, -5.0]), torch.tensor([1, 7, 13]), 0.6),
                       (torch.tensor([-1.5, -4.0]), torch.tensor([4, 9]), 1.0),
                       (torch.tensor([-1.5, -4.0]), torch.tensor([4, 9]), 0.0)],
        mistakes={
            "You multiplied: log-probabilities are negative, so that punishes long texts once more. Divide.":
                lambda p, n, a: p * ((5 + n) / 6) ** a,
            "That is the plain mean over the words; here the length counts as (5 + length) / 6, to the power alpha.":
                lambda p, n, a: p / n**a,
            "Alpha is a power, not a factor.":
                lambda p, n, a: p / (a * (5 + n) / 6),
            "You subtracted the penalty: divide by it.":
                lambda p, n, a: p - ((5 + n) / 6) ** a,
            "Alpha is missing: raise (5 + length) / 6 to that power.":
                lambda p, n, a: p / ((5 + n) / 6),
            "Only the top of the fraction is raised to the power: put brackets around (5 + length) / 6.":
                lambda p, n, a: p / ((5 + n) ** a / 6),
        },
        hints=(
            "One line: the log-probability, divided by something that grows with the length.",
            "The something is (5 + length) / 6, raised to the power alpha.",
            "log_prob / ((5 + length) / 6) ** alpha",
        ),
    )
)  # fmt: skip
