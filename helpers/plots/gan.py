"""Pictures of two players in the plane: where the discriminator says "real", and which way it pulls."""

from collections.abc import Mapping

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from torch import Tensor, nn

from helpers.plots.base import DPI, PALETTE, figure

SPAN = 3.0  # the pictures show the square from -3 to 3
COLOURS = ["#F2B88C", "#FFFFFF", "#8FC1E3"]  # fake, unsure, real
JUDGEMENT = LinearSegmentedColormap.from_list("judgement", COLOURS, N=15)  # few steps, like a map's height lines
LONGEST_ARROW = 0.7


def draw_points(axes: Axes, points: Tensor | None, kind: str, size: float = 6) -> None:
    """Draw points, shape (n, 2): real ones as dark crosses, "fake" ones as orange dots."""
    if points is not None and len(points):
        x, y = points.detach().numpy().T
        marker, width = ("x", 0.7) if kind == "real" else ("o", 0.0)
        axes.scatter(x, y, s=size, marker=marker, c=PALETTE[kind], linewidths=width, zorder=3)


def square(axes: Axes, ticks: bool = True) -> None:
    """Show the square from -3 to 3, as wide as high."""
    axes.set(xlim=(-SPAN, SPAN), ylim=(-SPAN, SPAN), aspect="equal")
    axes.set_xticks([-2, 0, 2] if ticks else [])
    axes.set_yticks([-2, 0, 2] if ticks else [])


@torch.no_grad()
def draw_judgement(axes: Axes, discriminator: nn.Module, side: int = 40) -> None:
    """Colour the plane by the discriminator's probability of "real": blue real, orange fake; a line where it is 1/2."""
    line = torch.linspace(-SPAN, SPAN, side)
    plane = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1).reshape(-1, 2)
    says_real = torch.sigmoid(discriminator(plane)).reshape(side, side).numpy()
    box = (-SPAN, SPAN, -SPAN, SPAN)
    axes.imshow(says_real, origin="lower", extent=box, vmin=0, vmax=1, cmap=JUDGEMENT, interpolation="nearest")
    if says_real.min() < 0.5 < says_real.max():
        axes.contour(line, line, says_real, levels=[0.5], colors=PALETTE["grey"], linewidths=0.8, linestyles="--")


@torch.no_grad()
def draw_warped_grid(axes: Axes, generator: nn.Module, lines: int = 13) -> None:
    """Draw what the generator makes of a square grid of its noise; every grid square holds as many samples."""
    cuts = torch.special.ndtri(torch.linspace(0.02, 0.98, lines))
    along = torch.special.ndtri(torch.linspace(0.02, 0.98, 4 * lines))
    a, b = torch.meshgrid(cuts, along, indexing="ij")  # (lines, points)
    z = torch.cat([torch.stack([a, b], -1), torch.stack([b, a], -1)])  # (2 * lines, points, 2)
    warped = generator(z.reshape(-1, 2)).reshape(z.shape).numpy()
    axes.add_collection(LineCollection(list(warped), colors=PALETTE["grey"], linewidths=0.6, alpha=0.8))


def pulls(discriminator: nn.Module, x: Tensor) -> Tensor:
    """Which way and how strongly each point is pulled: the slope of log D at x, shape (n, 2)."""
    x = x.detach().clone().requires_grad_()
    says_real = nn.functional.logsigmoid(discriminator(x))
    return torch.autograd.grad(says_real.sum(), x)[0]


def draw_pulls(axes: Axes, discriminator: nn.Module, x: Tensor) -> None:
    """Draw an arrow at each point, shape (n, 2), along the discriminator's slope; long ones are shortened."""
    way = pulls(discriminator, x)
    length = torch.linalg.vector_norm(way, dim=1, keepdim=True).clamp(min=1e-9)
    way = 0.4 * way * (LONGEST_ARROW / (0.4 * length)).clamp(max=1.0)
    (x, y), (u, v) = x.detach().numpy().T, way.numpy().T
    arrow = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.004, "headwidth": 4, "zorder": 4}
    axes.quiver(x, y, u, v, color=PALETTE["vae"], **arrow)


