"""Pictures of a model that reads: what may stand in a blank, and where the answer to a question begins and ends."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from helpers.plots.base import PALETTE, figure


def blank_bars(names: Sequence[str], blanks: Tensor, most: int = 8, quick: bool = False) -> Figure:
    """Picture the likeliest words of each blank, side by side.

    Args:
        names: The words, V of them.
        blanks: A distribution for each of one to four blanks, shape (N, V).
        most: How many words to show of each.
        quick: Leave out the search for margins, for live views.
    """
    width, gap = 0.2 + 2.4 * len(blanks), 0.98  # inches; the gap is for the words beside the bars
    fig, axes = figure(max(3.2, width), 2.6, columns=len(blanks), quick=quick)
    if quick:
        inside = (width - 0.1) / len(blanks) - gap
        fig.subplots_adjust(gap / width, 0.12, 1 - 0.1 / width, 0.9, wspace=gap / inside)
    for i, (ax, row) in enumerate(zip(axes[0], blanks, strict=True)):
        best = row.topk(most)
        drawn = ax.barh(range(most), best.values.tolist(), color=PALETTE["transformer"])
        ax.bar_label(drawn, [f"{p:.2f}" for p in best.values.tolist()], padding=3, size=8)
        ax.set_yticks(range(most), [names[j] for j in best.indices.tolist()])
        ax.set(xlim=(0, 1.2), ylim=(most - 0.4, -0.6), title=f"blank {i + 1}" if len(blanks) > 1 else "the blank")
    return fig


def answer_bars(
    words: Sequence[str], first: Tensor, last: Tensor, span: tuple[int, int], quick: bool = False
) -> Figure:
    """Picture a passage word by word: is it the answer's first word, is it its last; the answer is shaded and bold.

    Args:
        words: The passage, T words.
        first, last: Probabilities of being the first and the last word, shape (T,) each.
        span: Places of the answer's first and last word.
        quick: Leave out the search for margins, for live views.
    """
    fig, axes = figure(8.6, 2.9, quick=quick)
    if quick:
        fig.subplots_adjust(left=0.07, right=0.99, bottom=0.26, top=0.89)
    ax, places = axes[0, 0], np.arange(len(words))
    ax.axvspan(span[0] - 0.5, span[1] + 0.5, color=PALETTE["light"], alpha=0.35, label="the answer")
    ax.bar(places - 0.2, first.tolist(), 0.4, color=PALETTE["transformer"], label="first word")
    ax.bar(places + 0.2, last.tolist(), 0.4, color=PALETTE["gan"], hatch="//", edgecolor="white", label="last word")
    ax.set_xticks(places, words, rotation=90, size=8)
    for place in range(span[0], span[1] + 1):
        ax.get_xticklabels()[place].set_fontweight("bold")
    ax.set(xlim=(-0.7, len(words) - 0.3), ylim=(0, 1.02), ylabel="probability")
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=3)
    return fig
