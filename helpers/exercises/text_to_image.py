"""Exercises of lesson 14, text to image."""

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.exercises.core import Exercise, register
from helpers.models import text_to_image as t2i

LESSON = "14_text_to_image"


def _numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _word_cases() -> list[tuple[Tensor, Tensor]]:
    return [
        (_numbers(6, 3), torch.tensor([[4, 2, 0, 0], [1, 5, 5, 3]])),
        (_numbers(4, 2, seed=1), torch.tensor([[3, 0]])),
    ]


def _film_cases() -> list[tuple[Tensor, Tensor, Tensor]]:
    return [(_numbers(2, 3, 4, 4), _numbers(2, 3, seed=1), _numbers(2, 3, seed=2))]


def _pair_cases() -> list[tuple[Tensor, Tensor]]:
    return [(_numbers(4, 5), _numbers(4, 5, seed=1)), (_numbers(2, 3, seed=2), _numbers(2, 3, seed=3))]


def _logit_cases() -> list[tuple[Tensor, Tensor, Tensor]]:
    return [tuple(2 * _numbers(8, seed=3 * i + j) for j in range(3)) for i in range(2)]


def _reading_cases() -> list[tuple[Tensor, Tensor]]:
    wanted = torch.tensor([[0, 1, 2], [1, 1, 0], [2, 0, 1], [0, 0, 0]])
    return [(torch.tensor([[0, 1, 2], [1, 1, 2], [2, 0, 1], [1, 1, 1]]), wanted), (wanted.clone(), wanted)]


register(
    Exercise(
        "bag_of_words", LESSON, 2, 10, t2i.bag_of_words,
        cases=_word_cases,
        mistakes={
            "The padding is in your sum: word 0 fills up short captions and must add nothing.":
                lambda vectors, tokens: vectors[tokens].sum(1),
            "You averaged over the words: the bag is their sum.":
                lambda vectors, tokens: t2i.bag_of_words(vectors, tokens) / (tokens != 0).sum(1, keepdim=True),
            "You summed over the wrong dimension: words are dimension 1, one vector a caption is left.":
                lambda vectors, tokens: (vectors[tokens] * (tokens != 0)[:, :, None]).sum(2),
            "You took the largest number of each column; the bag adds.":
                lambda vectors, tokens: vectors[tokens].masked_fill((tokens == 0)[:, :, None], -torch.inf).amax(1),
        },
        hints=(
            "vectors[tokens] looks every word up at once: its shape is (B, T, D).",
            "(tokens != 0)[:, :, None] is 1 for words and 0 for padding, shape (B, T, 1).",
            "(vectors[tokens] * (tokens != 0)[:, :, None]).sum(1)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "film", LESSON, 2, 10, t2i.film,
        cases=_film_cases,
        mistakes={
            "Scale 0 must leave h as it is: multiply by 1 + scale.":
                lambda h, scale, shift: h * scale[:, :, None, None] + shift[:, :, None, None],
            "You shifted before you scaled: scale first, then add.":
                lambda h, scale, shift: (h + shift[:, :, None, None]) * (1 + scale[:, :, None, None]),
            "Scale and shift have changed places.":
                lambda h, scale, shift: t2i.film(h, shift, scale),
            "The shift is missing.":
                lambda h, scale, shift: h * (1 + scale[:, :, None, None]),
        },
        hints=(
            "Every pixel of a channel gets the same factor and the same summand.",
            "scale[:, :, None, None] has shape (B, C, 1, 1), which stretches over the pixels.",
            "h * (1 + scale[:, :, None, None]) + shift[:, :, None, None]",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "projection", LESSON, 2, 5, t2i.projection,
        cases=_pair_cases,
        mistakes={
            "That is every picture with every caption: only row i with row i is asked for.":
                lambda features, text: features @ text.T,
            "You averaged: a dot product adds up.":
                lambda features, text: (features * text).mean(1),
            "You divided by the lengths: that is the cosine, not the dot product.":
                lambda features, text: F.cosine_similarity(features, text),
            "You summed over the batch: one number a picture is left.":
                lambda features, text: (features * text).sum(0),
        },
        hints=(
            "Multiply number by number, then add up each row.",
            "The rows are pictures, dimension 0; add up dimension 1.",
            "(features * text).sum(1)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "matching_loss", LESSON, 3, 10, t2i.matching_loss,
        cases=_logit_cases,
        mistakes={
            "A real picture under a wrong caption counts as wrong: push its logit below -1 as well.":
                lambda right, wrong, fake: F.relu(1 - right).mean() + F.relu(1 + fake).mean(),
            "You counted real pictures with wrong captions as right: then the caption says nothing.":
                lambda right, wrong, fake: F.relu(1 - right).mean()
                + (F.relu(1 - wrong).mean() + F.relu(1 + fake).mean()) / 2,
            "Two kinds of wrong share the weight of one: halve their sum.":
                lambda right, wrong, fake: 2 * t2i.matching_loss(right, wrong, fake) - F.relu(1 - right).mean(),
            "The signs are flipped: right pairs are pushed above +1, wrong ones below -1.":
                lambda right, wrong, fake: t2i.matching_loss(-right, -wrong, -fake),
            "The hinge is missing: a logit beyond the margin costs nothing, and is not rewarded.":
                lambda right, wrong, fake: (1 - right).mean() + ((1 + wrong).mean() + (1 + fake).mean()) / 2,
        },
        hints=(
            "The hinge for a logit that should be high is relu(1 - logit), for one that should be low relu(1 + logit).",
            "Right pairs weigh 1, wrong captions 1/2, fakes 1/2.",
            "relu(1 - right).mean() + (relu(1 + wrong).mean() + relu(1 + fake).mean()) / 2",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "all_right", LESSON, 1, 5, t2i.all_right,
        cases=_reading_cases,
        mistakes={
            "You counted single attributes: a picture is right only if all of its attributes are.":
                lambda read, wanted: (read == wanted).float().mean().item(),
            "One right attribute is not enough: all must be right.":
                lambda read, wanted: (read == wanted).any(1).float().mean().item(),
            "You multiplied the attributes' rates, as if mistakes were independent: count the pictures.":
                lambda read, wanted: (read == wanted).float().mean(0).prod().item(),
            "That is the number of pictures; the share is asked for.":
                lambda read, wanted: (read == wanted).all(1).float().sum().item(),
        },
        hints=(
            "read == wanted is a table of yes and no, a row for each picture.",
            ".all(1) is True for a row without a single no.",
            "(read == wanted).all(1).float().mean().item()",
        ),
    )
)  # fmt: skip
