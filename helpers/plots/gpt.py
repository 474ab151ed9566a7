"""Pictures of a model that writes: what it might write next, and what the settings leave of that."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from helpers.plots.base import PALETTE, figure

COLOURS = [PALETTE[name] for name in ("grey", "transformer", "vae", "gan")]
HATCHES = ("", "//", "..", "xx")


def next_token_bars(names: Sequence[str], probs: Mapping[str, Tensor], most: int = 10, title: str = "") -> Figure:
    """Picture distributions of the next token side by side.

    Args:
        names: The tokens, V of them.
        probs: One to four distributions under their labels, shape (V,) each; tokens stand in the order of the first.
        most: How many tokens to show; all others stand together at the right.
        title: Above the picture.
    Raises:
        ValueError: If a distribution has not one number for each name; the message quotes both.
    """
    for label, row in probs.items():
        if len(row) != len(names):
            raise ValueError(f"{label!r} has {len(row)} probabilities for {len(names)} tokens; give one for each.")
    order = next(iter(probs.values())).argsort(descending=True, stable=True)
    labels = [_visible(names[i]) for i in order[:most].tolist()] + ["others"]
    fig, axes = figure(7.6, 2.9, quick=True)
    fig.subplots_adjust(left=0.08, right=0.99, bottom=0.25, top=0.9)
    places, width, ax = np.arange(len(labels)), 0.8 / len(probs), axes[0, 0]
    for i, (label, row) in enumerate(probs.items()):
        heights = [*row[order[:most]].tolist(), float(row[order[most:]].sum())]
        style = {"color": COLOURS[i], "hatch": HATCHES[i], "edgecolor": "white"}
        ax.bar(places + (i - (len(probs) - 1) / 2) * width, heights, width, label=label, **style)
    ax.set_xticks(places, labels, rotation=20)
    ax.set(ylim=(0, 1.02), ylabel="probability", title=title)
    ax.legend(loc="upper right")
    return fig


def _visible(token: str) -> str:
    """A token with its space and line's end to be seen."""
    return token.replace(" ", "␣").replace("\n", "⏎")
