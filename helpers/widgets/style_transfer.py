"""A slider through the strength of a change of style: the picture, and what independent judges read in it."""

import io
from collections.abc import Callable, Mapping

import ipywidgets as w
import numpy as np
from matplotlib.image import imsave
from torch import Tensor

from helpers.plots import tile
from helpers.widgets.live import View

ENLARGED = 6  # screen pixels for each of a picture's


class StyleSlider(View):
    """The original, the picture at the chosen strength, and the full change, side by side; below, what is read.

    Attributes:
        letter, strength: The controls, both with keys.
        picture, text: What is shown, and the same in words.
    """

    name = "strength of the change"

    def __init__(
        self, originals: Mapping[str, Tensor], change: Callable, read: Callable, strengths: list[float]
    ) -> None:
        """Build it; see `style_slider`."""
        self.originals, self.change, self.read = originals, change, read
        self.letter = w.Dropdown(options=list(originals), description="letter")
        self.strength = w.SelectionSlider(
            options=[(f"{s:.2f}", s) for s in strengths],
            value=strengths[2 * len(strengths) // 3],
            description="strength",
        )
        self.picture = w.Image(format="png", layout=w.Layout(align_self="flex-start", max_width="100%"))
        self.text = w.HTML()
        self.widget = w.VBox([self.letter, self.strength, self.picture, self.text])
        for control in (self.letter, self.strength):
            control.observe(self.update, "value")
        self.update()

    def update(self, change: object = None) -> None:
        """Translate the chosen letter at the chosen strength, and say what the judges read."""
        x, strength = self.originals[self.letter.value], self.strength.value
        now, full = self.change(x, strength), self.change(x, 1.0)
        character, sure, style = self.read(now)
        self.picture.value = _enlarged([x, now, full])
        line = f"strength {strength:.2f}: read as {character} ({sure:.0%} sure), bold italic serif {style:.0%}"
        self.text.value = f'<span role="status">{line}</span>'

    def still(self) -> bytes:
        """What is shown now."""
        return bytes(self.picture.value)


def style_slider(
    originals: Mapping[str, Tensor],
    change: Callable[[Tensor, float], Tensor],
    read: Callable[[Tensor], tuple[str, float, float]],
    strengths: list[float],
) -> StyleSlider:
    """Make a slider through the strength of a change.

    Args:
        originals: Name -> picture in [0, 1], shape (1, 1, H, W).
        change: From a picture and a strength, 0 none and 1 full, to the changed picture.
        read: From a picture to the character read, how sure the reader is, and the share of the new style.
        strengths: The slider's stops, rising.
    """
    return StyleSlider(originals, change, read, strengths)


def _enlarged(pictures: list[Tensor]) -> bytes:
    """Pictures in a row as PNG bytes, each pixel a square."""
    row = np.concatenate([np.pad(tile(p, 1), ((0, 0), (0, 2), (0, 0)), constant_values=1) for p in pictures], 1)
    buffer = io.BytesIO()
    imsave(buffer, row.repeat(ENLARGED, 0).repeat(ENLARGED, 1), format="png", metadata={"Software": None})
    return buffer.getvalue()
