"""A live translator: type a sentence, choose the beams, and see where each written word looked."""

from collections.abc import Callable

import ipywidgets as w
from matplotlib.figure import Figure
from torch import Tensor

from helpers.plots.encoder_decoder import alignment
from helpers.text import Words
from helpers.widgets.live import Live
from helpers.widgets.typed import tidy

LONGEST = 30  # words; most tiny-world sentences have half as many
Translate = Callable[[str, int, float], tuple[str, Tensor, float]]


def translator_view(translate: Translate, words: Words, sentence: str) -> Live:
    """Make a field to type sentences into, with the translation and its alignment below.

    Args:
        translate: From a sentence, beams and length penalty to the translation, the weights of its cross-attention,
            shape (words written, words read), and its log-probability. The last row may be that of the end.
        words: The words that may be typed.
        sentence: What stands in the field at first.
    """
    field = w.Text(sentence, description="English", layout=w.Layout(width="36em"))
    beams = w.IntSlider(1, min=1, max=6, description="beams")
    penalty = w.FloatSlider(0.6, min=0.0, max=2.0, step=0.1, description="length penalty")

    def translator(sentence: str, beams: int, length_penalty: float) -> tuple[Figure, str]:
        text = tidy(sentence, words)
        if (n := len(text.split())) > LONGEST:
            raise ValueError(f"{n} words are too many to draw; delete some, down to {LONGEST}.")
        written, weights, log_prob = translate(text, beams, length_penalty)
        rows = [*written.split(), "<eos>"][: len(weights)]
        return alignment(weights[: len(rows)], text.split(), rows, quick=True), f"{written}\n{log_prob:.2f} nats"

    return Live(translator, {"sentence": field, "beams": beams, "length_penalty": penalty})
