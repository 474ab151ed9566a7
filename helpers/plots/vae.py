"""Pictures of codes: maps, planes of decodings, gradients' spread, and what each latent number is used for."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from torch import Tensor

from helpers.plots.base import CYCLE, DPI, PALETTE, figure, show_images, tile

PRIOR_RADIUS = math.sqrt(2 * math.log(10))  # of the circle that holds 90 % of N(0, I) in the plane
Decode = Callable[[Tensor], Tensor]  # codes (B, 2) -> pictures (B, 1, H, W) in [0, 1]
INKS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#8C6D00", "#6A3D9A", "#595959", "#B22222")


def plane_limits(codes: Tensor) -> tuple[float, float]:
    """Centre-symmetric limits of a square that holds 99 % of the given codes, shape (N, 2), and a little more."""
    reach = 1.15 * torch.quantile(codes.abs().amax(1), 0.99).item()
    return -reach, reach


def draw_codes(axes: Axes, codes: Tensor, labels: Tensor, classes: Sequence[str], limits: tuple[float, float]) -> None:
    """Write each picture's character at its code, so that shape as well as colour tells the classes apart.

    The dashed circle holds 90 % of the draws of the prior N(0, I).

    Args:
        axes: Where to draw.
        codes: Shape (N, 2).
        labels: Classes of the pictures, shape (N,).
        classes: One character for each class.
        limits: Lowest and highest value of both axes.
    """
    for i, name in enumerate(classes):
        mine = codes[labels == i].detach().cpu().numpy()
        marker = f"${name}$" if name.isalnum() else "o"
        axes.scatter(mine[:, 0], mine[:, 1], s=32, marker=marker, color=INKS[i % len(INKS)], linewidths=0.2)
    axes.add_patch(Circle((0, 0), PRIOR_RADIUS, fill=False, linestyle="--", linewidth=1.5, color=PALETTE["real"]))
    axes.set(xlim=limits, ylim=limits, aspect="equal")


def draw_plane(axes: Axes, decode: Decode, limits: tuple[float, float], n: int = 11) -> None:
    """Draw an n x n grid of decodings that covers a square of the latent plane, each at the place of its code."""
    sheet = tile(decode(grid_codes((0.0, 0.0), limits[1] * (n - 1) / n, n)), n, gap=0)
    sheet = np.round(15 * sheet) / 15  # sixteen greys look the same and make a smaller file
    axes.imshow(sheet, extent=(*limits, *limits), interpolation="nearest")


def grid_codes(centre: tuple[float, float], reach: float, n: int) -> Tensor:
    """Codes on an n x n grid around a centre, row by row from the top left, shape (n * n, 2)."""
    steps = torch.linspace(-reach, reach, n)
    y, x = torch.meshgrid(steps.flip(0), steps, indexing="ij")
    return torch.stack([x.flatten() + centre[0], y.flatten() + centre[1]], 1)


def latent_maps(planes: Mapping[str, tuple[Decode, Tensor]], labels: Tensor, classes: Sequence[str]) -> Figure:
    """Picture where held-out pictures lie in each latent plane, with a circle around what N(0, I) would draw.

    Args:
        planes: Name -> (function from codes to pictures, codes of the same held-out pictures, shape (N, 2)).
        labels: Classes of these pictures, shape (N,).
        classes: One character for each class.
    """
    fig, axes = figure(4.2 * len(planes), 4.3, 1, len(planes))
    for axis, (name, (_, codes)) in zip(axes[0], planes.items(), strict=True):
        draw_codes(axis, codes, labels, classes, plane_limits(codes))
        axis.set_title(f"{name}: codes")
    return fig


def decoded_planes(planes: Mapping[str, tuple[Decode, Tensor]]) -> Figure:
    """Picture what is decoded all over each latent plane, on the squares that `latent_maps` shows."""
    fig, axes = figure(4.2 * len(planes), 4.3, 1, len(planes))
    for axis, (name, (decode, codes)) in zip(axes[0], planes.items(), strict=True):
        draw_plane(axis, decode, plane_limits(codes))
        axis.set_title(f"{name}: decodings")
    return fig


def labelled_rows(rows: Mapping[str, Tensor], scale: float = 0.55) -> Figure:
    """Picture named sets of images, each (B, 1, H, W) in [0, 1], as rows one under the other, names at the left."""
    width, height = max(map(len, rows.values())) * scale, scale + 0.06
    margin = 0.15 + 0.085 * max(map(len, rows))  # inches for the longest name
    fig = Figure(figsize=(margin + width, len(rows) * height), dpi=DPI, layout="none")
    for i, (name, images) in enumerate(rows.items()):
        bottom = 1 - (i + 1) / len(rows)
        axes = fig.add_axes((margin / (margin + width), bottom, width / (margin + width), scale / height / len(rows)))
        show_images(axes, images, len(images))
        axes.text(-0.01, 0.5, name, transform=axes.transAxes, ha="right", va="center")
    return fig


def gradient_spread(estimates: Mapping[str, Tensor], truth: float, limits: tuple[float, float]) -> Figure:
    """Picture how single gradient estimates scatter around the true slope, one histogram under the other."""
    fig, axes = figure(6.4, 1.5 * len(estimates) + 0.4, len(estimates), 1)
    for i, (row, (name, values)) in enumerate(zip(axes[:, 0], estimates.items(), strict=True)):
        row.hist(values.numpy(), bins=80, range=limits, density=True, color=CYCLE[i])
        row.axvline(truth, color=PALETTE["real"], linestyle="--", linewidth=1)
        row.set(title=f"{name}: standard deviation {values.std():.3g}", xlim=limits, yticks=[])
    axes[-1, 0].set_xlabel("one estimate of the gradient; dashed: the true one")
    return fig


def unit_bars(kl_by_unit: Mapping[str, Tensor], title: str = "") -> Figure:
    """Picture the KL of each latent number, largest first; one panel for each named model, all with one scale.

    Args:
        kl_by_unit: Name -> mean KL of each latent number in nats, shape (Z,).
        title: Above all panels.
    """
    fig, axes = figure(2.2 * len(kl_by_unit) + 0.6, 2.5, 1, len(kl_by_unit))
    top = 1.1 * max(float(values.max()) for values in kl_by_unit.values())
    for axis, (name, values) in zip(axes[0], kl_by_unit.items(), strict=True):
        ordered = values.sort(descending=True).values.detach().numpy()
        axis.bar(np.arange(1, len(ordered) + 1), ordered, color=PALETTE["vae"])
        axis.set(title=name, xlabel="latent number, by rank", ylim=(0, max(top, 0.1)))
    axes[0, 0].set_ylabel("KL, nats")
    fig.suptitle(title)
    return fig


def sweep(x: Sequence[float], lines: Mapping[str, Sequence[float]], x_label: str, y_label: str) -> Figure:
    """Picture measured values against a setting on a logarithmic axis; markers as well as colours differ."""
    fig, axes = figure(5.6, 2.8)
    for i, (name, values) in enumerate(lines.items()):
        axes[0, 0].plot(x, values, marker="osD^"[i % 4], color=CYCLE[i % len(CYCLE)], label=name)
    axes[0, 0].set(xscale="log", xlabel=x_label, ylabel=y_label)
    axes[0, 0].set_xticks(list(x), [f"{v:g}" for v in x], minor=False)
    axes[0, 0].minorticks_off()
    axes[0, 0].legend()
    return fig
