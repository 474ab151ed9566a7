"""Pictures of a summary: where in the story the words of a summary come from."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from helpers.plots.base import PALETTE, figure

LINE = 84  # characters


def looked_at(words: Sequence[str], weights: Tensor, title: str = "", quick: bool = False) -> Figure:
    """Picture a text with each word on a ground as dark as its weight; the largest weight has a frame as well.

    Args:
        words: The text, S words.
        weights: Shape (S,), at least 0.
        title: Says what looked there.
        quick: Leave out the search for margins, for live views.
    """
    shares = weights.detach().flatten().tolist()
    if len(shares) != len(words):
        raise ValueError(f"there are {len(words)} words and {len(shares)} weights; give a weight for each word.")
    places, line, column = [], 0, 0
    for word in words:
        if column and column + len(word) > LINE:
            line, column = line + 1, 0
        places.append((column, line))
        column += len(word) + 1
    fig, axes = figure(8.4, 0.55 + 0.27 * (line + 1), quick=quick)
    if quick:
        fig.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=1 - 0.4 / fig.get_figheight())
    ax, best = axes[0, 0], max(range(len(words)), key=shares.__getitem__)
    for i, ((x, y), word, share) in enumerate(zip(places, words, shares, strict=True)):
        box = {"facecolor": mpl.colormaps["Greens"](0.75 * min(1.0, share)), "edgecolor": "none"}
        if i == best:
            box |= {"edgecolor": PALETTE["gan"], "linewidth": 1.8}
        ax.add_patch(Rectangle((x - 0.3, y - 0.42), len(word) + 0.4, 0.84, **box))
        ax.text(x, y, word, family="monospace", size=8.2, va="center")
    ax.set(xlim=(-1, LINE + 1), ylim=(line + 0.6, -0.6), title=title)
    ax.set_axis_off()
    return fig


def progress_lines(
    seen: Mapping[str, tuple[Sequence[float], Sequence[float]]], x_label: str = "step", title: str = ""
) -> Figure:
    """Picture shares in per cent, each under its name as (x, y); marks and styles differ as well as colours."""
    fig, axes = figure(6.6, 3.0)
    for (name, (x, y)), style in zip(seen.items(), ("o-", "s--", "^:"), strict=False):
        axes[0, 0].plot(x, y, style, label=name)
    axes[0, 0].set(xlabel=x_label, ylabel="%", ylim=(-2, 102), title=title)
    axes[0, 0].legend()
    return fig
