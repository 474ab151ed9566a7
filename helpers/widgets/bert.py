"""Two fields to type into: a sentence with blanks to be filled, and a passage with a question to be answered."""

from collections.abc import Callable

import ipywidgets as w
from matplotlib.figure import Figure
from torch import Tensor

from helpers.plots.bert import answer_bars, blank_bars
from helpers.text import Words
from helpers.widgets.live import Live
from helpers.widgets.typed import BLANK, tidy

MOST_BLANKS = 4
Fill = Callable[[str], Tensor]
Answer = Callable[[str, str], tuple[Tensor, Tensor, tuple[int, int]]]


def blank_view(fill: Fill, words: Words, text: str) -> Live:
    """Make a field for a text with blanks, with the likeliest words of each blank below.

    Args:
        fill: From a text to a distribution for each of its blanks, shape (N, V).
        words: The words that may be typed.
        text: What stands in the field at first.
    """
    field = w.Text(text, description="text", layout=w.Layout(width="44em"))

    def fill_in_the_blank(text: str) -> tuple[Figure, str]:
        text = tidy(text, words, blanks=True)
        if not 1 <= (n := text.split().count(BLANK)) <= MOST_BLANKS:
            raise ValueError(f"there are {n} blanks; type 1 to {MOST_BLANKS}, each as {BLANK} between spaces.")
        probs = fill(text)
        filled = text
        for i in probs.argmax(-1).tolist():
            filled = filled.replace(BLANK, words.known[i], 1)
        return blank_bars(words.known, probs, quick=True), filled

    return Live(fill_in_the_blank, {"text": field})


def question_view(answer: Answer, words: Words, passage: str, question: str) -> Live:
    """Make fields for a passage and a question, with the answer marked in the passage below.

    Args:
        answer: From a passage and a question to the probabilities of being the answer's first and last word, shape
            (number of words of the passage,) each, and the places of both.
        words: The words that may be typed.
        passage, question: What stands in the fields at first.
    """
    text = w.Textarea(passage, description="passage", layout=w.Layout(width="44em", height="6em"))
    asked = w.Text(question, description="question", layout=w.Layout(width="44em"))

    def answer_this_question(passage: str, question: str) -> tuple[Figure, str]:
        passage, question = tidy(passage, words), tidy(question, words, "?")
        first, last, (begin, end) = answer(passage, question)
        said = passage.split()
        found = " ".join(said[begin : end + 1])
        sure = float(first[begin] * last[end])
        return answer_bars(said, first, last, (begin, end), quick=True), f"{question} {found}  (p = {sure:.2f})"

    return Live(answer_this_question, {"passage": text, "question": asked})
