"""The Transformer from its parts: heads, the block, and the models that lessons put together from them."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.attention import attention, boolean, causal_mask, merge_heads, split_heads


class KeyValueCache:
    """The keys and values of the tokens that one attention has seen: they never change, so they are computed once."""

    def __init__(self) -> None:
        """Begin empty."""
        self.keys: Tensor | None = None  # (B, n_heads, S, d), and the values alike
        self.values: Tensor | None = None

    def __len__(self) -> int:
        """Number of tokens seen, S."""
        return 0 if self.keys is None else self.keys.shape[2]

    def extend(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Append those of T new tokens, shape (B, n_heads, T, d) each, and return all of them, old ones first.

        Raises:
            ValueError: If they are of another batch size than the cached ones; the message quotes both.
        """
        if self.keys is not None and self.keys.shape[0] != keys.shape[0]:
            raise ValueError(f"the batch has size {keys.shape[0]}, the cache {self.keys.shape[0]}; give a new cache.")
        self.keys = keys if self.keys is None else torch.cat([self.keys, keys], 2)
        self.values = values if self.values is None else torch.cat([self.values, values], 2)
        return self.keys, self.values


class MultiHeadAttention(nn.Module):
    """Several small attentions side by side; each has its own idea of what to look for."""

    def __init__(self, d_model: int, n_heads: int, dropout: float = 0.0) -> None:
        """Build it.

        Args:
            d_model: Width of a token's vector, a multiple of n_heads.
            n_heads: Attentions side by side, each d_model / n_heads wide.
            dropout: Share of the weights dropped in training.
        Raises:
            ValueError: If d_model is not a multiple of n_heads; the message quotes both.
        """
        super().__init__()
        if n_heads < 1 or d_model % n_heads:
            raise ValueError(f"d_model is {d_model}, which {n_heads} heads cannot share; give a multiple of n_heads.")
        self.n_heads, self.dropout = n_heads, dropout
        self.query, self.key, self.value, self.out = (nn.Linear(d_model, d_model) for _ in range(4))
        self.keep_weights = False
        self.weights: Tensor | None = None  # (B, n_heads, T, S) of the last call, if keep_weights

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        memory: Tensor | None = None,
        cache: KeyValueCache | None = None,
    ) -> Tensor:
        """Let every place of x look at every place of `memory`, or of x itself.

        Args:
            x: Where the queries come from, shape (B, T, d_model).
            mask: True where a place may look, broadcastable to (B, n_heads, T, S).
            memory: Where keys and values come from, shape (B, S, d_model); x if not given.
            cache: Keys and values of earlier tokens, looked at as well; it grows by those of this call, and S with it.
        Returns:
            Shape (B, T, d_model).
        """
        memory = x if memory is None else memory
        q, k, v = self.query(x), self.key(memory), self.value(memory)
        q, k, v = (split_heads(part, self.n_heads) for part in (q, k, v))  # (B, h, T, d), (B, h, S, d) twice
        if cache is not None:
            k, v = cache.extend(k, v)
        if self.keep_weights:
            looked_up, weights = attention(q, k, v, mask)
            self.weights = weights.detach()
        else:  # the same numbers without ever storing the weights: faster
            dropout = self.dropout if self.training else 0.0
            mask = None if mask is None else boolean(mask)
            looked_up = F.scaled_dot_product_attention(q, k, v, mask, dropout)
        return self.out(merge_heads(looked_up))


class Block(nn.Module):
    """Look around (attention), then think about it (a small network at every place); both add to the token's vector.

    Pre-norm, as in GPT-2: each part reads a normalized copy, so that the sum itself flows through unchanged.
    """

    def __init__(self, d_model: int, n_heads: int, d_ff: int | None = None, dropout: float = 0.0) -> None:
        """Build it; `d_ff` is the width inside the small network, 4 * d_model if not given."""
        super().__init__()
        d_ff = d_ff or 4 * d_model
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.attention = MultiHeadAttention(d_model, n_heads, dropout)
        self.mlp = nn.Sequential(nn.Linear(d_model, d_ff), nn.GELU(approximate="tanh"), nn.Linear(d_ff, d_model))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None, cache: KeyValueCache | None = None) -> Tensor:
        """Shape (B, T, d_model) in and out; `mask` and `cache` as in MultiHeadAttention."""
        x = x + self.dropout(self.attention(self.norm1(x), mask, cache=cache))
        return x + self.dropout(self.mlp(self.norm2(x)))


