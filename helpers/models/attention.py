"""Attention, the soft lookup, with its masks and heads: pure functions."""

import math

import torch
from torch import Tensor


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
