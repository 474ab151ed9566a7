"""Live views of attention: edit a query or a key and see the weights move; type digits and see a model look."""

from collections.abc import Sequence

import ipywidgets as w
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from helpers import plots
from helpers.models.transformer import attention_maps, causal_mask, masked_softmax
from helpers.plots.transformer import attention_maps as draw_maps
from helpers.plots.transformer import lookup_view
from helpers.sequences import DIGITS, to_text
from helpers.widgets.live import Live, View, live


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
        self.word = w.Dropdown(options=[(word, i) for i, word in enumerate(words)], value=len(words) - 1)
        self.word.description = "word"
        self.q = [_slider(f"asks for: {name}") for name in features]
        self.k = [_slider(f"offers: {name}") for name in features]
        self.masked = w.Checkbox(False, description="mask: hide later words", indent=False)
        self.scaled = w.Checkbox(True, description="scale by 1/√d", indent=False)
        self.temperature = _slider("temperature", 0.1, 3.0, 1.0)
        self.picture = w.Image(format="png", layout=w.Layout(align_self="flex-start", max_width="100%"))
        top = w.HBox([self.word, self.masked, self.scaled, self.temperature])
        top.layout.flex_flow = "row wrap"
        self.widget = w.VBox([top, w.HBox([w.VBox(self.q), w.VBox(self.k)]), self.picture])
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
        fig = lookup_view(self.words, self.features, weights, i, self.x[i], weights[i] @ self.x)
        self.picture.value = plots.png(fig)

    def still(self) -> bytes:
        return self.picture.value

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


def digit_reader(model: nn.Module, text: str = "31415") -> Live:
    """A field to type digits into, with the model's answer and where each of its layers looks.

    Args:
        model: Takes ids and gives logits, (B, T) -> (B, T, V); its config names its context_length.
        text: What stands in the field at first.
    """
    longest = model.config["context_length"]

    def digit_reader(digits: str) -> Figure:
        ids = DIGITS.encode(digits.strip())[None]
        if ids.shape[1] > longest:
            raise ValueError(f"{ids.shape[1]} digits are too many: this model has {longest} places; delete some.")
        maps = [m[0].mean(0) for m in attention_maps(model, ids)]
        with torch.no_grad():
            reply = to_text(model(ids).argmax(-1)[0])
        titles = [f"{digits.strip()} → {reply}\nlayer 1", *(f"layer {i}" for i in range(2, len(maps) + 1))]
        return draw_maps(maps, list(reply), list(digits.strip()), titles)

    field = w.Text(text, description="digits", placeholder=f"1 to {longest} digits")
    return live(digit_reader, digits=field)


def _slider(name: str, low: float = 0.0, high: float = 2.0, value: float = 0.0) -> w.FloatSlider:
    slider = w.FloatSlider(value, min=low, max=high, step=0.1, description=name, readout_format=".1f")
    slider.style.description_width = "11em"
    return slider
