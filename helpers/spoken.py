"""Strings of spoken digits, put together from single words of one voice; and noise to hear them through."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from helpers.audio import RATE, add_noise
from helpers.text import BOS, EOS, Words, pad_batch
from helpers.voices import DIGITS, Speaker, draw_speakers, say

PAUSES = (0.03, 0.2)  # seconds between words
EDGES = (0.05, 0.2)  # seconds of silence before the first word and after the last
BABBLE = 6  # voices that talk at once
WORDS = Words(DIGITS)  # the vocabulary: padding, begin, end, ten digits


@dataclass(frozen=True)
class Bank:
    """Single words of many speakers.

    Attributes:
        waves: Waveforms at RATE.
        words: The digit of each, int64, shape (N,).
        owners: The speaker of each, int64, shape (N,).
        takes: The number of the take, int64, shape (N,).
        speakers: The voices, or the names of those who were recorded.
    """

    waves: list[Tensor]
    words: Tensor
    owners: Tensor
    takes: Tensor
    speakers: Sequence[Speaker | str]

    def __len__(self) -> int:
        """Number of words."""
        return len(self.waves)

    def only(self, chosen: Tensor) -> "Bank":
        """The words where `chosen`, booleans of shape (N,), is True."""
        places = chosen.nonzero()[:, 0]
        waves = [self.waves[i] for i in places.tolist()]
        return Bank(waves, self.words[places], self.owners[places], self.takes[places], self.speakers)


def make_bank(speakers: Sequence[Speaker], takes: int, seed: int) -> Bank:
    """Let every speaker say every digit, `takes` times; 2 to 3 ms a word."""
    g = torch.Generator().manual_seed(seed)
    owners, numbers, words = torch.cartesian_prod(
        torch.arange(len(speakers)), torch.arange(takes), torch.arange(len(DIGITS))
    ).unbind(1)
    waves = say([DIGITS[i] for i in words.tolist()], [speakers[i] for i in owners.tolist()], g)
    return Bank(waves, words, owners, numbers, speakers)


@dataclass(frozen=True)
class Spoken:
    """A batch of strings.

    Attributes:
        waves: Shape (B, N), zeros after each string's end.
        lengths: Samples of each, shape (B,).
        texts: What is said, "three five zero".
        spans: Of each string, first and last second of each word.
    """

    waves: Tensor
    lengths: Tensor
    texts: list[str]
    spans: list[list[tuple[float, float]]]

    def noisy(self, noise: Tensor, snr: Tensor | float, generator: torch.Generator) -> Tensor:
        """The waves with noise: "tape" of shape (N,) from which each takes another piece; see `add_noise`."""
        n = self.waves.shape[1]
        starts = torch.randint(len(noise) - n, (len(self.waves),), generator=generator)
        return add_noise(self.waves, noise[starts[:, None] + torch.arange(n)], snr, self.lengths)

    def targets(self) -> Tensor:
        """The texts as numbers with begin and end, (B, L), filled up with padding."""
        return pad_batch([WORDS.encode(f"{BOS} {text} {EOS}") for text in self.texts])


def strings(bank: Bank, n: int, sizes: tuple[int, int], generator: torch.Generator) -> Spoken:
    """Draw `n` strings of `sizes[0]` to `sizes[1]` digits, each said by one speaker; see `join`."""
    waves, texts, spans = [], [], []
    for _ in range(n):
        owner = int(torch.randint(len(bank.speakers), (), generator=generator))
        own = (bank.owners == owner).nonzero()[:, 0]
        size = int(torch.randint(sizes[0], sizes[1] + 1, (), generator=generator))
        chosen = own[torch.randint(len(own), (size,), generator=generator)].tolist()
        wave, span = join([bank.waves[i] for i in chosen], generator)
        waves.append(wave)
        texts.append(" ".join(DIGITS[int(bank.words[i])] for i in chosen))
        spans.append(span)
    lengths = torch.tensor([len(wave) for wave in waves])
    return Spoken(torch.nn.utils.rnn.pad_sequence(waves, batch_first=True), lengths, texts, spans)


def join(words: Sequence[Tensor], generator: torch.Generator) -> tuple[Tensor, list[tuple[float, float]]]:
    """Put words behind each other with pauses, some louder (3 dB); the string, and the seconds of each word."""
    chance = torch.rand(len(words) + 1, generator=generator).tolist()
    volume = (10 ** (3 * torch.randn(len(words), generator=generator) / 20)).tolist()
    parts, spans, now = [], [], 0
    for i, word in enumerate(words):
        low, high = PAUSES if i else EDGES
        pause = int(RATE * (low + (high - low) * chance[i]))
        parts += [torch.zeros(pause), volume[i] * word]
        spans.append(((now + pause) / RATE, (now + pause + len(word)) / RATE))
        now += pause + len(word)
    parts.append(torch.zeros(int(RATE * (EDGES[0] + (EDGES[1] - EDGES[0]) * chance[-1]))))
    return torch.cat(parts), spans


def babble(bank: Bank, seconds: float, generator: torch.Generator) -> Tensor:
    """A tape of several voices that talk at once, shape (N,)."""
    voices, n = [], int(seconds * RATE)
    for _ in range(BABBLE):
        order = torch.randperm(len(bank), generator=generator).tolist()
        parts, size = [], 0
        while size < n:
            parts.append(bank.waves[order[len(parts) % len(order)]])
            size += len(parts[-1])
        voices.append(torch.cat(parts)[:n])
    return torch.stack(voices).sum(0)


def white(seconds: float, generator: torch.Generator) -> Tensor:
    """A tape of white noise, all frequencies alike, shape (N,)."""
    return torch.randn(int(seconds * RATE), generator=generator)


def some_speakers(n: int, split: str, seed: int = 0) -> list[Speaker]:
    """Draw voices of a split; no voice is in two, and "children" are higher and shorter than any other.

    Raises:
        ValueError: If the split is unknown.
    """
    splits = ("train", "validation", "test", "children")
    if split not in splits:
        raise ValueError(f"there is no split {split!r}; known are: {', '.join(splits)}.")
    return draw_speakers(n, 10 * seed + 1 + splits.index(split), children=split == "children")
