"""Palette, style, and the pictures every family needs: image grids, curves, matrices, bars."""

import io
import math
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import torch
from IPython import get_ipython
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imsave
from torch import Tensor

# Okabe & Ito's colours (2008), told apart by colour-blind readers; each family keeps its own.
PALETTE = {
    "gan": "#D55E00",
    "vae": "#0072B2",
    "transformer": "#009E73",
    "real": "#222222",
    "fake": "#D55E00",
    "accent": "#CC79A7",
    "light": "#56B4E9",
    "grey": "#8C8C8C",
}
CYCLE = [PALETTE[k] for k in ("vae", "gan", "transformer", "accent", "light", "real", "grey")]
DPI = 76


def use_style() -> None:
    """Set the course's plot style: plain axes, readable sizes, the safe palette, small pictures.

    In a notebook, a cell that ends in a Figure then shows it, whether or not pyplot made it.
    """
    if shell := get_ipython():
        shell.display_formatter.formatters["image/png"].for_type(Figure, png)
    mpl.rcParams.update(
        {
            "figure.dpi": DPI,
            "savefig.dpi": DPI,
            "font.size": 10,
            "axes.titlesize": 11,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.prop_cycle": mpl.cycler(color=CYCLE),
            "legend.frameon": False,
            "figure.constrained_layout.use": True,
            "image.cmap": "gray",
        }
    )


def figure(
    width: float = 6.4, height: float = 3.2, rows: int = 1, columns: int = 1, quick: bool = False
) -> tuple[Figure, np.ndarray]:
    """Make a figure outside pyplot's state, `width` x `height` inches, and its (rows, columns) array of axes.

    `quick` leaves out the search for the best margins, a third of the drawing time: for live views.
    """
    fig = Figure(figsize=(width, height), dpi=DPI, layout="none" if quick else "constrained")
    return fig, fig.subplots(rows, columns, squeeze=False)