class _Stack(nn.Module):
    """Token vectors plus learned place vectors, a stack of blocks, a last norm: what the models below share."""

    def __init__(
        self,
        vocab_size: int,
        context_length: int,
        d_model: int = 64,
        n_heads: int = 4,
        n_layers: int = 2,
        d_ff: int | None = None,
        dropout: float = 0.0,
    ) -> None:
        """Build it.

        Args:
            vocab_size: Number of different tokens.
            context_length: Longest sequence it takes.
            d_model: Width of a token's vector, a multiple of n_heads.
            n_heads: Heads of each attention.
            n_layers: Blocks on top of each other.
            d_ff: Width inside a block's network, 4 * d_model if not given.
            dropout: Share dropped in training, in [0, 1).
        """
        super().__init__()
        self.config = {k: v for k, v in locals().items() if k not in {"self", "__class__"}}
        self.tokens = nn.Embedding(vocab_size, d_model)
        self.places = nn.Embedding(context_length, d_model)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(d_model, n_heads, d_ff, dropout) for _ in range(n_layers))
        self.norm = nn.LayerNorm(d_model)

    def hidden(self, ids: Tensor, mask: Tensor | None = None, cache: list[KeyValueCache] | None = None) -> Tensor:
        """Vectors of the last layer, (B, T) -> (B, T, d_model).

        Args:
            ids: Tokens; with a cache, those that come after the cached ones.
            mask: As in MultiHeadAttention; with a cache, S counts cached and new tokens.
            cache: One for each block; each grows by T tokens.
        Raises:
            ValueError: If the ids have another shape, leave the vocabulary, or are longer than context_length together
                with the cached ones.
            TypeError: If they are not integers.
        """
        seen = len(cache[0]) if cache else 0
        _check_ids(ids, self.config["vocab_size"], self.config["context_length"], seen)
        x = self.tokens(ids) + self.places.weight[seen : seen + ids.shape[1]]  # (B, T, d_model)
        x = self.dropout(x)
        for block, of_block in zip(self.blocks, cache or [None] * len(self.blocks), strict=True):
            x = block(x, mask, of_block)
        return self.norm(x)


class SequenceModel(_Stack):
    """Encoder only: every place sees every other, and gets logits of its own."""

    def __init__(self, *sizes: int, **options: float) -> None:
        """Build it with the arguments of `_Stack`: vocab_size, context_length, d_model, n_heads, n_layers, ..."""
        super().__init__(*sizes, **options)
        self.head = nn.Linear(self.config["d_model"], self.config["vocab_size"])

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, T) -> (B, T, vocab_size); `mask` as in MultiHeadAttention."""
        return self.head(self.hidden(ids, mask))


class GPT(_Stack):
    """Decoder only: each place sees itself and what came before, and predicts the token that comes next.

    Source: Radford et al. 2019, "Language models are unsupervised multitask learners" (GPT-2).
    """

    def __init__(self, *sizes: int, **options: float) -> None:
        """Build it with the arguments of `_Stack`: vocab_size, context_length, d_model, n_heads, n_layers, ..."""
        super().__init__(*sizes, **options)
        for name, weight in self.named_parameters():  # GPT-2's start: small, smaller where a block adds to the stream
            if name.endswith("bias"):
                nn.init.zeros_(weight)
            elif weight.ndim == 2:
                adds = name.endswith(("out.weight", "mlp.2.weight"))
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * len(self.blocks)) if adds else 0.02)

    def new_cache(self) -> list[KeyValueCache]:
        """An empty cache for each block; the calls of `forward` that share it read one text, piece by piece."""
        return [KeyValueCache() for _ in self.blocks]

    def forward(self, ids: Tensor, cache: list[KeyValueCache] | None = None) -> Tensor:
        """Logits of the next token at every place, (B, T) -> (B, T, vocab_size); `cache` as in `hidden`."""
        seen = len(cache[0]) if cache else 0
        mask = causal_mask(seen + ids.shape[-1], ids.device)[seen:]  # (T, seen + T): all old tokens, new ones up to t
        x = self.hidden(ids, mask, cache)
        return x @ self.tokens.weight.T  # tied: a token is written with the vector it is read with


def attention_maps(model: nn.Module, *inputs: Tensor | None) -> list[Tensor]:
    """Run the model on the inputs and return the weights of each attention in it, in order, (B, n_heads, T, S)."""
    parts = [part for part in model.modules() if isinstance(part, MultiHeadAttention)]
    was_training = model.training
    try:
        for part in parts:
            part.keep_weights = True
        with torch.no_grad():
            model.eval()(*inputs)
        return [part.weights for part in parts]
    finally:
        model.train(was_training)
        for part in parts:
            part.keep_weights, part.weights = False, None


def _check_ids(ids: Tensor, vocab_size: int, context_length: int, seen: int) -> None:
    if ids.is_floating_point() or ids.dtype == torch.bool:
        raise TypeError(f"ids are {ids.dtype}; give integers, torch.long.")
    if ids.ndim != 2 or not ids.numel():
        raise ValueError(f"ids have shape {tuple(ids.shape)}; give (B, T) with at least one token.")
    if seen + ids.shape[1] > context_length:
        tokens = f"{seen} cached and {ids.shape[1]} new tokens" if seen else f"{ids.shape[1]} tokens"
        raise ValueError(f"{tokens} are longer than the context of {context_length}; cut them.")
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high >= vocab_size:
        raise ValueError(f"id {low if low < 0 else high} is not in the vocabulary; ids run from 0 to {vocab_size - 1}.")
