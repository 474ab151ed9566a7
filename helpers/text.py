"""Text to numbers and back."""

from collections.abc import Iterable, Sequence

import torch
from tokenizers import Regex, Tokenizer
from tokenizers.decoders import Fuse
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import Split
from tokenizers.trainers import BpeTrainer
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


PAD, BOS, EOS, UNKNOWN = "<pad>", "<bos>", "<eos>", "<unk>"


class Words:
    """A tokenizer for texts whose words stand apart by spaces; the special tokens come first, padding is number 0."""

    def __init__(self, texts: Iterable[str], specials: Sequence[str] = (PAD, BOS, EOS)) -> None:
        """Know every word of the texts, sorted, after the special tokens.

        Raises:
            ValueError: If the texts hold no word.
        """
        words = {word for text in texts for word in text.split()} - set(specials)
        if not words:
            raise ValueError("the texts hold no word; give at least one.")
        self.known, self.specials = (*specials, *sorted(words)), frozenset(specials)
        self._ids = {word: i for i, word in enumerate(self.known)}

    def __len__(self) -> int:
        """Size of the vocabulary."""
        return len(self.known)

    def __getitem__(self, word: str) -> int:
        """The number of a word; of an unknown one that of "<unk>", if that is among the special tokens.

        Raises:
            KeyError: If there is no number for it; the message quotes the word.
        """
        found = self._ids.get(word, self._ids.get(UNKNOWN))
        if found is None:
            raise KeyError(f"{word!r} is unknown here.")
        return found

    def unknown(self, text: str) -> list[str]:
        """The words of a text that are not in the vocabulary, each once, in order."""
        return list(dict.fromkeys(word for word in text.split() if word not in self._ids))

    def encode(self, text: str) -> Tensor:
        """Give each word its number, int64, shape (number of words,).

        Raises:
            ValueError: If the text holds no word, or one without a number; the message quotes it.
        """
        if not text.split():
            raise ValueError("the text is empty; give at least one word.")
        try:
            return torch.tensor([self[word] for word in text.split()])
        except KeyError:
            raise ValueError(f"{self.unknown(text)[0]!r} is unknown here; {len(self)} words are known.") from None

    def decode(self, ids: Iterable[int] | Tensor) -> str:
        """Turn numbers back into words, up to "<eos>"; padding and "<bos>" are left out."""
        words = [self.known[int(i)] for i in ids]
        words = words[: words.index(EOS)] if EOS in words else words
        return " ".join(word for word in words if word not in (PAD, BOS))


def pad_batch(rows: Sequence[Tensor], pad: int = 0) -> Tensor:
    """Put texts of different lengths into one table, int64 of shape (B, longest), filled up at the end with `pad`."""
    return torch.nn.utils.rnn.pad_sequence(list(rows), batch_first=True, padding_value=pad)


def check_ids(ids: Tensor, vocab_size: int, context_length: int, seen: int = 0) -> None:
    """Refuse what a model cannot read: ids that are no integers, no batch, too many, or not in the vocabulary.

    Args:
        ids: Should be int64 of shape (B, T).
        vocab_size: One more than the largest id.
        context_length: Longest text.
        seen: Tokens read before, which count as well.
    Raises:
        TypeError, ValueError: With the offending value.
    """
    if ids.is_floating_point() or ids.dtype == torch.bool:
        raise TypeError(f"ids are {ids.dtype}; give integers, torch.long.")
    if ids.ndim != 2 or not ids.numel():
        raise ValueError(f"ids have shape {tuple(ids.shape)}; give (B, T) with at least one token.")
    if seen + ids.shape[1] > context_length:
        tokens = f"{seen} cached and {ids.shape[1]} new tokens" if seen else f"{ids.shape[1]} tokens"
        raise ValueError(f"{tokens} are longer than the context of {context_length}; cut them.")
    low, high = int(ids.min()), int(ids.max())
    if low < 0 or high >= vocab_size:
        raise ValueError(f"id {low if low < 0 else high} is not in the vocabulary; ids run from 0 to {vocab_size - 1}.")


def byte_pairs(texts: Iterable[str], vocab_size: int) -> Tokenizer:
    """Learn byte-pair encoding with the tokenizers library; a piece never reaches over a space or a line's end.

    A space belongs to the word after it, as in GPT-2, so that putting the pieces together gives the text back.

    Args:
        texts: What to learn from.
        vocab_size: Pieces, single characters included.
    Source: Sennrich et al. 2016, arXiv:1508.07909; GPT-2 works on bytes, here it is characters.
    """
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = Split(Regex(r" ?\S+|\n"), "isolated")
    tokenizer.decoder = Fuse()
    tokenizer.train_from_iterator(texts, BpeTrainer(vocab_size=vocab_size, show_progress=False))
    return tokenizer
