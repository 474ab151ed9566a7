"""Live views of attention: edit a query or a key and see the weights move; type digits and see a model look."""

import html
import io
from collections.abc import Callable, Sequence

import ipywidgets as w
import numpy as np
import torch
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imsave
from torch import Tensor

from helpers import plots
from helpers.models.attention import causal_mask, masked_softmax
from helpers.plots.transformer import lookup_view, reader_view, show_lookup, show_reader
from helpers.sequences import DIGITS, to_text
from helpers.widgets.live import View

Read = Callable[[Tensor], tuple[list[Tensor], Tensor]]


class Lookup(View):
    """A sentence whose queries and keys can be edited, word by word, with the attention that follows from them.

    Attributes:
        word: The choice of the word to edit; its numbers are kept when another is chosen.
        q: One slider for each number of its query.
        k: One for each number of its key.
        masked, scaled, temperature: Hide later words; divide by the square root of d; divide by this as well.
    """

    name = "attention lookup"

    def __init__(self, words: Sequence[str], features: Sequence[str], x: Tensor) -> None:
        self.words, self.features, self.x = list(words), list(features), x
        self.queries, self.keys = x.clone(), x.clone()
        self.word = w.ToggleButtons(options=[(word, i) for i, word in enumerate(words)], value=len(words) - 1)
        self.word.description, self.word.style.button_width = "word", "auto"
        self.q = [_slider(f"asks for: {name}") for name in features]
        self.k = [_slider(f"offers: {name}") for name in features]
        self.masked = w.Checkbox(False, description="mask: hide later words", indent=False)
        self.scaled = w.Checkbox(True, description="scale by 1/√d", indent=False)
        self.temperature = _slider("temperature", 0.1, 3.0, 1.0)
        fig = lookup_view(self.words, self.features)
        self.stage = _Stage(fig, show_lookup(fig, self.words, x @ x.T, 0, x[0], x[0]))
        self.picture = w.Image(format="png", layout=w.Layout(align_self="flex-start", max_width="100%"))
        columns = w.VBox([*self.q, self.temperature]), w.VBox([*self.k, w.HBox([self.masked, self.scaled])])
        self.widget = w.VBox([self.word, w.HBox(columns), self.picture])
        self.word.observe(self._choose, "value")
        for control in (*self.q, *self.k, self.masked, self.scaled, self.temperature):
            control.observe(self.update, "value")
        self._choose()

    def weights(self) -> Tensor:
        """Where every word looks now, shape (T, T)."""
        scores = self.queries @ self.keys.T / self.temperature.value
        scores = scores / len(self.features) ** 0.5 if self.scaled.value else scores
        return masked_softmax(scores, causal_mask(len(self.words)) if self.masked.value else None)

    def update(self, change: object = None) -> None:
        """Take the sliders' numbers over and draw."""
        if self.loading:
            return
        i = self.word.value
        self.queries[i] = torch.tensor([slider.value for slider in self.q])
        self.keys[i] = torch.tensor([slider.value for slider in self.k])
        weights = self.weights()
        show_lookup(self.stage.fig, self.words, weights, i, self.x[i], weights[i] @ self.x)
        self.picture.value = self.stage.png()

    def still(self) -> bytes:
        return bytes(self.picture.value)

    def _choose(self, change: object = None) -> None:
        """Show another word's numbers, and draw once."""
        self.loading = True
        for sliders, numbers in ((self.q, self.queries), (self.k, self.keys)):
            for slider, number in zip(sliders, numbers[self.word.value].tolist(), strict=True):
                slider.value = number
        self.loading = False
        self.update()


def lookup(words: Sequence[str], features: Sequence[str], x: Tensor) -> Lookup:
    """Make a sentence to edit.

    Args:
        words: T words.
        features: What the C numbers of a word mean.
        x: The words' numbers in [0, 2], shape (T, C): queries, keys and values at the start.
    """
    return Lookup(words, features, x)


class DigitReader(View):
    """A field to type digits into, with the model's answer and where each of its layers looks; see `digit_reader`.

    Attributes:
        field: The text field.
        text: The answer, or what is wrong with the input.
    """

    name = "digit reader"

    def __init__(self, read: Read, longest: int, digits: str) -> None:
        self.read, self.longest = read, longest
        self.field = w.Text(digits, description="digits", placeholder=f"1 to {self.longest} digits")
        fig = reader_view(len(self.look("0")[0]), longest)
        self.stage = _Stage(fig, show_reader(fig, [], "", ""))
        self.picture = w.Image(format="png", layout=w.Layout(align_self="flex-start", max_width="100%"))
        self.text = w.HTML()
        self.widget = w.VBox([self.field, self.text, self.picture])
        self.field.observe(self.update, "value")
        self.update()

    def look(self, digits: str) -> tuple[list[Tensor], str]:
        """Weights of each layer and the answer; a ValueError says what is wrong with the input."""
        ids = DIGITS.encode(digits)[None]
        if ids.shape[1] > self.longest:
            raise ValueError(f"{ids.shape[1]} digits are too many: this model has {self.longest} places; delete some.")
        with torch.no_grad():
            maps, reply = self.read(ids)
        return maps, to_text(reply)

    def update(self, change: object = None) -> None:
        """Read what stands in the field; a wrong input leaves the picture empty."""
        digits = self.field.value.strip()
        try:
            maps, reply = self.look(digits)
            line = f"{digits} → {reply}"
        except ValueError as error:
            digits, maps, reply, line = "", [], "", str(error)
        show_reader(self.stage.fig, maps, digits, reply)
        self.text.value = f'<span role="status">{html.escape(line)}</span>'
        self.picture.value = self.stage.png()

    def still(self) -> bytes:
        return bytes(self.picture.value)


def digit_reader(read: Read, longest: int, digits: str = "31415926") -> DigitReader:
    """Make a field to type digits into.

    Args:
        read: From ids, shape (1, T), to each layer's weights, shape (T, T), and the answer, shape (T,).
        longest: Most digits it takes.
        digits: What stands in the field at first.
    """
    return DigitReader(read, longest, digits)


class _Stage:
    """A figure of which only some parts change: the rest is drawn once, which makes a live view quick."""

    def __init__(self, fig: Figure, moving: Sequence[Artist]) -> None:
        plots.png(fig)  # settles the layout
        fig.set_layout_engine("none")
        self.fig, self.moving, self.canvas = fig, moving, FigureCanvasAgg(fig)
        for part in moving:
            part.set_animated(True)
        self.canvas.draw()
        self.rest = self.canvas.copy_from_bbox(fig.bbox)

    def png(self) -> bytes:
        self.canvas.restore_region(self.rest)
        for part in self.moving:
            part.axes.draw_artist(part)
        buffer = io.BytesIO()
        imsave(buffer, np.asarray(self.canvas.buffer_rgba()), format="png", metadata={"Software": None})
        return buffer.getvalue()


def _slider(name: str, low: float = 0.0, high: float = 2.0, value: float = 0.0) -> w.FloatSlider:
    slider = w.FloatSlider(value, min=low, max=high, step=0.1, description=name, readout_format=".1f")
    slider.style.description_width, slider.layout.width = "10em", "24em"
    return slider
