"""Pictures of places: matrices over places side by side, and answers digit by digit."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from helpers.plots.base import PALETTE, figure


def heat_maps(
    maps: Sequence[Tensor],
    titles: Sequence[str] = (),
    x_label: str = "place",
    y_label: str = "place",
    limits: tuple[float, float] | None = None,
) -> Figure:
    """Picture matrices, each of shape (R, C), side by side, with a scale beside each.

    Args:
        maps: The matrices.
        titles: One for each.
        x_label: What the columns are.
        y_label: What the rows are.
        limits: Values of the darkest and the lightest colour; each matrix has its own if not given.
    """
    fig, axes = figure(min(8.4, 2.6 * len(maps) + 2.0), 2.8, columns=len(maps))
    low, high = limits or (None, None)
    for i, (ax, values) in enumerate(zip(axes[0], maps, strict=True)):
        picture = ax.imshow(
            torch.as_tensor(values).detach().numpy(), cmap="cividis", vmin=low, vmax=high, aspect="auto"
        )
        fig.colorbar(picture, ax=ax)
        ax.set(title=titles[i] if titles else "", xlabel=x_label)
    axes[0, 0].set_ylabel(y_label)
    return fig


def reply_grid(typed: str, replies: Mapping[str, str], wanted: str, seen: int | None = None) -> Figure:
    """Picture answers under what was typed, character by character; a wrong one is dark and in brackets.

    Args:
        typed: What the models read.
        replies: Each model's answer under its name, as long as `typed`.
        wanted: The right answer; a dot stands where any is right, and nothing is shown there.
        seen: Draw a line after so many places: training saw no more.
    Raises:
        ValueError: If an answer is longer or shorter than what was typed; the message names the model.
    """
    for name, reply in {"the right answer": wanted, **replies}.items():
        if len(reply) != len(typed):
            raise ValueError(f"{name} has {len(reply)} characters for {len(typed)} typed; give one for each.")
    names = ["typed", *replies]
    right = np.ones((len(names), len(typed)))
    fig, axes = figure(1.3 + 0.28 * max(len(typed), 12), 0.5 + 0.3 * len(names), quick=True)
    fig.subplots_adjust(left=1.1 / fig.get_figwidth(), right=0.99, bottom=0.02, top=0.8)
    ax = axes[0, 0]
    for i, text in enumerate([typed, *replies.values()]):
        for j, character in enumerate(text):
            free = i and wanted[j] == "·"
            right[i, j] = free or not i or character == wanted[j]
            if not free:
                label, colour = (character, "black") if right[i, j] else (f"({character})", "white")
                ax.text(j, i, label, ha="center", va="center", color=colour)
    ax.imshow(right, cmap="cividis", vmin=0.0, vmax=1.25, aspect="auto")
    ax.axhline(0.5, color="white", linewidth=3)
    if seen is not None and seen < len(typed):
        ax.axvline(seen - 0.5, color=PALETTE["gan"], linewidth=2, linestyle="--")
    ax.set_yticks(range(len(names)), names)
    ax.xaxis.tick_top()
    ax.set_xticks(range(0, len(typed), 4))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return fig
