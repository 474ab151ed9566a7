"""Attention, the soft lookup, with its masks and heads: pure functions, and the layer made of them."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.positions import rotate


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """Turn scores, (..., S), into weights that sum to 1 over the places that `mask` allows and are 0 elsewhere.

    A row without any allowed place gets zeros: there is nothing to look up.
    """
    if mask is None:
        return scores.softmax(-1)
    weights = scores.masked_fill(~boolean(mask), -torch.inf).softmax(-1)
    return weights.masked_fill(~mask.any(-1, keepdim=True), 0.0)


def attention_weights(q: Tensor, k: Tensor, mask: Tensor | None = None) -> Tensor:
    r"""How much each query takes from each key, softmax(Q K^T / sqrt(d)); shapes as in `attention`."""
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(f"q has shape {tuple(q.shape)} and k {tuple(k.shape)}; their last sizes must be equal.")
    scores = q @ k.mT / math.sqrt(q.shape[-1])  # (..., T, S)
    return masked_softmax(scores, mask)


def attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    r"""Look values up softly: every query gets the mean of all values, weighted by how well their keys fit.

    $$\mathrm{attention}(Q, K, V) = \mathrm{softmax}\!\left(\frac{QK^\top}{\sqrt{d}}\right)V$$

    Args:
        q: Queries, shape (..., T, d).
        k: Keys, shape (..., S, d).
        v: Values, shape (..., S, d_v).
        mask: True where a query may look, broadcastable to (..., T, S). A query that may look nowhere gets zeros.
    Returns:
        The looked-up values, shape (..., T, d_v), and the weights, shape (..., T, S).
    Raises:
        ValueError: If q and k differ in their last size, or k and v in length; the message quotes both.
        TypeError: If the mask is not boolean.
    Source: Vaswani et al. 2017, arXiv:1706.03762, equation 1.
    """
    if k.shape[-2] != v.shape[-2]:
        raise ValueError(f"k has shape {tuple(k.shape)} and v {tuple(v.shape)}; they need one value for each key.")
    weights = attention_weights(q, k, mask)
    return weights @ v, weights


def causal_mask(length: int, device: torch.device | None = None) -> Tensor:
    """True where place t may look: at places 0 to t; shape (length, length)."""
    return torch.ones(length, length, dtype=torch.bool, device=device).tril()


def padding_mask(ids: Tensor, pad: int) -> Tensor:
    """True at the tokens that are not padding, (B, T) -> (B, 1, 1, T): the same for all heads and all queries."""
    return (ids != pad)[:, None, None, :]


def split_heads(x: Tensor, n_heads: int) -> Tensor:
    """Cut the features of every token into `n_heads` equal parts, (B, T, C) -> (B, n_heads, T, C / n_heads)."""
    b, t, c = x.shape
    if n_heads < 1 or c % n_heads:
        raise ValueError(f"{c} features cannot be shared by {n_heads} heads; the width must be a multiple of n_heads.")
    return x.view(b, t, n_heads, c // n_heads).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """Put the heads' parts side by side again, (B, n_heads, T, d) -> (B, T, n_heads * d)."""
    b, h, t, d = x.shape
    return x.transpose(1, 2).reshape(b, t, h * d)


def boolean(mask: Tensor) -> Tensor:
    """Give the mask back; a TypeError quotes its type if that is not boolean."""
    if mask.dtype != torch.bool:
        raise TypeError(f"the mask is {mask.dtype}; give booleans, True where a query may look.")
    return mask


