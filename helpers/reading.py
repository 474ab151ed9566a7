"""Reading as BERT learns it: fill in masked words, then point at the answer to a question."""

import re
import string
from collections import Counter
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.text import PAD, UNKNOWN, Words, pad_batch
from helpers.world.questions import Question

SEP, MASK = "<sep>", "<mask>"
SPECIALS = (PAD, SEP, MASK, UNKNOWN)
LONGEST_ANSWER = 4  # words


def hide_words(ids: Tensor, picked: Tensor, chance: Tensor, other: Tensor, mask_id: int) -> Tensor:
    """What the model reads: of the picked words 80 % are `mask_id`, 10 % stay, 10 % are another; all (B, T)."""
    masked = picked & (chance < 0.8)
    swapped = picked & (chance >= 0.9)
    read = torch.where(masked, mask_id, ids)
    return torch.where(swapped, other, read)


def mask_words(
    ids: Tensor, words: Words, share: float = 0.15, generator: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Hide some words for the model to guess: of the picked ones 80 % become "<mask>", 10 % a random word, 10 % stay.

    Args:
        ids: Texts, int64, any shape; special tokens are never picked.
        words: The vocabulary, with "<mask>" among its special tokens.
        share: Of the words that are picked, in (0, 1].
        generator: Where the chances come from.
    Returns:
        The texts to read and where words were picked (booleans), both of the shape of ids.
    Raises:
        ValueError: If the share is out of range; the message quotes it.
    Source: Devlin et al. 2019, arXiv:1810.04805, section 3.1.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}; give a number above 0 and at most 1.")

    def dice() -> Tensor:
        return torch.rand(ids.shape, generator=generator, device=ids.device)

    first = len(words.specials)  # the special tokens come first
    picked = (dice() < share) & (ids >= first)
    chance, other = dice(), (first + dice() * (len(words) - first)).long()
    return hide_words(ids, picked, chance, other, words[MASK]), picked


def masked_loss(logits: Tensor, ids: Tensor, picked: Tensor) -> Tensor:
    """Mean nats for a picked word: logits (B, T, V), the true words and where they were picked, (B, T) -> a number."""
    return F.cross_entropy(logits[picked], ids[picked])  # (N, V), (N,)


def excerpt(text: str, sentences: int = 6) -> str:
    """The first sentences of a story, a passage."""
    return "".join(f"{line} ." for line in text.split(" .")[:-1][:sentences])


def sentence_pairs(texts: Sequence[str], words: Words) -> Tensor:
    """Each sentence of a text, "<sep>", the whole text: what is masked in one stands in the other; (N, longest)."""
    sep, rows = torch.tensor([words[SEP]]), []
    for text in texts:
        whole = words.encode(text)
        rows += [torch.cat([words.encode(line + " ."), sep, whole]) for line in text.split(" .")[:-1]]
    return pad_batch(rows)


def exam(asked: Sequence[tuple[str, Question]], words: Words) -> tuple[Tensor, Tensor]:
    """Question, "<sep>", passage as numbers, with the places of the answer's first and last word.

    Args:
        asked: Pairs of a passage and a question about it.
        words: The vocabulary.
    Returns:
        Texts, int64, shape (N, longest), and spans, int64, shape (N, 2).
    """
    sep, rows, spans = torch.tensor([words[SEP]]), [], []
    for passage, question in asked:
        rows.append(torch.cat([words.encode(question.question), sep, words.encode(passage)]))
        begin = len(question.question.split()) + 1 + len(passage[: question.start].split())
        spans.append([begin, begin + len(question.answer.split()) - 1])
    return pad_batch(rows), torch.tensor(spans)


def passage_mask(ids: Tensor, words: Words) -> Tensor:
    """True at the words of the passage, after "<sep>", which alone may be an answer; (B, T) -> (B, T)."""
    return (ids == words[SEP]).cumsum(1).bool() & (ids >= len(words.specials))


def span_loss(logits: Tensor, spans: Tensor, allowed: Tensor) -> Tensor:
    """Mean nats for an answer's first and last place: logits (B, T, 2), spans (B, 2), allowed (B, T) -> a number."""
    first, last = logits.masked_fill(~allowed[..., None], -torch.inf).unbind(-1)  # (B, T) each
    return (F.cross_entropy(first, spans[:, 0]) + F.cross_entropy(last, spans[:, 1])) / 2


def best_span(logits: Tensor, allowed: Tensor, longest: int = LONGEST_ANSWER) -> Tensor:
    """The likeliest answer: first and last place with the largest sum of logits, in order and not too far apart.

    Args:
        logits: Of being the first and the last word, shape (B, T, 2).
        allowed: Where an answer may lie, booleans, shape (B, T).
        longest: Most words of an answer.
    Returns:
        Places, int64, shape (B, 2).
    Source: Devlin et al. 2019, arXiv:1810.04805, section 4.2.
    """
    first, last = logits.masked_fill(~allowed[..., None], -torch.inf).unbind(-1)  # (B, T) each
    t = first.shape[1]
    fits = torch.ones(t, t, dtype=torch.bool, device=logits.device).triu().tril(longest - 1)
    scores = (first[:, :, None] + last[:, None, :]).masked_fill(~fits, -torch.inf)
    best = scores.flatten(1).argmax(1)
    return torch.stack([best // t, best % t], 1)


def normalized(answer: str) -> str:
    """An answer as SQuAD compares it: lower case, without punctuation, articles and double spaces."""
    bare = "".join(c for c in answer.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", bare).split())


def exact_match(answer: str, truth: str) -> float:
    """1.0 if both are the same once normalized, otherwise 0.0.

    Source: Rajpurkar et al. 2016, arXiv:1606.05250, section 6.1.
    """
    return float(normalized(answer) == normalized(truth))


def f1(answer: str, truth: str) -> float:
    """How far the words of both overlap, once normalized: the harmonic mean of precision and recall, 0 to 1.

    Source: Rajpurkar et al. 2016, arXiv:1606.05250, section 6.1.
    """
    got, want = normalized(answer).split(), normalized(truth).split()
    if not got or not want:
        return float(got == want)
    shared = (Counter(got) & Counter(want)).total()
    return 2 * shared / (len(got) + len(want))
