"""A live translator: type a sentence, choose the beams, and see where each written word looked."""

from collections.abc import Callable
from difflib import get_close_matches

import ipywidgets as w
from matplotlib.figure import Figure
from torch import Tensor

from helpers.plots.encoder_decoder import alignment
from helpers.text import Words
from helpers.widgets.live import Live

LONGEST = 30  # words; most tiny-world sentences have half as many
Translate = Callable[[str, int, float], tuple[str, Tensor, float]]


def check_sentence(text: str, words: Words) -> str:
    """Give the sentence back with single spaces; a ValueError says what cannot be read, and what is like it.

    Args:
        text: What was typed; words and marks stand apart.
        words: The vocabulary.
    """
    text = " ".join(text.split())
    if not text:
        raise ValueError("the sentence is empty; type at least one word.")
    if unknown := words.unknown(text):
        near = get_close_matches(unknown[0], words.known, n=3, cutoff=0.5)
        like = f"; words like it: {', '.join(near)}" if near else ""
        raise ValueError(f"{unknown[0]!r} is not among the {len(words)} words that the model knows{like}.")
    if (n := len(text.split())) > LONGEST:
        raise ValueError(f"{n} words are too many to draw; delete some, down to {LONGEST}.")
    return text


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
        text = check_sentence(sentence, words)
        written, weights, log_prob = translate(text, beams, length_penalty)
        rows = [*written.split(), "<eos>"][: len(weights)]
        return alignment(weights[: len(rows)], text.split(), rows, quick=True), f"{written}\n{log_prob:.2f} nats"

    return Live(translator, {"sentence": field, "beams": beams, "length_penalty": penalty})
