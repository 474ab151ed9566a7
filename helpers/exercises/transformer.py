"""Exercises of part 3, Transformers."""

import math

import torch
from torch import Tensor

from helpers.exercises.core import Exercise, Wrong, register
from helpers.models.attention import attention_weights, causal_mask, masked_softmax, split_heads


def soft_lookup(query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """One soft lookup, unscaled: query (d,), keys (T, d), values (T, d_v) -> (d_v,)."""
    scores = keys @ query  # (T,)
    weights = scores.softmax(0)
    return weights @ values


def block_parameters() -> int:
    """Count the numbers that training sets in a Block of d_model 32, n_heads 4, d_ff 128."""
    d_model, d_ff = 32, 128
    heads = 4 * (d_model * d_model + d_model)  # query, key, value, out: weights and biases, however many heads
    mlp = (d_model * d_ff + d_ff) + (d_ff * d_model + d_model)
    norms = 2 * (d_model + d_model)  # a scale and a shift for each feature
    return heads + mlp + norms


def _numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _score_cases() -> list[tuple[Tensor, Tensor]]:
    return [
        (_numbers(4, 4), causal_mask(4)),
        (_numbers(2, 3, 3, seed=1), torch.tensor([[True, True, False]])),
        (_numbers(3, 4, seed=2), torch.tensor([[True, False, True, True], [False] * 4, [True] * 4])),
        (torch.tensor([[1000.0, 999.0, 998.0]]), torch.tensor([[False, True, True]])),
    ]


def _is_boolean(answer) -> None:
    mask = answer(3)
    if not isinstance(mask, Tensor) or mask.dtype != torch.bool:
        raise Wrong("the numbers are right, but a mask holds booleans: add dtype=torch.bool, or compare, as in i >= j.")


def _rows_sum_to_one(answer) -> None:
    sums = answer(_numbers(5, 8), _numbers(6, 8, seed=1)).sum(-1)
    if not torch.allclose(sums, torch.ones(5), atol=1e-4):
        raise Wrong(f"each query's weights have to sum to 1; yours sum to {sums[0]:.3g} for the first query")


register(
    Exercise(
        "soft_lookup", "31_self_attention", 1, 5, soft_lookup,
        cases=lambda: [(_numbers(3), _numbers(6, 3, seed=1), _numbers(6, 3, seed=2)),
                       (_numbers(4), _numbers(5, 4, seed=3), _numbers(5, 2, seed=4))],
        mistakes={
            "You returned the keys' mean: the keys decide how much, the values are what is handed over.":
                lambda q, k, v: (k @ q).softmax(0) @ k,
            "You used the scores as weights: without the softmax they can be negative and need not sum to 1.":
                lambda q, k, v: (k @ q) @ v,
            "You returned the value of the best key: that is the hard lookup; mix all values by weight.":
                lambda q, k, v: v[(k @ q).argmax()],
            "You took the plain mean of the values: weight each by the softmax of its score.":
                lambda q, k, v: v.mean(0),
            "You divided the scores by a square root; that comes later in the lesson, this lookup is unscaled.":
                lambda q, k, v: (k @ q / math.sqrt(len(q))).softmax(0) @ v,
            "You divided by the sum of the scores: take the softmax, exp(score) over the sum of exp(score).":
                lambda q, k, v: (k @ q / (k @ q).sum()) @ v,
        },
        hints=(
            "Three lines: scores, weights, answer.",
            "keys @ query gives one score for each key; .softmax(0) makes weights of them.",
            "weights @ values sums the values, each times its weight.",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "attention_weights", "31_self_attention", 2, 10, attention_weights,
        cases=lambda: [(_numbers(4, 6), _numbers(5, 6, seed=1)),
                       (_numbers(2, 3, 4, seed=2), _numbers(2, 3, 4, seed=3))],
        mistakes={
            "You did not scale: divide the scores by the square root of d, the length of a query.":
                lambda q, k: (q @ k.mT).softmax(-1),
            "You divided by d: the spread of a score grows with the square root of d, so divide by that.":
                lambda q, k: (q @ k.mT / q.shape[-1]).softmax(-1),
            "You scaled after the softmax, so the weights no longer sum to 1: scale the scores.":
                lambda q, k: (q @ k.mT).softmax(-1) / math.sqrt(q.shape[-1]),
            "Your softmax runs over the queries: each query spreads its weight over the keys, which is dim=-1.":
                lambda q, k: (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-2),
            "You multiplied by the square root of d: divide, to bring the scores back to a spread of 1.":
                lambda q, k: (q @ k.mT * math.sqrt(q.shape[-1])).softmax(-1),
        },
        laws=[_rows_sum_to_one],
        hints=(
            "Scores, scaled, then a softmax over the right dimension.",
            "k.mT swaps the last two dimensions of k, whatever stands before them; d is q.shape[-1].",
            "(q @ k.mT / d ** 0.5).softmax(-1)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "causal_mask", "31_self_attention", 1, 5, causal_mask,
        cases=lambda: [(4,), (1,), (7,)],
        mistakes={
            "That is the mirror image: row t may look back, at columns 0 to t.":
                lambda n: torch.ones(n, n, dtype=torch.bool).triu(),
            "A place may look at itself as well: keep the diagonal, or the first row has nothing to look at.":
                lambda n: torch.ones(n, n, dtype=torch.bool).tril(-1),
            "Row t can see place t + 1: one place too many, and the very one it will have to predict.":
                lambda n: torch.ones(n, n, dtype=torch.bool).tril(1),
            "True and False are swapped: True is where a place may look.":
                lambda n: ~torch.ones(n, n, dtype=torch.bool).tril(),
        },
        laws=[_is_boolean],
        hints=(
            "Draw it for length 3: row 0 has one True, row 1 two, row 2 three.",
            "Either compare the place of the row with the place of the column, or cut a square of True.",
            "torch.ones(length, length, dtype=torch.bool).tril() keeps the lower triangle.",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "masked_softmax", "31_self_attention", 4, 15, masked_softmax,
        cases=_score_cases,
        mistakes={
            "You cut weights away after the softmax: what is left no longer sums to 1, and the sum it was divided "
            "by knows the forbidden scores.":
                lambda s, m: s.softmax(-1) * m,
            "You set forbidden scores to 0: a score of 0 is an ordinary score; minus infinity gives the weight 0.":
                lambda s, m: s.masked_fill(~m, 0.0).softmax(-1),
            "The mask is upside down: True is where a row may look.":
                lambda s, m: s.masked_fill(m, -torch.inf).softmax(-1),
            "exp(1000) is infinite in 32 bits: take .softmax(), which subtracts the largest score first.":
                lambda s, m: (s.exp() * m / (s.exp() * m).sum(-1, keepdim=True)).masked_fill(
                    ~m.any(-1, keepdim=True), 0.0
                ),
            "A row without any allowed place became NaN, which is 0 divided by 0: give such a row zeros.":
                lambda s, m: s.masked_fill(~m, -torch.inf).softmax(-1),
            "A row without any allowed place spread its weight over forbidden ones: a large negative number in all of "
            "them is no different from 0 in all of them. Give such a row zeros.":
                lambda s, m: s.masked_fill(~m, -1e9).softmax(-1),
        },
        hints=(
            "Before the softmax, put -torch.inf where the mask is False; scores.masked_fill(~mask, ...) does it, and "
            "spreads a mask that is smaller than the scores.",
            "Which rows have no True at all? mask.any(-1, keepdim=True) knows.",
            "After the softmax, put 0.0 into the rows where that is False.",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "split_heads", "31_self_attention", 3, 10, split_heads,
        cases=lambda: [(_numbers(2, 5, 12), 3), (_numbers(1, 4, 8, seed=1), 2)],
        mistakes={
            "The shape is right, the content is not: view alone cuts the memory anew, so one head gets several tokens' "
            "numbers. Split the last dimension first, then swap T with the heads.":
                lambda x, h: x.reshape(x.shape[0], h, x.shape[1], -1),
            "You dealt the features out one by one: head 0 gets the first C / n_heads of them, in a row.":
                lambda x, h: x.reshape(*x.shape[:2], -1, h).permute(0, 3, 1, 2),
            "The heads stand behind T: swap dimensions 1 and 2, so that each head is a (T, d) matrix.":
                lambda x, h: x.reshape(*x.shape[:2], h, -1),
            "You exchanged T and d: each head is (T, d), a row for each token.":
                lambda x, h: x.reshape(*x.shape[:2], h, -1).permute(0, 2, 3, 1),
        },
        hints=(
            "Two steps: (B, T, C) to (B, T, n_heads, d), then swap two dimensions.",
            "x.view(B, T, n_heads, C // n_heads) cuts each token's features into parts.",
            ".transpose(1, 2) swaps T with the heads.",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "block_parameters", "31_self_attention", 2, 10, block_parameters,
        mistakes={
            "You left the biases out: nn.Linear(a, b) has a * b weights and b biases.":
                lambda: 4 * 32 * 32 + 2 * 32 * 128 + 2 * 32 + 2 * 32,
            "12 times d_model squared counts the weights of the maps alone: add their biases, and both norms.":
                lambda: 12 * 32 * 32,
            "You left the norms out: each LayerNorm has a scale and a shift for each of the 32 features.":
                lambda: block_parameters() - 128,
            "You counted one LayerNorm; there are two.":
                lambda: block_parameters() - 64,
            "You counted query, key and value, but not the map `out` that mixes the heads.":
                lambda: block_parameters() - (32 * 32 + 32),
            "You gave every head full-sized maps: four heads share the 32 features and together cost what one does.":
                lambda: block_parameters() + 3 * 3 * (32 * 32 + 32),
        },
        hints=(
            "Attention has four maps from 32 to 32, the network one from 32 to 128 and one back; add two norms.",
            "A map from a to b has a * b + b numbers, a LayerNorm over d features 2 * d.",
            "Four maps from 32 to 32 have 4 * (32 * 32 + 32) = 4224; the rest goes the same way.",
        ),
    )
)  # fmt: skip
