"""The choices on which Transformers of different years differ, and three designs that were made of them."""

from collections.abc import Callable
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn


class SquaredReLU(nn.Module):
    """ReLU, then the square: cheap, and steeper the further it goes (So et al. 2021, arXiv:2109.08668)."""

    def forward(self, x: Tensor) -> Tensor:
        """Any shape in and out."""
        return F.relu(x).square()


class Design(NamedTuple):
    """The choices on which Transformers of different years differ."""

    positions: str  # "learned", "sinusoidal", "rotary" or "none"
    activation: Callable[[], nn.Module]
    norm: Callable[[int], nn.Module] = nn.LayerNorm
    norm_first: bool = True  # each part reads a normalized copy; otherwise the sum itself is normalized
    bias: bool = True
    qk_norm: bool = False
    tied: bool = True  # a token is written with the vector it is read with


def tanh_gelu() -> nn.Module:
    """A smooth ReLU, as GPT-2 computes it."""
    return nn.GELU(approximate="tanh")


def rms_norm(d_model: int) -> nn.Module:
    """Layer norm without its mean, its scale and its shift (Zhang & Sennrich 2019, arXiv:1910.07467)."""
    return nn.RMSNorm(d_model, elementwise_affine=False)


DESIGNS = {
    "2017": Design("sinusoidal", nn.ReLU, norm_first=False),
    "gpt2": Design("learned", tanh_gelu),
    "modern": Design("rotary", SquaredReLU, rms_norm, bias=False, qk_norm=True, tied=False),
}
POSITIONS = ("learned", "sinusoidal", "rotary", "none")


def find_design(name: str, positions: str | None = None) -> Design:
    """A design by its name, with other positions if these are given.

    Raises:
        ValueError: If either is unknown; the message lists the known ones.
    """
    if name not in DESIGNS:
        raise ValueError(f"There is no design {name!r}; known are: {', '.join(DESIGNS)}.")
    if positions is None:
        return DESIGNS[name]
    if positions not in POSITIONS:
        raise ValueError(f"There are no positions {positions!r}; known are: {', '.join(POSITIONS)}.")
    return DESIGNS[name]._replace(positions=positions)
