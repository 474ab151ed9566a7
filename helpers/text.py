"""Text to numbers and back."""

from collections.abc import Iterable

import torch
from torch import Tensor


class Characters:
    """The simplest tokenizer: every character is a token."""

    def __init__(self, known: Iterable[str]) -> None:
        """Take the characters to know, or a text in which they occur; their order is sorted.

        Raises:
            ValueError: If there is none.
        """
        self.known = "".join(sorted(set(known)))
        if not self.known:
            raise ValueError("the alphabet is empty; give a text or the characters to know.")
        self._ids = {c: i for i, c in enumerate(self.known)}

    def __len__(self) -> int:
        """Size of the vocabulary."""
        return len(self.known)

    def encode(self, text: str) -> Tensor:
        """Give each character its number, int64, shape (len(text),).

        Raises:
            ValueError: If the text is empty or holds an unknown character; the message lists the known ones.
        """
        if not text:
            raise ValueError("the text is empty; type at least one character.")
        if unknown := sorted(set(text) - set(self._ids)):
            raise ValueError(f"{unknown[0]!r} is unknown here; known characters are: {self.known.strip()}")
        return torch.tensor([self._ids[c] for c in text])

    def decode(self, ids: Iterable[int] | Tensor) -> str:
        """Turn numbers back into text; a number outside the vocabulary raises a ValueError that quotes it."""
        numbers = [int(i) for i in ids]
        if wrong := [i for i in numbers if not 0 <= i < len(self)]:
            raise ValueError(f"{wrong[0]} is no character; numbers go from 0 to {len(self) - 1}.")
        return "".join(self.known[i] for i in numbers)
