"""A story to edit, its summary with each fact judged, and where a word of a sentence's news comes from."""

from collections.abc import Callable
from functools import lru_cache

import ipywidgets as w
from matplotlib.figure import Figure
from torch import Tensor

from helpers.plots.summarization import looked_at
from helpers.summaries import judged
from helpers.text import Words
from helpers.widgets.live import Live
from helpers.widgets.typed import tidy
from helpers.world.summaries import sentences, summaries_along

LONGEST = 24  # sentences of a story
Step = tuple[str, str, Tensor, str]


def summary_view(summarize: Callable[[str], list[Step]], words: Words, story: str) -> Live:
    """Make a field to edit a story in, with the summary after one of its sentences and the origin of a word below.

    Args:
        summarize: From a story to what was read, the news, where each word of the news looked, shape (words written,
            words read), and the summary so far, for each of its sentences.
        words: The words that may be typed.
        story: What stands in the field at first.
    """
    remembered = lru_cache(maxsize=4)(summarize)  # the sliders ask for the same story again
    field = w.Textarea(story, description="story", layout=w.Layout(width="46em", height="8em"))
    sentence = w.IntSlider(LONGEST, min=1, max=LONGEST, description="sentence")
    word = w.IntSlider(5, min=1, max=24, description="word of the news")

    def summary(story: str, sentence: int, word: int) -> tuple[Figure, str]:
        text = tidy(story, words)
        if (n := len(sentences(text))) > LONGEST:
            raise ValueError(f"{n} sentences are too many; delete some, down to {LONGEST}.")
        steps = remembered(text)
        place = min(sentence, len(steps)) - 1
        read, news, weights, written = steps[place]
        if not news:
            raise ValueError("the model wrote nothing here; choose another sentence.")
        i = min(word, len(news.split()), len(weights)) - 1
        title = f'sentence {place + 1}: where the model looked for word {i + 1} of its news, "{news.split()[i]}"'
        picture = looked_at(read.split(), weights[i], title, quick=True)
        return picture, f"news: {news}\nsummary: {written}\n\n{_verdict(text, written, place)}"

    return Live(summary, {"story": field, "sentence": sentence, "word": word})


def _verdict(story: str, summary: str, place: int) -> str:
    """Each fact, right or wrong, as far as the story can be followed."""
    try:
        truth = summaries_along(story)[place]
    except ValueError as error:
        return f"What is right cannot be said: {error}"
    return judged(summary, truth)
