"""Summaries that are kept like books: a net says what is new in each sentence, plain code enters it."""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from helpers.reading import SEP
from helpers.text import BOS, EOS, Words, pad_batch
from helpers.world.frames import Phrase
from helpers.world.lexicon import NAMES, PLACES
from helpers.world.summaries import Fact, State, facts, sentences, summaries_along

NOTHING = "Nothing ."
BEFORE = 2  # sentences read before the one whose news is asked for: they say whom "she" means


def readings(text: str) -> list[str]:
    """Each sentence of a story as it is read: two sentences before it, "<sep>", the sentence."""
    lines = sentences(text)
    return [" ".join([*lines[max(0, i - BEFORE) : i], SEP, line]) for i, line in enumerate(lines)]


def news_along(text: str) -> list[str]:
    """The gold news of each sentence of a story: the facts that it makes true, in the order of its words.

    A thing is called as the sentence calls it. A sentence that changes nothing says "Nothing .".

    Raises:
        ValueError: If the story cannot be followed; the message quotes the sentence.
    """
    known: set[Fact] = set()
    found = []
    for line, summary in zip(sentences(text), summaries_along(text), strict=True):
        now = facts(summary)
        new = [(_as_called(a, line), relation, _as_called(b, line)) for a, relation, b in now - known]
        found.append(" ".join(said(fact) for fact in sorted(new, key=lambda fact: _order(fact, line))) or NOTHING)
        known = now
    return found


def _as_called(name: str, line: str) -> str:
    return name if name in line else name.split()[-1]


def _order(fact: Fact, line: str) -> tuple[int, int]:
    """Where the sentence says the end and the beginning of a fact; what it does not say comes last."""
    words = line.split()
    places = [words.index(word) if word in words else len(words) for word in (fact[2].split()[-1], fact[0].split()[-1])]
    return places[0], places[1]


def said(fact: Fact) -> str:
    """A fact as a sentence: ("Ben", "has", "cup") is "Ben has the cup ."."""
    who, relation, what = fact
    if relation == "has":
        return f"{who} has the {what} ."
    return f"{who if who in NAMES else f'The {who}'} is {PLACES[what].at} the {what} ."


def keep_books(news: Sequence[str]) -> list[str]:
    """Enter the news of a story, sentence by sentence: a later fact replaces an earlier one.

    Args:
        news: What each sentence brought; what cannot be read is left out.
    Returns:
        The summary after each sentence. A thing keeps the name under which it came first.
    """
    state, things, found = State(), {}, []

    def thing(name: str) -> str:
        noun = name.split()[-1]
        things.setdefault(noun, Phrase(noun, "the", " ".join(name.split()[:-1])))
        for person in [person for person, held in state.holds.items() if held == noun]:
            del state.holds[person]
        state.lies.pop(noun, None)
        return noun

    for entry in news:
        for who, relation, what in (fact for line in sentences(entry) for fact in facts(line)):
            if relation == "has":
                state.holds[who] = thing(what)
            elif relation == "is in" and who in NAMES:
                state.at[who] = what
            elif relation == "is in":
                state.lies[thing(who)] = what
        found.append(state.summary(list(state.at), things))
    return found


def read_all(write: Callable[[list[str]], list[str]], texts: Sequence[str]) -> list[list[str]]:
    """The news of every sentence of some stories, each read by itself.

    Args:
        write: From readings to news.
        texts: Stories.
    """
    reads = [readings(text) for text in texts]
    written = iter(write([read for some in reads for read in some]))
    return [[next(written) for _ in some] for some in reads]


def encode_pairs(pairs: Sequence[tuple[str, str]], words: Words) -> tuple[Tensor, Tensor]:
    """Stories (N, S) and summaries between "<bos>" and "<eos>" (N, T) as numbers, filled up with padding."""
    x = pad_batch([words.encode(story) for story, _ in pairs])
    return x, pad_batch([words.encode(f"{BOS} {summary} {EOS}") for _, summary in pairs])


def batches(x: Tensor, y: Tensor, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Random batches without end, each of pairs of about the same length, so that little is padding.

    Args:
        x: Stories, (N, S).
        y: Summaries, (N, T), padding is 0 in both.
        size: Pairs in a batch.
    """
    lengths = torch.stack([(x != 0).sum(1), (y != 0).sum(1)], 1)  # (N, 2)
    while True:
        order = (lengths.sum(1) + torch.rand(len(x))).argsort()
        chosen = order[: len(x) // size * size].view(-1, size)
        for rows in chosen[torch.randperm(len(chosen))]:
            longest = lengths[rows].amax(0).tolist()
            yield x[rows, : longest[0]], y[rows, : longest[1]]
