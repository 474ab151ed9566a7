"""What a learner typed, made into words that a model knows."""

import re
from difflib import get_close_matches

from helpers.text import Words

BLANK = "_"


def tidy(text: str, words: Words, end: str = ".", blanks: bool = False) -> str:
    """Set words and marks apart, and end with the right mark; a ValueError names all words that are not known.

    Args:
        text: What was typed.
        words: The vocabulary.
        end: The mark that has to stand at the end.
        blanks: Whether "_" may stand for a word.
    """
    text = " ".join(re.sub(r"([.,?])", r" \1 ", text).split())
    if not text.strip(f" {end}"):
        raise ValueError("there is nothing to read; type at least one word.")
    text = text if text.endswith(end) else f"{text} {end}"
    known = set(words.known) - words.specials | ({BLANK} if blanks else set())
    if unknown := [word for word in dict.fromkeys(text.split()) if word not in known]:
        names = ", ".join(repr(word) for word in unknown)
        near = list(dict.fromkeys(like for word in unknown for like in get_close_matches(word, known, 2, 0.6)))
        like = f"; like them: {', '.join(near)}" if near else ""
        raise ValueError(f"not among the {len(words) - len(words.specials)} words that the model knows: {names}{like}.")
    return text
