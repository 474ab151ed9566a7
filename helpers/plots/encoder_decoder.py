"""Pictures of a translation: which word was looked at while each word was written, and what a beam keeps."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from helpers.plots.base import PALETTE, draw_matrix, figure


def alignment(
    weights: Tensor, read: Sequence[str], written: Sequence[str], title: str = "", quick: bool = False
) -> Figure:
    """Picture cross-attention, shape (T, S): a row is a word as it is written, a column a word that was read.

    The largest weight of each row is marked by a ring, so that colour is not the only sign. `quick` is for live views.
    """
    pixels = torch.as_tensor(weights).detach().numpy()
    if pixels.shape != (len(written), len(read)):
        raise ValueError(f"weights have shape {pixels.shape}; the words ask for ({len(written)}, {len(read)}).")
    width, height = max(4.2, min(8.4, 1.6 + 0.34 * len(read))), 1.5 + 0.24 * len(written)
    fig, axes = figure(width, height, quick=quick)
    ax = axes[0, 0]
    draw_matrix(ax, pixels, written, read, limits=(0.0, 1.0))
    ax.plot(pixels.argmax(1), np.arange(len(written)), "o", mfc="none", mec=PALETTE["gan"], ms=9, mew=1.5)
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", rotation=60)
    for label in ax.get_xticklabels():
        label.set(ha="left", rotation_mode="anchor")
    ax.set(ylabel="written")
    fig.supxlabel("read" if not title else f"read   ({title})", fontsize=10)
    if quick:
        fig.subplots_adjust(left=1.25 / width, right=1 - 0.35 / width, top=1 - 0.95 / height, bottom=0.4 / height)
    return fig


def word_tree(branches: Mapping[str, Mapping[str, float]], root: str) -> Figure:
    """Picture which words may follow which: `branches` gives each beginning its next words and their probabilities.

    Beginnings are texts, "a b" follows "a"; the root's name is the empty text's. Each box holds a word and the
    probability of the whole text so far.
    """
    fig, axes = figure(6.4, 2.9)
    ax, leaves = axes[0, 0], [text for text in _texts(branches) if text not in branches]
    height = {text: -float(i) for i, text in enumerate(leaves)}

    def draw(text: str, probability: float) -> float:
        x = len(text.split())
        children = branches.get(text, {})
        ys = [(draw(f"{text} {word}".strip(), probability * p), p) for word, p in children.items()]
        y = sum(y for y, _ in ys) / len(ys) if ys else height[text]
        for y_child, p in ys:
            ax.plot([x + 0.28, x + 0.72], [y, y_child], color=PALETTE["grey"], linewidth=0.5 + 5 * p, zorder=0)
            ax.text(x + 0.5, (y + y_child) / 2 + 0.12, f"{p:.1f}", ha="center", size=9)
        label = f"{text.split()[-1]}  {probability:.2f}" if text else root
        ax.text(x, y, label, ha="center", va="center", bbox={"boxstyle": "round", "facecolor": "white"})
        return y

    draw("", 1.0)
    depth = max(len(text.split()) for text in leaves)
    ax.set(xlim=(-0.4, depth + 0.4), ylim=(0.6 - len(leaves), 0.6))
    ax.set_axis_off()
    return fig


def _texts(branches: Mapping[str, Mapping[str, float]], text: str = "") -> list[str]:
    """All texts of a tree, depth first."""
    below = [t for word in branches.get(text, {}) for t in _texts(branches, f"{text} {word}".strip())]
    return [text, *below]
