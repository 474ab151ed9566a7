"""Pictures of sound: log-mel frames, and where in time each word that was written was heard."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from helpers.audio import HOP, RATE, WINDOW
from helpers.plots.base import PALETTE, figure

MIDDLE = WINDOW / 2 / RATE  # seconds: the middle of the first window
FRAME = HOP / RATE  # seconds from one frame to the next
PLACE = 4 * FRAME  # seconds from one place of the memory to the next


def draw_frames(axes: Axes, frames: Tensor, title: str = "", labels: bool = True) -> None:
    """Draw log-mel frames, shape (T, BANDS), over seconds; low bands below."""
    low, high = MIDDLE - FRAME / 2, MIDDLE + (len(frames) - 0.5) * FRAME
    axes.imshow(frames.T.numpy(), origin="lower", aspect="auto", cmap="cividis", extent=(low, high, 0, frames.shape[1]))
    axes.set(title=title)
    if labels:
        axes.set(xlabel="seconds", ylabel="mel band")


def heard(
    frames: Tensor,
    weights: Tensor,
    words: Sequence[str],
    spans: Sequence[tuple[float, float]] = (),
    quick: bool = False,
) -> Figure:
    """Picture a sound and, below it on the same seconds, where the model looked while it wrote each word.

    Args:
        frames: Log-mel, shape (T, BANDS).
        weights: Cross-attention, shape (L, S); a row for each word, a column for each place of the memory.
        words: What was written, at least one word; rows beyond L are left out.
        spans: First and last second of each word that was said, drawn as boxes.
        quick: Leave out the search for margins, for live views.
    """
    height = 2.1 + 0.24 * len(words)
    fig, axes = figure(7.4, height, rows=2, quick=quick)
    top, bottom = axes[:, 0]
    draw_frames(top, frames, labels=False)
    top.set_ylabel("mel band")
    shown = weights[: len(words)].numpy()
    ends = MIDDLE - PLACE / 2, MIDDLE + (shown.shape[1] - 0.5) * PLACE
    bottom.imshow(shown, aspect="auto", cmap="cividis", vmin=0, extent=(*ends, len(words) - 0.5, -0.5))
    bottom.plot(MIDDLE + PLACE * shown.argmax(1), np.arange(len(words)), "o", mfc="none", mec=PALETTE["gan"], mew=1.5)
    bottom.set_yticks(range(len(words)), words)
    bottom.tick_params(axis="y", length=0)
    bottom.set(xlabel="seconds", xlim=top.get_xlim())
    for row, (begin, end) in enumerate(spans[: len(words)]):
        box = Rectangle((begin, row - 0.45), end - begin, 0.9, fill=False, edgecolor="white", linestyle="--")
        bottom.add_patch(box)
    if quick:
        fig.subplots_adjust(left=0.1, right=0.99, top=1 - 0.12 / height, bottom=0.5 / height, hspace=0.25)
    return fig