def draw_game(
    axes: Axes,
    generator: nn.Module,
    discriminator: nn.Module,
    real: Tensor | None,
    z: Tensor,
    arrows: int = 40,
    grid: bool = True,
) -> None:
    """Draw both players at once: judgement, warped grid, real and generated points, and the pull on some of them.

    Args:
        real: Real points, shape (n, 2), or None.
        z: Noise of the points to show, shape (m, latent_dim); the same noise shows the same points moving.
        arrows: How many of them get an arrow.
        grid: Draw the warped grid; only where the noise has two numbers.
    """
    draw_judgement(axes, discriminator)
    if grid and z.shape[1] == 2:
        draw_warped_grid(axes, generator)
    with torch.no_grad():
        fake = generator(z)
    draw_points(axes, real, "real")
    draw_points(axes, fake, "fake", size=9)
    if arrows:
        draw_pulls(axes, discriminator, fake[:arrows])
    square(axes)


def game_view(
    generator: nn.Module, discriminator: nn.Module, real: Tensor | None, z: Tensor, caption: str = "", **options: object
) -> Figure:
    """Picture both players on a square without margins, so that a place in the picture is a place in the plane."""
    fig = Figure(figsize=(5.2, 5.2), dpi=DPI, layout="none")
    axes = fig.add_axes((0, 0, 1, 1))
    draw_game(axes, generator, discriminator, real, z, **options)
    square(axes, ticks=False)
    axes.spines[:].set(visible=True, color=PALETTE["grey"])
    if caption:
        box = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 2}
        axes.text(0.01, 0.985, caption, transform=axes.transAxes, va="top", size=9, bbox=box, zorder=6)
    return fig


def draw_cross(axes: Axes, x: float, y: float) -> None:
    """Mark the place where the next point will be drawn."""
    axes.plot([x], [y], "+", color=PALETTE["real"], markersize=16, markeredgewidth=1.5, zorder=7)


def point_panels(panels: Mapping[str, Tensor], centres: Tensor | None = None, sigma: float = 0.0) -> Figure:
    """Picture point sets, shape (n, 2), side by side; circles of three sigma mark where real points lie."""
    fig, axes = figure(2.7 * len(panels), 3.0, columns=len(panels))
    angle = np.linspace(0, 2 * np.pi, 40)
    for panel, (title, points) in zip(axes[0], panels.items(), strict=True):
        for cx, cy in () if centres is None else centres.tolist():
            panel.plot(cx + 3 * sigma * np.cos(angle), cy + 3 * sigma * np.sin(angle), color=PALETTE["grey"], lw=0.8)
        draw_points(panel, points, "real" if title == "real" else "fake", size=5)
        square(panel)
        panel.set_title(title)
    return fig


def draw_line_game(axes: Axes, real: Tensor, fake: Tensor, w: float, b: float) -> None:
    """Draw points on a line, shape (n,), the logistic judgement sigma(w x + b), and its pull on the fake points."""
    x = torch.linspace(-4, 8, 200)
    axes.plot(x, torch.sigmoid(w * x + b), color=PALETTE["vae"], label="D(x), says real")
    axes.plot(real, torch.full_like(real, 1.04), "x", color=PALETTE["real"], label="real")
    height = torch.sigmoid(w * fake + b)
    axes.plot(fake, torch.full_like(fake, -0.04), "o", color=PALETTE["fake"], label="generated")
    pull = w * (1 - height)
    axes.quiver(
        fake, height, pull, torch.zeros_like(pull), angles="xy", scale_units="xy", scale=1, width=0.006,
        color=PALETTE["fake"],
    )  # fmt: skip
    axes.set(xlim=(-4, 8), ylim=(-0.12, 1.12), xlabel="x", ylabel="D(x)")
