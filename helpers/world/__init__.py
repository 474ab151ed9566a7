"""The grammar of a tiny world, in which every sentence has one exact meaning.

A frame (`Sentence` of `Clause` of `Phrase`) says what is meant; `english` writes it and `parse` reads it back. What
draws new sentences and stories, and the German, is in `data/make/tiny_world`.
"""

from .english import english, grammatical_share, is_sentence, parse
from .frames import Clause, Phrase, Sentence, resolve
from .rules import problem

__all__ = [
    "Clause",
    "Phrase",
    "Sentence",
    "english",
    "grammatical_share",
    "is_sentence",
    "parse",
    "problem",
    "resolve",
]