class KeyValueCache:
    """The keys and values of the tokens that one attention has seen: they never change, so they are computed once."""

    def __init__(self) -> None:
        """Begin empty."""
        self._kept: Tensor | None = None  # keys and values, (2, B, n_heads, room, d): room for S tokens and more
        self._seen = 0

    def __len__(self) -> int:
        """Number of tokens seen, S."""
        return self._seen

    def extend(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Append those of T new tokens, shape (B, n_heads, T, d) each, and return all of them, old ones first.

        When the room is used up it is doubled, so that what is kept is not copied for each token.

        Raises:
            ValueError: If they are of another batch size than the cached ones; the message quotes both.
        """
        b, h, t, d = keys.shape
        if self._kept is not None and self._kept.shape[1] != b:
            raise ValueError(f"the batch has size {b}, the cache {self._kept.shape[1]}; give a new cache.")
        old, self._seen = self._seen, self._seen + t
        if self._kept is None or self._kept.shape[3] < self._seen:
            room = keys.new_empty(2, b, h, 2 * self._seen, d)
            if self._kept is not None:
                room[:, :, :, :old] = self._kept[:, :, :, :old]
            self._kept = room
        self._kept[0, :, :, old : self._seen], self._kept[1, :, :, old : self._seen] = keys, values
        return self.keys, self.values

    @property
    def keys(self) -> Tensor | None:
        """All keys so far, (B, n_heads, S, d), or None."""
        return None if self._kept is None else self._kept[0, :, :, : self._seen]

    @property
    def values(self) -> Tensor | None:
        """All values so far, shaped as the keys."""
        return None if self._kept is None else self._kept[1, :, :, : self._seen]

    def select(self, rows: Tensor) -> None:
        """Keep these rows of the batch, int64 of shape (B,), some perhaps twice: the texts that a beam goes on with."""
        if self._kept is not None:
            self._kept = self._kept[:, rows]


class MultiHeadAttention(nn.Module):
    """Several small attentions side by side; each has its own idea of what to look for."""

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        dropout: float = 0.0,
        *,
        rotary: bool = False,
        qk_norm: bool = False,
        bias: bool = True,
    ) -> None:
        """Build it.

        Args:
            d_model: Width of a token's vector, a multiple of n_heads.
            n_heads: Attentions side by side, each d_model / n_heads wide.
            dropout: Share of the weights dropped in training.
            rotary: Turn queries and keys by their places (see `rotate`).
            qk_norm: Give all queries and keys the same length, so that scores cannot explode.
            bias: Whether its four maps add one.
        Raises:
            ValueError: If d_model is not a multiple of n_heads; the message quotes both.
        """
        super().__init__()
        if n_heads < 1 or d_model % n_heads:
            raise ValueError(f"d_model is {d_model}, which {n_heads} heads cannot share; give a multiple of n_heads.")
        self.n_heads, self.dropout, self.rotary, self.qk_norm = n_heads, dropout, rotary, qk_norm
        self.query, self.key, self.value, self.out = (nn.Linear(d_model, d_model, bias) for _ in range(4))
        self.keep_weights = False
        self.weights: Tensor | None = None  # (B, n_heads, T, S) of the last call, if keep_weights

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        memory: Tensor | None = None,
        cache: KeyValueCache | None = None,
        start: int = 0,
    ) -> Tensor:
        """Let every place of x look at every place of `memory`, or of x itself.

        Args:
            x: Where the queries come from, shape (B, T, d_model).
            mask: True where a place may look, broadcastable to (B, n_heads, T, S).
            memory: Where keys and values come from, shape (B, S, d_model); x if not given.
            cache: Keys and values of earlier tokens, looked at as well; it grows by those of this call, and S with it.
            start: Place of the first row of x in its own sequence, for a rotary layer with a memory.
        Returns:
            Shape (B, T, d_model).
        """
        seen = 0 if cache is None else len(cache)
        start = seen if memory is None else start
        memory = x if memory is None else memory
        q, k, v = self.query(x), self.key(memory), self.value(memory)
        q, k, v = (split_heads(part, self.n_heads) for part in (q, k, v))  # (B, h, T, d), (B, h, S, d) twice
        if self.qk_norm:
            q, k = F.rms_norm(q, q.shape[-1:]), F.rms_norm(k, k.shape[-1:])
        if self.rotary:
            q, k = rotate(q, start), rotate(k, seen)
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
