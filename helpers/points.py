"""Point sets in the plane that lesson 11 learns to imitate, and how to score an imitation."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class PointSet(Protocol):
    """Anything that points can be drawn from."""

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw n points, shape (n, 2)."""
        ...


@dataclass(frozen=True)
class Mixture:
    """Round Gaussian clouds of equal weight.

    Attributes:
        centres: Shape (M, 2), a row for each cloud.
        sigma: Standard deviation of each cloud in each direction.
    """

    centres: Tensor
    sigma: float

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw n points, shape (n, 2): choose a cloud, then a point in it."""
        which = torch.randint(len(self.centres), (n,), generator=generator)
        return self.centres[which] + self.sigma * torch.randn(n, 2, generator=generator)


@dataclass(frozen=True)
class Moons:
    """Two half circles, one inside the bend of the other."""

    sigma: float = 0.08

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw n points, shape (n, 2)."""
        angle = math.pi * torch.rand(n, generator=generator)
        side = 2.0 * torch.randint(2, (n,), generator=generator) - 1
        x = 1.5 * angle.cos() - 0.75 * side
        y = side * (0.4 - 1.5 * angle.sin())
        return torch.stack([x, y], 1) + self.sigma * torch.randn(n, 2, generator=generator)


@dataclass(frozen=True)
class Drawn:
    """Points that someone drew, each blurred a little."""

    points: tuple[tuple[float, float], ...]
    sigma: float = 0.06

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw n points, shape (n, 2), or raise a ValueError if nothing was drawn."""
        if not self.points:
            raise ValueError("No points are drawn yet: click in the picture, or move there with the arrows and Enter.")
        which = torch.randint(len(self.points), (n,), generator=generator)
        return torch.tensor(self.points)[which] + self.sigma * torch.randn(n, 2, generator=generator)


def ring(modes: int = 8, radius: float = 2.0, sigma: float = 0.1) -> Mixture:
    """Clouds at equal distances on a circle."""
    angles = 2 * math.pi * torch.arange(modes) / modes
    return Mixture(radius * torch.stack([angles.cos(), angles.sin()], 1), sigma)


def grid(side: int = 5, spacing: float = 1.0, sigma: float = 0.06) -> Mixture:
    """Clouds on a square grid with `side` rows, around the origin."""
    line = spacing * (torch.arange(side) - (side - 1) / 2)
    return Mixture(torch.cartesian_prod(line, line), sigma)


SHAPES: dict[str, Callable[[], PointSet]] = {"ring": ring, "moons": Moons, "grid": grid}


def modes_found(x: Tensor, centres: Tensor, sigma: float) -> int:
    r"""Count the clouds that samples reach: a quarter of a fair share within three sigma.

    $$\#\left\{m : \#\{i : \lVert x_i - c_m\rVert < 3\sigma\} \ge \tfrac14\,\tfrac nM\right\}$$

    Args:
        x: Samples, shape (n, 2).
        centres: Shape (M, 2).
        sigma: Standard deviation of a cloud, above 0.
    Returns:
        A number from 0 to M.
    Raises:
        ValueError: If a shape is wrong or there are no samples; the message quotes it.
    """
    near = _distances(x, centres) < 3 * sigma  # (n, M)
    return int((near.sum(0) >= len(x) / len(centres) / 4).sum())


def share_near(x: Tensor, centres: Tensor, sigma: float) -> float:
    """Share of the samples, shape (n, 2), that lie within three sigma of some centre; 0.989 for real ones."""
    return (_distances(x, centres).amin(1) < 3 * sigma).float().mean().item()


def _distances(x: Tensor, centres: Tensor) -> Tensor:
    for name, value in (("samples", x), ("centres", centres)):
        if value.ndim != 2 or value.shape[1] != 2 or not len(value):
            raise ValueError(f"{name} have shape {tuple(value.shape)}; give (n, 2), n at least 1.")
    return torch.linalg.vector_norm(x[:, None] - centres, dim=-1)  # (n, M)
