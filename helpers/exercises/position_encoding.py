"""Exercises of lesson 32: order, waves, turns, and distances."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from helpers.exercises.core import Exercise, register
from helpers.models.positions import rotate, sinusoidal


def order_gap(f: Callable[[Tensor], Tensor], x: Tensor, order: Tensor) -> Tensor:
    """How far f is from not minding the order: x (T, C), order (T,) -> largest difference, a number."""
    reordered_first = f(x[order])
    reordered_after = f(x)[order]
    return (reordered_first - reordered_after).abs().max()


def wave_length(i: int, d_model: int, base: float) -> float:
    """Places until wave i of a sinusoidal encoding begins anew."""
    speed = base ** (-2 * i / d_model)  # angle from one place to the next
    return 2 * math.pi / speed


def relative_bias(table: Tensor, length: int) -> Tensor:
    """One number for each distance s - t, added to the score of query t and key s: (2k + 1,) -> (length, length).

    Entry j of the table belongs to the distance j - k; whatever is further away than k counts as k away.
    """
    k = (len(table) - 1) // 2
    places = torch.arange(length)
    distance = places[None, :] - places[:, None]  # row t, column s: s - t
    return table[distance.clamp(-k, k) + k]


def place_parameters() -> int:
    """Count what GPT-2 learns for its places: one vector of 768 numbers for each of 1,024 places."""
    context_length, d_model = 1024, 768
    return context_length * d_model


def _numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _running_sum(x: Tensor) -> Tensor:
    return x.cumsum(0)


def _less_the_mean(x: Tensor) -> Tensor:
    return x - x.mean(0)


def _waves(length: int, d: int, base: float, power: float = -2.0) -> tuple[Tensor, Tensor]:
    angles = torch.arange(length)[:, None] * base ** (power * torch.arange(d // 2) / d)
    return angles.sin(), angles.cos()


def _turn(x: Tensor, start: int = 0, sign: int = 1, minus: int = -1) -> Tensor:
    """`rotate` with a choice of mistakes: turned the other way, or with a wrong sign inside."""
    sin, cos = _waves(start + x.shape[-2], x.shape[-1], 10_000.0)
    sin, cos = sign * sin[start:], cos[start:]
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos + minus * b * sin, a * sin + b * cos], -1)


def _turn_neighbours(x: Tensor, start: int = 0) -> Tensor:
    sin, cos = (part[start:] for part in _waves(start + x.shape[-2], x.shape[-1], 10_000.0))
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)


def _distances(length: int) -> Tensor:
    return torch.arange(length)[None, :] - torch.arange(length)[:, None]


register(
    Exercise(
        "order_gap", "32_position_encoding", 2, 8, order_gap,
        cases=lambda: [(_running_sum, _numbers(5, 3), torch.tensor([2, 0, 3, 4, 1])),
                       (_running_sum, -_numbers(5, 3), torch.tensor([2, 0, 3, 4, 1])),
                       (_less_the_mean, _numbers(4, 2, seed=1), torch.tensor([1, 2, 3, 0]))],
        mistakes={
            "You compared with f(x) as it stands: that asks whether nothing moves at all. The outputs may move, in the "
            "same way as the inputs: take f(x)[order].":
                lambda f, x, order: (f(x[order]) - f(x)).abs().max(),
            "You reordered only the output: the first of the two has to be f of the reordered words, f(x[order]).":
                lambda f, x, order: (f(x) - f(x)[order]).abs().max(),
            "You put the output back with the inverse order: both sides take the same one.":
                lambda f, x, order: (f(x[order]) - f(x)[order.argsort()]).abs().max(),
            "You left out the absolute value, so a large negative difference would count as none.":
                lambda f, x, order: (f(x[order]) - f(x)[order]).max(),
            "You took the mean: one word that moves wrongly would hide among many; take the largest.":
                lambda f, x, order: (f(x[order]) - f(x)[order]).abs().mean(),
        },
        hints=(
            "Two ways to the end: reorder, then f; or f, then reorder. How far are they apart?",
            "x[order] takes the rows of x in that order, and f(x)[order] those of the output.",
            "(f(x[order]) - f(x)[order]).abs().max()",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "sinusoidal", "32_position_encoding", 3, 12, sinusoidal,
        cases=lambda: [(6, 8, 10_000.0), (40, 4, 100.0), (3, 2, 10_000.0)],
        mistakes={
            "All sines stand before all cosines; here they take turns: column 2i is a sine, 2i + 1 its cosine.":
                lambda n, d, b: torch.cat(_waves(n, d, b), -1),
            "Sine and cosine are swapped: even columns are sines, so that place 0 begins with 0, 1, 0, 1.":
                lambda n, d, b: torch.stack(_waves(n, d, b)[::-1], -1).flatten(1),
            "Your waves get faster from left to right: the exponent is -2i / d, with a minus.":
                lambda n, d, b: torch.stack(_waves(n, d, b, 2.0), -1).flatten(1),
            "Your slow waves are too fast: the exponent is -2i / d, so the last wave comes close to 1 / base.":
                lambda n, d, b: torch.stack(_waves(n, d, b, -1.0), -1).flatten(1),
            "Your places begin at 1; the first one is 0.":
                lambda n, d, b: torch.stack(_waves(n + 1, d, b), -1).flatten(1)[1:],
        },
        hints=(
            "First the angles, one row for each place, one column for each of the d_model / 2 waves.",
            "speeds = base ** (-torch.arange(0, d_model, 2) / d_model); the angles of all "
            "places are torch.arange(length)[:, None] * speeds.",
            "torch.stack([angles.sin(), angles.cos()], -1) has shape (length, d_model / 2, 2); .flatten(1) makes them "
            "take turns.",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "wave_length", "32_position_encoding", 2, 5, wave_length,
        cases=lambda: [(5, 64, 10_000.0), (0, 64, 10_000.0), (15, 32, 100.0)],
        mistakes={
            "That is the speed's inverse, places for one radian: a full turn is 2 pi of them.":
                lambda i, d, b: b ** (2 * i / d),
            "The exponent has a 2: wave i turns by base ** (-2i / d) a place.":
                lambda i, d, b: 2 * math.pi * b ** (i / d),
            "That is the speed itself: divide a full turn, 2 pi, by it.":
                lambda i, d, b: b ** (-2 * i / d),
            "Your waves get shorter as i grows: you multiplied a full turn by the speed; divide.":
                lambda i, d, b: 2 * math.pi * b ** (-2 * i / d),
        },
        hints=(
            "A wave begins anew after a full turn, 2 pi.",
            "From one place to the next, wave i turns by base ** (-2 * i / d_model).",
            "2 * math.pi * base ** (2 * i / d_model)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "rotate", "32_position_encoding", 4, 15, rotate,
        cases=lambda: [(_numbers(5, 8),), (_numbers(2, 3, 4, 6, seed=1),), (_numbers(3, 4, seed=2), 7)],
        mistakes={
            "You turn the other way: a cos - b sin, a sin + b cos.":
                lambda x, start=0: _turn(x, start, sign=-1),
            "Your vectors change their length: one of the two sines has a minus, a cos - b sin.":
                lambda x, start=0: _turn(x, start, minus=1),
            "You paired neighbours, as the paper does. The law holds for that as well, but here feature i goes with "
            "feature i + d / 2: x.chunk(2, -1) gives both halves.":
                _turn_neighbours,
            "You added the waves: multiply by them, so that the vector is turned and keeps its length.":
                lambda x, start=0: x + torch.cat(_waves(start + x.shape[-2], x.shape[-1], 10_000.0), -1)[start:],
            "You left `start` out: the first row stands at place `start`.":
                lambda x, start=0: _turn(x),
        },
        hints=(
            "angles has shape (T, d / 2): places start, start + 1, ... times the speeds of `sinusoidal`.",
            "a, b = x.chunk(2, -1) are the two halves; pair (a, b) turns by its angle.",
            "torch.cat([a * cos - b * sin, a * sin + b * cos], -1)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "relative_bias", "32_position_encoding", 3, 10, relative_bias,
        cases=lambda: [(_numbers(5), 6), (_numbers(7, seed=1), 3), (_numbers(3, seed=2), 1)],
        mistakes={
            "The direction is turned around: row t is the query, column s the key, and the distance is s - t.":
                lambda table, n: relative_bias(table, n).T,
            "You took the distance without its sign, so left and right are the same.":
                lambda table, n: table[_distances(n).abs().clamp(max=len(table) // 2) + len(table) // 2],
            "You left the shift by k out: negative numbers count from the end of the table. Distance 0 is entry k.":
                lambda table, n: table[_distances(n).clamp(-(len(table) // 2), len(table) // 2)],
            "Distances beyond k wrapped around: a far place counts as k away; use .clamp(-k, k).":
                lambda table, n: table[(_distances(n) + len(table) // 2) % len(table)],
            "You gave distances beyond k a 0: a far place counts as k away; use .clamp(-k, k).":
                lambda table, n: relative_bias(table, n).where(_distances(n).abs() <= len(table) // 2, 0.0),
        },
        hints=(
            "Make the matrix of distances first: row t, column s, s - t.",
            "places[None, :] - places[:, None] with places = torch.arange(length).",
            "table[distance.clamp(-k, k) + k], with k = (len(table) - 1) // 2.",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "place_parameters", "32_position_encoding", 1, 3, place_parameters,
        mistakes={
            "One number for each place is too few: each has a whole vector of 768.":
                lambda: 1024,
            "The places are added once, before the first block, not in each of the 12.":
                lambda: 12 * 1024 * 768,
            "Each place has one vector of 768 numbers, not a matrix.":
                lambda: 1024 * 768 * 768,
            "There is no bias: a place's vector is looked up, not computed.":
                lambda: 1024 * 768 + 768,
        },
        hints=(
            "nn.Embedding(context_length, d_model) is a table with a row for each place.",
            "1,024 rows of 768 numbers.",
        ),
    )
)  # fmt: skip
