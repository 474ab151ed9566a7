"""Where a token stands, said to a model that would not know: sinusoidal and rotary positions."""

from functools import lru_cache

import torch
from torch import Tensor

BASE = 10_000.0  # the slowest wave is about this many places long, divided by 2 pi


def sinusoidal(length: int, d_model: int, base: float = BASE) -> Tensor:
    r"""Waves of falling speed, a sine and a cosine of each, for every place; shape (length, d_model).

    $$p_{t, 2i} = \sin(t\,\omega_i) \qquad p_{t, 2i+1} = \cos(t\,\omega_i) \qquad \omega_i = b^{-2i/d}$$

    Raises:
        ValueError: If d_model is odd; the message quotes it.
    Source: Vaswani et al. 2017, arXiv:1706.03762, section 3.5.
    """
    angles = _angles(0, length, d_model, base)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


def rotate(x: Tensor, start: int = 0, base: float = BASE) -> Tensor:
    r"""Turn pairs of features by angles that grow with the place, (..., T, d) -> (..., T, d).

    The dot product of a turned query and a turned key then depends on how far apart they stand, not on where:

    $$(R_t q) \cdot (R_s k) = q \cdot (R_{s - t}\, k)$$

    Args:
        x: Queries or keys; feature i is paired with feature i + d / 2.
        start: Place of the first row; the next ones follow.
        base: Of the speeds, as in `sinusoidal`.
    Raises:
        ValueError: If d is odd; the message quotes it.
    Source: Su et al. 2021, arXiv:2104.09864, equation 34 (there, neighbours are paired).
    """
    cos, sin = _turns(start, x.shape[-2], x.shape[-1], base, x.device)
    return x * cos + x.roll(x.shape[-1] // 2, -1) * sin  # each feature with its partner


def _angles(start: int, length: int, width: int, base: float) -> Tensor:
    if width % 2:
        raise ValueError(f"{width} features make no pairs; give an even number.")
    speeds = base ** (-torch.arange(0, width, 2) / width)
    return torch.arange(start, start + length)[:, None] * speeds  # (length, width / 2)


@lru_cache(maxsize=256)
def _turns(start: int, length: int, width: int, base: float, device: torch.device) -> tuple[Tensor, Tensor]:
    angles = _angles(start, length, width, base).to(device)
    return torch.cat([angles.cos()] * 2, -1), torch.cat([-angles.sin(), angles.sin()], -1)  # (length, width) each