def png(fig: Figure) -> bytes:
    """Draw a figure as PNG bytes; the same figure gives the same bytes."""
    before, buffer = fig.canvas, io.BytesIO()
    fig.set_dpi(DPI)
    canvas = FigureCanvasAgg(fig)
    canvas.draw()  # once; savefig draws the same pixels twice, which a live view would feel
    fig.set_canvas(before)
    imsave(buffer, np.asarray(canvas.buffer_rgba()), format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def tile(images: Tensor, columns: int, gap: int = 1) -> np.ndarray:
    """Lay images out in one big picture, row by row.

    Args:
        images: Shape (B, 1, H, W) or (B, 3, H, W), values in [0, 1].
        columns: Images in a row, at least 1.
        gap: Grey pixels between neighbours.
    Returns:
        Shape (rows * (H + gap) - gap, columns * (W + gap) - gap, 3), values in [0, 1].
    Raises:
        ValueError: If the images have another shape or are not floats, or columns is below 1; the message quotes it.
    """
    if images.ndim != 4 or images.shape[1] not in (1, 3) or not len(images):
        raise ValueError(f"images have shape {tuple(images.shape)}; give (B, 1, H, W) or (B, 3, H, W), B >= 1.")
    if not images.is_floating_point():
        raise ValueError(f"images are {images.dtype}; give floats in [0, 1]: x.float() / 255 for bytes.")
    if columns < 1:
        raise ValueError(f"columns is {columns}; give at least 1.")
    images = images.detach().cpu().float().clamp(0, 1).expand(-1, 3, -1, -1)
    b, _, h, w = images.shape
    rows = math.ceil(b / columns)
    sheet = np.full((rows * (h + gap) - gap, columns * (w + gap) - gap, 3), 0.6, dtype=np.float32)
    for i, image in enumerate(images):
        y, x = i // columns * (h + gap), i % columns * (w + gap)
        sheet[y : y + h, x : x + w] = image.permute(1, 2, 0).numpy()
    return sheet


def show_images(axes: Axes, images: Tensor, columns: int, title: str = "") -> None:
    """Draw images, shape (B, C, H, W) in [0, 1], as a grid with `columns` in a row on the given axes."""
    axes.imshow(tile(images, columns), interpolation="nearest")
    axes.set_axis_off()
    axes.set_title(title, y=1.0)  # said, not searched for: the search lays out all ticks, half of the drawing time


def image_grid(images: Tensor, columns: int = 10, title: str = "", scale: float = 0.55) -> Figure:
    """Picture images, shape (B, C, H, W) in [0, 1], in rows of `columns`; `scale` is inches for each."""
    columns = max(1, min(columns, len(images)))
    rows = math.ceil(len(images) / columns)
    fig, axes = figure(columns * scale, rows * scale + (0.3 if title else 0.0))
    show_images(axes[0, 0], images, columns, title)
    return fig


def curves(
    series: Mapping[str, Sequence[float]],
    title: str = "",
    x_label: str = "step",
    y_label: str = "",
    smooth: int = 1,
) -> Figure:
    """Picture named series as lines; `smooth` > 1 draws the mean over that many steps on a pale raw line."""
    fig, axes = figure(6.4, 2.8)
    draw_curves(axes[0, 0], series, smooth)
    axes[0, 0].set(title=title, xlabel=x_label, ylabel=y_label)
    return fig


def draw_curves(axes: Axes, series: Mapping[str, Sequence[float]], smooth: int = 1) -> None:
    """Draw named series on the given axes; styles differ as well as colours, so that no one needs the colour."""
    for i, (name, values) in enumerate(series.items()):
        y, colour = np.asarray(values, dtype=float), CYCLE[i % len(CYCLE)]
        x = np.arange(1, len(y) + 1)
        if smooth > 1 and len(y) >= 2 * smooth:
            axes.plot(x, y, color=colour, alpha=0.2, linewidth=0.8)
            y, x = np.convolve(y, np.ones(smooth) / smooth, mode="valid"), x[smooth - 1 :]
        axes.plot(x, y, color=colour, linestyle=("-", "--", "-.", ":")[i % 4], label=name)
    if series:
        axes.legend()


def matrix(
    values: Tensor | np.ndarray,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    title: str = "",
    numbers: bool = False,
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Picture a matrix, shape (R, C), as a heat map with labels; `numbers` writes each value into its square."""
    values = torch.as_tensor(values).detach().cpu().float().numpy()
    fig, axes = figure(min(7.0, 1.4 + 0.42 * values.shape[1]), min(6.0, 1.0 + 0.36 * values.shape[0]))
    draw_matrix(axes[0, 0], values, rows, columns, numbers, limits)
    axes[0, 0].set_title(title)
    return fig


def draw_matrix(
    axes: Axes,
    values: np.ndarray,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    numbers: bool = False,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draw a matrix, shape (R, C), on the given axes; a value that is not finite is written as it is, on white."""
    finite = values[np.isfinite(values)]
    low, high = limits or ((float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0))
    axes.imshow(values, cmap="cividis", vmin=low, vmax=high, aspect="auto")
    axes.set_xticks(range(values.shape[1]), columns or range(values.shape[1]))
    axes.set_yticks(range(values.shape[0]), rows or range(values.shape[0]))
    axes.tick_params(length=0)
    for i, j in np.ndindex(*values.shape) if numbers else ():
        light = np.isfinite(values[i, j]) and values[i, j] < (low + high) / 2
        axes.text(j, i, f"{values[i, j]:.2g}", ha="center", va="center", color="white" if light else "black", size=8)


def bars(
    values: Mapping[str, float], title: str = "", y_label: str = "", spread: Mapping[str, float] | None = None
) -> Figure:
    """Picture named values as bars with the number on each; `spread` adds error bars of that half-length."""
    fig, axes = figure(6.4, 2.8)
    errors = [(spread or {}).get(k, 0.0) for k in values] if spread else None
    drawn = axes[0, 0].bar(list(values), list(values.values()), yerr=errors, color=CYCLE[: len(values)], capsize=4)
    axes[0, 0].bar_label(drawn, fmt="%.3g", padding=2)
    axes[0, 0].set(title=title, ylabel=y_label)
    axes[0, 0].margins(y=0.15)
    return fig
