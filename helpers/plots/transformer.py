"""Pictures of attention: who looks where, how strongly, and what comes back."""

from collections.abc import Sequence

import numpy as np
import torch
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
    rows: Sequence[str],
    columns: Sequence[str],
    titles: Sequence[str] = (),
    numbers: bool = False,
) -> Figure:
    """Picture weights, each of shape (T, S), side by side on one scale from 0 to 1; a row is one query.

    Args:
        maps: The weights.
        rows: A label for each query.
        columns: A label for each key.
        titles: One for each map.
        numbers: Write each weight into its square.
    """
    side = min(3.6, 1.2 + 0.26 * len(columns))
    fig, axes = figure(max(3.2, (side + 0.5) * len(maps)), min(3.9, 1.1 + 0.25 * len(rows)), columns=len(maps))
    for i, (ax, weights) in enumerate(zip(axes[0], maps, strict=True)):
        draw_matrix(ax, torch.as_tensor(weights).detach().numpy(), rows, columns, numbers, limits=(0.0, 1.0))
        ax.set_title(titles[i] if titles else "")
        ax.set_xlabel("looked at")
    axes[0, 0].set_ylabel("looking")
    return fig


def lookup_view(
    words: Sequence[str], features: Sequence[str], weights: Tensor, chosen: int, before: Tensor, after: Tensor
) -> Figure:
    """Picture all weights, shape (T, T), with the chosen word's row framed, beside what that word gets back.

    Args:
        words: The sentence.
        features: What a word's numbers mean.
        weights: Row t says where word t looks.
        chosen: The word whose row is framed.
        before: Its own vector, shape (C,).
        after: The vector that it looks up, shape (C,).
    """
    fig, axes = figure(7.6, 2.9, columns=2)
    left, right = axes[0]
    draw_matrix(left, weights.numpy(), words, words, numbers=True, limits=(0.0, 1.0))
    frame = {"fill": False, "edgecolor": PALETTE["gan"], "linewidth": 3, "clip_on": False}
    left.add_patch(Rectangle((-0.5, chosen - 0.5), len(words), 1, **frame))
    left.set(title="weights (row looks, column is looked at)")
    places = np.arange(len(features))
    bars = (("its own numbers", before, -0.2, "grey", ""), ("what it looks up", after, 0.2, "transformer", "//"))
    for name, values, shift, colour, hatch in bars:
        style = {"color": PALETTE[colour], "hatch": hatch, "edgecolor": "white", "label": name}
        drawn = right.bar(places + shift, values.tolist(), 0.4, **style)
        right.bar_label(drawn, fmt="%.2f", size=8)
    right.set_xticks(places, features)
    right.set(ylim=(0, 2.6), title=f"“{words[chosen]}”")
    right.legend(loc="upper right", ncols=2, fontsize=8)
    return fig
