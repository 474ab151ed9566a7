"""Pictures of attention: who looks where, how strongly, and what comes back."""

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from helpers.plots.base import PALETTE, draw_matrix, figure


def lookup_lines(query: str, words: Sequence[str], weights: Tensor, title: str = "") -> Figure:
    """Picture one lookup: the query above, the words below, a line to each as thick as its weight, shape (S,)."""
    weights = torch.as_tensor(weights).tolist()
    fig, axes = figure(6.4, 2.3)
    ax, middle = axes[0, 0], (len(words) - 1) / 2
    for i, (word, weight) in enumerate(zip(words, weights, strict=True)):
        ax.plot([middle, i], [0.86, 0.26], color=PALETTE["transformer"], linewidth=0.4 + 16 * weight, alpha=0.75)
        ax.text(i, 0.16, f"{word}\n{weight:.2f}", ha="center", va="center", size=11)
    box = {"boxstyle": "round", "facecolor": "white", "edgecolor": PALETTE["real"]}
    ax.text(middle, 0.92, query, ha="center", va="center", size=11, bbox=box)
    ax.set(xlim=(-0.6, len(words) - 0.4), ylim=(0, 1.05), title=title)
    ax.set_axis_off()
    return fig


def attention_maps(
    maps: Sequence[Tensor],
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    titles: Sequence[str] = (),
    numbers: bool = False,
    high: float = 1.0,
) -> Figure:
    """Picture weights, each of shape (T, S), side by side on one scale; a row is one query.

    Args:
        maps: The weights.
        rows: A label for each query; its number if none are given.
        columns: A label for each key; its number if none are given.
        titles: One for each map.
        numbers: Write each weight into its square.
        high: The weight of the lightest colour; the darkest is 0.
    """
    cell = (0.5, 0.36) if numbers else (0.24, 0.23)  # inches
    width, height = (1.0 + cell[0] * maps[0].shape[1]) * len(maps), 0.9 + cell[1] * len(maps[0])
    fig, axes = figure(max(3.2, min(8.4, width)), height, columns=len(maps))
    for i, (ax, weights) in enumerate(zip(axes[0], maps, strict=True)):
        pixels = torch.as_tensor(weights).detach().numpy()
        draw_matrix(ax, pixels, rows, columns, limits=(0.0, high))
        for place in np.ndindex(*pixels.shape) if numbers else ():
            colour = "white" if pixels[place] < high / 2 else "black"
            ax.text(*place[::-1], f"{pixels[place]:.2f}", ha="center", va="center", color=colour, size=8)
        ax.set_title(titles[i] if titles else "")
        ax.set_xlabel("looked at")
    axes[0, 0].set_ylabel("looking")
    return fig


def lookup_view(words: Sequence[str], features: Sequence[str]) -> Figure:
    """Make the empty picture of a lookup, to be filled by `show_lookup`: a heat map of weights beside bars."""
    fig, axes = figure(7.6, 2.9, columns=2)
    left, right = axes[0]
    draw_matrix(left, np.zeros((len(words), len(words))), words, words, numbers=True, limits=(0.0, 1.0))
    left.add_patch(
        Rectangle((-0.5, 0), len(words), 1, fill=False, edgecolor=PALETTE["gan"], linewidth=3, clip_on=False)
    )
    left.set_title("weights (row looks, column is looked at)")
    places = np.arange(len(features))
    right.bar(places - 0.2, 1.0, 0.4, color=PALETTE["grey"], label="its own numbers")
    right.bar(places + 0.2, 1.0, 0.4, color=PALETTE["transformer"], hatch="//", edgecolor="white", label="looked up")
    for bar in right.patches:
        right.text(bar.get_x() + 0.2, 0.0, "", ha="center", size=8)
    right.set_xticks(places, features)
    right.set(ylim=(0, 2.6), title=max(words, key=len))
    right.legend(loc="upper right", ncols=2, fontsize=8)
    return fig


def show_lookup(
    fig: Figure, words: Sequence[str], weights: Tensor, chosen: int, before: Tensor, after: Tensor
) -> list[Artist]:
    """Fill the picture of `lookup_view`, and return the parts of it that this changed.

    Args:
        fig: What `lookup_view` made for these words.
        words: The sentence.
        weights: Row t says where word t looks, shape (T, T).
        chosen: The word whose row is framed and whose numbers are shown.
        before: Its own vector, shape (C,).
        after: The vector that it looks up, shape (C,).
    """
    left, right = fig.axes
    left.images[0].set_data(weights.numpy())
    left.patches[0].set_y(chosen - 0.5)
    for text, weight in zip(left.texts, weights.flatten().tolist(), strict=True):
        text.set(text=f"{weight:.2f}", color="white" if weight < 0.5 else "black")
    for bar, text, value in zip(right.patches, right.texts, [*before.tolist(), *after.tolist()], strict=True):
        bar.set_height(value)
        text.set(text=f"{value:.2f}", y=value + 0.05)
    right.set_title(f"“{words[chosen]}”")
    return [left.images[0], *left.texts, left.patches[0], *right.patches, *right.texts, right.title]


def reader_view(n_maps: int, longest: int) -> Figure:
    """Make the empty picture of a model that reads up to `longest` digits, to be filled by `show_reader`."""
    fig, axes = figure(3.7 * n_maps, 3.7, columns=n_maps)
    for i, ax in enumerate(axes[0]):
        ax.imshow(np.full((longest, longest), np.nan), cmap="cividis", vmin=0.0, vmax=1.0)
        ax.set(xticks=[], yticks=[], title=f"layer {i + 1}: digits typed")
        for j in range(longest):
            ax.text(j, -0.9, "", ha="center", va="center")
            ax.text(-0.9, j, "", ha="center", va="center")
        ax.set(xlim=(-1.4, longest - 0.5), ylim=(longest - 0.5, -1.4))
        ax.spines[:].set_visible(False)
    axes[0, 0].set_ylabel("looking: digits written")
    return fig


def show_reader(fig: Figure, maps: Sequence[Tensor], digits: str, reply: str) -> list[Artist]:
    """Fill the picture of `reader_view` with weights, each (T, T), and return the parts of it that this changed."""
    moving: list[Artist] = []
    for i, ax in enumerate(fig.axes):
        picture, labels = ax.images[0], ax.texts
        longest = len(labels) // 2
        pixels = np.full((longest, longest), np.nan)
        if digits:
            pixels[: len(digits), : len(digits)] = maps[i].numpy()
        picture.set_data(pixels)
        for text, label in zip(labels, _pairs(digits, reply, longest), strict=True):
            text.set_text(label)
        moving += [picture, *labels]
    return moving


def _pairs(above: str, beside: str, longest: int) -> str:
    """The labels of columns and rows in turn, blank where there are fewer."""
    return "".join(a + b for a, b in zip(above.ljust(longest), beside.ljust(longest), strict=True))
