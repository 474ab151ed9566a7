"""Exercises of lesson 34: glue pieces, score a guess, shift the targets, cut the tail, count numbers."""

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.exercises.core import Exercise, Wrong, register


def merge_pair(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    """Glue a pair of neighbours wherever it stands, from left to right."""
    merged = []
    for piece in pieces:
        if merged and (merged[-1], piece) == pair:
            merged[-1] = "".join(pair)  # a glued piece is no half of the next pair: "aa" + "a" is not ("a", "a")
        else:
            merged.append(piece)
    return merged


def bigram_nats(probs: Tensor, ids: Tensor) -> Tensor:
    """Mean nats that a text costs: probs (V, V), row = token before, column = token after; ids (T,) -> a number."""
    before, after = ids[:-1], ids[1:]
    return -probs[before, after].log().mean()


def next_token_loss(logits: Tensor, ids: Tensor) -> Tensor:
    """Mean nats per guess: the logits at place t guess the token at t + 1; (B, T, V), (B, T) -> a number."""
    guesses, targets = logits[:, :-1], ids[:, 1:]  # nothing is known of what follows the last token
    return F.cross_entropy(guesses.flatten(0, 1), targets.flatten())


def keep_top_p(probs: Tensor, p: float) -> Tensor:
    """Keep the fewest likeliest tokens that reach p together, and let them sum to 1; (V,) -> (V,)."""
    ranked, order = probs.sort(descending=True)
    likelier = ranked.cumsum(0) - ranked  # what the tokens before each one have together
    ranked = ranked.where(likelier < p, 0.0)
    return torch.zeros_like(probs).scatter(0, order, ranked / ranked.sum())


def gpt_parameters(vocab_size: int, context_length: int, d_model: int, n_layers: int) -> int:
    """Numbers that training sets in a GPT-2: one table for reading and writing tokens, one for places, the blocks."""
    tables = (vocab_size + context_length) * d_model
    attention = 4 * (d_model * d_model + d_model)
    mlp = (d_model * 4 * d_model + 4 * d_model) + (4 * d_model * d_model + d_model)
    norms = 2 * (2 * d_model)
    return tables + n_layers * (attention + mlp + norms) + 2 * d_model


def cache_bytes(batch_size: int, length: int, d_model: int, n_layers: int, bytes_each: int) -> int:
    """Memory of a full KV cache: a key and a value of d_model numbers for each token in each layer."""
    return 2 * batch_size * length * d_model * n_layers * bytes_each


def _numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _tokens(*shape: int, vocab_size: int, seed: int = 0) -> Tensor:
    return torch.randint(vocab_size, shape, generator=torch.Generator().manual_seed(seed))


def _glue(pieces: list[str], pair: tuple[str, str], overlapping: bool) -> list[str]:
    """Compare neighbours of the old list; `overlapping` does not skip the second half of a glued pair."""
    glued, i = [], 0
    while i < len(pieces):
        match = tuple(pieces[i : i + 2]) == pair
        glued.append("".join(pair) if match else pieces[i])
        i += 2 if match and not overlapping else 1
    return glued


def _glue_first(pieces: list[str], pair: tuple[str, str]) -> list[str]:
    places = [i for i in range(len(pieces) - 1) if tuple(pieces[i : i + 2]) == pair]
    return pieces if not places else [*pieces[: places[0]], "".join(pair), *pieces[places[0] + 2 :]]


def _cut(probs: Tensor, p: float, strict: bool = True, renormalize: bool = True) -> Tensor:
    ranked, order = probs.sort(descending=True)
    so_far = ranked.cumsum(0) - (0 if strict else ranked)
    ranked = ranked.where(so_far <= p if strict else so_far < p, 0.0)
    return torch.zeros_like(probs).scatter(0, order, ranked / ranked.sum() if renormalize else ranked)


def _keeps_the_likeliest(answer) -> None:
    kept = answer(torch.tensor([0.1, 0.9]), 0.5)
    if not torch.allclose(torch.as_tensor(kept).float(), torch.tensor([0.0, 1.0])):
        raise Wrong("the likeliest token alone has 0.9, more than p = 0.5: it has to stay, and to get all, 1.0")


register(
    Exercise(
        "merge_pair", "34_gpt", 2, 10, merge_pair,
        cases=lambda: [(list("the other"), ("t", "h")), (["th", "e", " ", "th", "e"], ("th", "e")),
                       (list("aaaa b"), ("a", "a")), (list("abc"), ("c", "a"))],
        mistakes={
            "You kept the second half: after gluing, go on behind both pieces.":
                lambda pieces, pair: _glue(pieces, pair, overlapping=True),
            "You glued the first place only: go on to the end.":
                _glue_first,
            "You left the two pieces apart: the pair becomes one piece, pair[0] + pair[1].":
                lambda pieces, pair: list(pieces),
            "You returned a text: give a list of pieces, of which one is longer now.":
                lambda pieces, pair: "".join(pieces),
            "You glued the pair in reverse: pair[0] stands on the left.":
                lambda pieces, pair: [pair[1] + pair[0] if p == "".join(pair) else p for p in merge_pair(pieces, pair)],
        },
        hints=(
            "Walk through the pieces and build a new list; look at two neighbours at a time.",
            "If the last piece of the new list and this one are the pair, replace that last piece by both together.",
            "merged[-1] = pair[0] + pair[1] in that case, merged.append(piece) otherwise.",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "bigram_nats", "34_gpt", 2, 8, bigram_nats,
        cases=lambda: [(_numbers(5, 5).softmax(-1), _tokens(12, vocab_size=5, seed=1)),
                       (_numbers(3, 3, seed=2).softmax(-1), _tokens(40, vocab_size=3, seed=3))],
        mistakes={
            "The sign: the logarithm of a probability is negative, and a cost is positive.":
                lambda p, ids: p[ids[:-1], ids[1:]].log().mean(),
            "You counted in bits, with log2: nats take the natural logarithm, .log().":
                lambda p, ids: -p[ids[:-1], ids[1:]].log2().mean(),
            "You added up the whole text: nats per token are the mean.":
                lambda p, ids: -p[ids[:-1], ids[1:]].log().sum(),
            "Row and column are swapped: the row is the token before, the column the one after.":
                lambda p, ids: -p[ids[1:], ids[:-1]].log().mean(),
            "You took the logarithm of the mean: take the logarithm of each guess, then the mean.":
                lambda p, ids: -p[ids[:-1], ids[1:]].mean().log(),
        },
        hints=(
            "Which pairs (before, after) are there? All tokens but the last are before, all but the first are after.",
            "probs[ids[:-1], ids[1:]] picks the probability of each token that really came.",
            "The mean of minus its .log().",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "next_token_loss", "34_gpt", 3, 10, next_token_loss,
        cases=lambda: [(_numbers(2, 6, 5), _tokens(2, 6, vocab_size=5, seed=1)),
                       (_numbers(3, 4, 7, seed=2), _tokens(3, 4, vocab_size=7, seed=3))],
        mistakes={
            "You did not shift: place t would guess token t, which it has just read. Copying would be perfect.":
                lambda z, ids: F.cross_entropy(z.flatten(0, 1), ids.flatten()),
            "You shifted the wrong way: the logits at place t guess the token after it, at t + 1.":
                lambda z, ids: F.cross_entropy(z[:, 1:].flatten(0, 1), ids[:, :-1].flatten()),
            "You rolled the tokens round: the last place has no next token; it got the first one.":
                lambda z, ids: F.cross_entropy(z.flatten(0, 1), ids.roll(-1, 1).flatten()),
            "cross_entropy wants logits; you took the softmax before, which is then taken twice.":
                lambda z, ids: F.cross_entropy(z[:, :-1].softmax(-1).flatten(0, 1), ids[:, 1:].flatten()),
            "You added up: nats per token are the mean.":
                lambda z, ids: F.cross_entropy(z[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), reduction="sum"),
        },
        hints=(
            "With T tokens there are T - 1 guesses that can be judged.",
            "Drop the last place of the logits and the first of the ids.",
            "F.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "keep_top_p", "34_gpt", 4, 15, keep_top_p,
        cases=lambda: [(torch.tensor([0.1, 0.5, 0.05, 0.3, 0.05]), 0.7),
                       (_numbers(8).softmax(0), 0.9), (_numbers(6, seed=1).softmax(0), 0.3)],
        mistakes={
            "The token that crosses p has to stay: without it the kept ones do not reach p.":
                _cut,
            "What is kept has to sum to 1 again: divide by its sum.":
                lambda probs, p: _cut(probs, p, strict=False, renormalize=False),
            "You compared single probabilities with p: add them up, from the likeliest down.":
                lambda probs, p: probs.where(probs >= p, 0.0) / probs.where(probs >= p, 0.0).sum(),
            "You began with the unlikeliest: sort with descending=True.":
                lambda probs, p: (lambda kept: kept / kept.sum())(
                    torch.zeros_like(probs).scatter(0, probs.argsort(), probs.sort().values.where(
                        probs.sort().values.cumsum(0) - probs.sort().values < p, 0.0))),
            "You left the tokens in sorted order: put each probability back to its own token.":
                lambda probs, p: _cut(probs, p, strict=False).sort(descending=True).values,
        },
        laws=[_keeps_the_likeliest],
        hints=(
            "Sort, the likeliest first, and remember the order: probs.sort(descending=True) gives both.",
            "A token stays if those before it have less than p together: ranked.cumsum(0) - ranked < p.",
            "torch.zeros_like(probs).scatter(0, order, ranked) puts them back; divide by the sum.",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "gpt_parameters", "34_gpt", 3, 12, gpt_parameters,
        cases=lambda: [(50257, 1024, 768, 12), (300, 128, 96, 2), (11, 5, 8, 1)],
        mistakes={
            "You counted the head apart from the token table: it is tied, one table both reads and writes.":
                lambda v, t, d, n: gpt_parameters(v, t, d, n) + v * d,
            "You left out the table of places.":
                lambda v, t, d, n: gpt_parameters(v, t, d, n) - t * d,
            "You left out the norm after the last block.":
                lambda v, t, d, n: gpt_parameters(v, t, d, n) - 2 * d,
            "You left out the biases of the maps.":
                lambda v, t, d, n: gpt_parameters(v, t, d, n) - 9 * n * d,
            "You counted one block only.":
                lambda v, t, d, n: gpt_parameters(v, t, d, 1),
        },
        hints=(
            "Two tables, n_layers blocks as in lesson 31 (with d_ff = 4 * d_model), and one more norm.",
            "A block: four maps from d to d, one from d to 4d and one back, all with biases, and two norms of 2 * d.",
            "(vocab_size + context_length) * d + n_layers * (12 * d * d + 13 * d) + 2 * d",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "cache_bytes", "34_gpt", 2, 5, cache_bytes,
        cases=lambda: [(8, 128, 96, 3, 4), (1, 1024, 768, 12, 2), (3, 10, 16, 1, 4)],
        mistakes={
            "You kept keys only: values are kept as well.":
                lambda b, t, d, n, size: cache_bytes(b, t, d, n, size) // 2,
            "You forgot the layers: each has keys and values of its own.":
                lambda b, t, d, n, size: cache_bytes(b, t, d, 1, size),
            "You forgot that a number has more than one byte.":
                lambda b, t, d, n, size: cache_bytes(b, t, d, n, 1),
            "You kept a (T, T) table of weights: those are made anew for each token; only keys and values are kept.":
                lambda b, t, d, n, size: b * n * t * t * size,
            "You forgot the batch: each text has a cache of its own.":
                lambda b, t, d, n, size: cache_bytes(1, t, d, n, size),
        },
        hints=(
            "What is kept for one token in one layer?",
            "A key and a value, d_model numbers each (the heads share them).",
            "2 * d_model numbers, times tokens, texts, layers, and bytes.",
        ),
    )
)  # fmt: skip
