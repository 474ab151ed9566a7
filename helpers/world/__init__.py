"""A tiny world whose English and German sentences, stories, questions and summaries are exact by construction.

A frame (`Sentence` of `Clause` of `Phrase`) says what is meant; `render` writes it in English or German; `parse`
reads the English back. `random_sentence` and `tell_story` draw new material from a `random.Random`.
"""

from .english import english, grammatical_share, is_sentence, parse
from .frames import Clause, Phrase, Sentence, resolve
from .german import german
from .rules import problem
from .sentences import random_sentence
from .stories import Question, Story, tell_story

__all__ = [
    "Clause",
    "Phrase",
    "Question",
    "Sentence",
    "Story",
    "grammatical_share",
    "is_sentence",
    "parse",
    "problem",
    "random_sentence",
    "render",
    "resolve",
    "tell_story",
]


def render(sentence: Sentence, language: str = "en") -> str:
    """Write a frame as a sentence, words and punctuation apart by spaces.

    Args:
        sentence: The frame.
        language: "en" or "de".
    Raises:
        ValueError: If the frame breaks a rule of the grammar (the message says which), if the language is unknown,
            or if a German "it" would point outside the sentence.
    """
    writers = {"en": english, "de": german}
    if language not in writers:
        raise ValueError(f"unknown language {language!r}: choose one of {', '.join(writers)}")
    if complaint := problem(sentence):
        raise ValueError(f"not a sentence of this world: {complaint}")
    return writers[language](sentence)
