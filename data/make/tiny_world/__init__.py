"""Makes the tiny world's sentences, stories, questions and summaries, and their German; exact by construction."""

from helpers.world import Sentence, english, problem

from .german import german
from .sentences import random_sentence
from .stories import Question, Story, tell_story

__all__ = ["Question", "Story", "german", "random_sentence", "render", "tell_story"]


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
