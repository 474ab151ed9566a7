"""Exercises of lesson 35: hide words by the rule, grade them, train and decode an answer's span, compare answers."""

from collections import Counter

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.exercises.core import Exercise, register
from helpers.reading import best_span, f1, hide_words, masked_loss, normalized, span_loss


def _random(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _hide_cases() -> list[tuple]:
    ids = torch.randint(4, 50, (3, 40), generator=_random(0))
    picked = torch.rand(3, 40, generator=_random(1)) < 0.5
    picked[0, :4] = torch.tensor([True, True, True, False])
    chance = torch.rand(3, 40, generator=_random(2))
    chance[0, :4] = torch.tensor([0.79, 0.85, 0.95, 0.95])
    return [(ids, picked, chance, torch.randint(4, 50, (3, 40), generator=_random(3)), 2)]


def _loss_cases() -> list[tuple]:
    picked = torch.rand(2, 6, generator=_random(6)) < 0.4
    picked[0, 0], picked[1, 5] = True, False
    return [(torch.randn(2, 6, 9, generator=_random(4)), torch.randint(9, (2, 6), generator=_random(5)), picked)]


def _span_cases() -> list[tuple]:
    logits, allowed = torch.randn(3, 8, 2, generator=_random(7)), torch.ones(3, 8, dtype=torch.bool)
    allowed[:, :3], logits[:, :3] = False, logits[:, :3] + 2
    return [(logits, torch.tensor([[3, 4], [5, 5], [6, 7]]), allowed)]


def _decode_cases() -> list[tuple]:
    logits, allowed = torch.randn(6, 10, 2, generator=_random(8)), torch.ones(6, 10, dtype=torch.bool)
    allowed[:, :3], allowed[:, 9] = False, False
    logits[0, 1], logits[1, 8, 0], logits[1, 4, 1] = 6.0, 5.0, 5.0  # an answer in the question; last before first
    logits[2, 3, 0], logits[2, 8, 1] = 5.0, 5.0  # six words apart
    logits[3, 4, 0], logits[3, 4, 1] = 5.0, 5.0  # one word
    logits[4, 4, 0], logits[4, 7, 1] = 8.0, 8.0  # four words
    return [(logits, allowed, 4), (logits, allowed, 2)]


def _best_where(logits: Tensor, allowed: Tensor, fits: Tensor) -> Tensor:
    first, last = logits.masked_fill(~allowed[..., None], -torch.inf).unbind(-1)
    scores = (first[:, :, None] + last[:, None, :]).masked_fill(~fits, -torch.inf)
    best = scores.flatten(1).argmax(1)
    return torch.stack([best // fits.shape[0], best % fits.shape[0]], 1)


def _square(logits: Tensor) -> Tensor:
    return torch.ones(logits.shape[1], logits.shape[1], dtype=torch.bool)


def _overlap(got: list[str], want: list[str]) -> int:
    return (Counter(got) & Counter(want)).total()


def _share(answer: str, truth: str, of: int) -> float:
    parts = normalized(answer).split(), normalized(truth).split()
    return _overlap(*parts) / max(1, len(parts[of]))


def _f1_of(got: list[str], want: list[str]) -> float:
    return 2 * _overlap(got, want) / max(1, len(got) + len(want))


register(
    Exercise(
        "hide_words", "35_bert", 2, 10, hide_words,
        cases=_hide_cases,
        mistakes={
            "All picked words became the mask: that is for a chance below 0.8 only.":
                lambda ids, picked, chance, other, m: torch.where(picked, m, ids),
            "You never looked at `picked`: words that were not picked stay as they are, whatever their chance.":
                lambda ids, picked, chance, other, m: torch.where(
                    chance >= 0.9, other, torch.where(chance < 0.8, m, ids)
                ),
            "You masked words that were not picked: combine both conditions, picked & (chance < 0.8).":
                lambda ids, picked, chance, other, m: torch.where(
                    picked & (chance >= 0.9), other, torch.where(chance < 0.8, m, ids)
                ),
            "You swapped words that were not picked: combine both conditions, picked & (chance >= 0.9).":
                lambda ids, picked, chance, other, m: torch.where(
                    chance >= 0.9, other, torch.where(picked & (chance < 0.8), m, ids)
                ),
            "No picked word was left as it is: swap from 0.9 on, not from 0.8 on.":
                lambda ids, picked, chance, other, m: torch.where(
                    picked, torch.where(chance < 0.8, m, other), ids
                ),
            "No picked word was swapped: from a chance of 0.9 on it is replaced by `other`.":
                lambda ids, picked, chance, other, m: torch.where(picked & (chance < 0.8), m, ids),
        },
        hints=(
            "Three kinds of places: chance below 0.8, from 0.9 on, and all others, which stay.",
            "torch.where(condition, a, b) takes a where the condition holds and b elsewhere; use it twice.",
            "The first condition is picked & (chance < 0.8).",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "masked_loss", "35_bert", 2, 10, masked_loss,
        cases=_loss_cases,
        mistakes={
            "You graded every word: the visible ones can be copied, so grade the picked ones only.":
                lambda logits, ids, picked: F.cross_entropy(logits.flatten(0, 1), ids.flatten()),
            "You graded the words that were not picked: the mask is upside down.":
                lambda logits, ids, picked: F.cross_entropy(logits[~picked], ids[~picked]),
            "You divided by the number of all words: the mean is over the picked ones.":
                lambda logits, ids, picked: F.cross_entropy(logits[picked], ids[picked], reduction="sum") / ids.numel(),
            "You added the nats up: take their mean, or the loss depends on how many words were picked.":
                lambda logits, ids, picked: F.cross_entropy(logits[picked], ids[picked], reduction="sum"),
            "You shifted the targets by one, as a GPT does: here the word at a place is guessed at that place.":
                lambda logits, ids, picked: F.cross_entropy(
                    logits[:, :-1][picked[:, 1:]], ids[:, 1:][picked[:, 1:]]
                ),
        },
        hints=(
            "A table of booleans can be an index: ids[picked] is a list of the picked words.",
            "logits[picked] has the shape (number of picked words, V): a row for each of them.",
            "F.cross_entropy(rows, words) takes the mean.",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "f1", "35_bert", 3, 15, f1,
        cases=lambda: [
            ("the blue cup", "The cup ."), ("a cup", "the cup"), ("the old house", "the school"), ("Ben", "ben"),
            ("Ben Ben Mia", "Ben Mia Mia"), ("the big old blue cup", "the cup"), ("cup", "the big blue cup"),
            ("the", "a"), ("", "Ben"),
        ],
        mistakes={
            "If both are empty once normalized, they are the same: 1.0.":
                lambda a, b: _f1_of(normalized(a).split(), normalized(b).split()),
            "Compare the words after normalized(): capitals, marks and articles do not count.":
                lambda a, b: _f1_of(a.split(), b.split()),
            "That is the precision, the share of your words that are right; F1 has the recall in it as well.":
                lambda a, b: _share(a, b, 0),
            "That is the recall, the share of the true words that you found; F1 has the precision in it as well.":
                lambda a, b: _share(a, b, 1),
            "A word that is said three times counts three times: compare counts, not sets.":
                lambda a, b: _f1_of(sorted(set(normalized(a).split())), sorted(set(normalized(b).split()))),
            "That is the plain mean of precision and recall; F1 is the harmonic one.":
                lambda a, b: (_share(a, b, 0) + _share(a, b, 1)) / 2,
        },
        hints=(
            "Words of both: normalized(answer).split() and normalized(truth).split().",
            "(Counter(a) & Counter(b)).total() counts the shared words; the harmonic mean is 2 * shared / (len(a) + "
            "len(b)).",
            "If one of them has no word, return 1.0 if neither has, else 0.0.",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "span_loss", "35_bert", 3, 10, span_loss,
        cases=_span_cases,
        mistakes={
            "Places where no answer may lie still compete: set their logits to minus infinity first.":
                lambda z, s, a: (F.cross_entropy(z[..., 0], s[:, 0]) + F.cross_entropy(z[..., 1], s[:, 1])) / 2,
            "First and last are exchanged: logits[..., 0] are for the first place, spans[:, 0].":
                lambda z, s, a: span_loss(z.flip(-1), s, a),
            "You took the sum of both losses: take their mean.":
                lambda z, s, a: 2 * span_loss(z, s, a),
            "You graded the first place only: the last one counts as much.":
                lambda z, s, a: F.cross_entropy(z[..., 0].masked_fill(~a, -torch.inf), s[:, 0]),
            "The softmax runs over the places of the text, not over the two outputs.":
                lambda z, s, a: -z.log_softmax(-1).gather(1, s[:, None, :].expand(-1, 1, -1)).mean(),
        },
        hints=(
            "It is a classification among T places, done twice: once for the first word, once for the last.",
            "logits.masked_fill(~allowed[..., None], -torch.inf).unbind(-1) gives two tables, (B, T) each.",
            "F.cross_entropy(first, spans[:, 0]) is half of it.",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "best_span", "35_bert", 4, 20, best_span,
        cases=_decode_cases,
        mistakes={
            "You took the best first and the best last place each by itself: the last can then come before the first.":
                lambda z, a, n: z.masked_fill(~a[..., None], -torch.inf).argmax(1),
            "An answer may not lie in the question: only where `allowed` is True.":
                lambda z, a, n: _best_where(z, torch.ones_like(a), _square(z).triu().tril(n - 1)),
            "Nothing keeps your answers short: the last place may be at most longest - 1 after the first.":
                lambda z, a, n: _best_where(z, a, _square(z).triu()),
            "One word too many: an answer of `longest` words ends longest - 1 places after it begins.":
                lambda z, a, n: _best_where(z, a, _square(z).triu().tril(n)),
            "An answer of one word is allowed: first and last are then the same place.":
                lambda z, a, n: _best_where(z, a, _square(z).triu(1).tril(n - 1)),
        },
        hints=(
            "Make a table of the scores of all pairs, first[:, :, None] + last[:, None, :], of shape (B, T, T).",
            "Which pairs fit? ones(T, T).triu() has the last not before the first; .tril(longest - 1) keeps it near.",
            "argmax of the flattened table is first * T + last: divide by T, with a rest.",
        ),
    )
)  # fmt: skip
