"""ROUGE: how many words a summary shares with another one, singly, in runs, or in order."""

from collections import Counter
from collections.abc import Sequence


def _f1(shared: int, got: int, want: int) -> float:
    return 2 * shared / (got + want) if got + want else 1.0


def rouge_n(summary: str, reference: str, n: int = 1) -> float:
    """How far two texts overlap in runs of n words: the harmonic mean of precision and recall, from 0 to 1.

    A run that is said twice counts twice, but never more often than the other text says it. Two texts without any run
    are alike, 1.0.

    Args:
        summary: What was written, words and marks apart by spaces.
        reference: What it is compared with.
        n: Words in a run, 1 or more.
    Source: Lin 2004, "ROUGE: A package for automatic evaluation of summaries", section 2 (recall; F1 is usual today).
    """
    got, want = (Counter(zip(*(text.split()[i:] for i in range(n)), strict=False)) for text in (summary, reference))
    return _f1((got & want).total(), got.total(), want.total())


def longest_common(a: Sequence[str], b: Sequence[str]) -> int:
    """Length of the longest list of words that stand in both texts in this order, with gaps allowed.

    Args:
        a, b: Words.
    Source: Lin 2004, section 3.
    """
    row = [0] * (len(b) + 1)  # row[j]: the best of the words of a so far and the first j of b
    for word in a:
        before = row[:]
        for j, other in enumerate(b, 1):
            row[j] = before[j - 1] + 1 if word == other else max(before[j], row[j - 1])
    return row[-1]


def rouge_l(summary: str, reference: str) -> float:
    """How far two texts overlap in their longest common list of words: F1, from 0 to 1.

    Source: Lin 2004, section 3, with precision and recall weighted alike.
    """
    got, want = summary.split(), reference.split()
    return _f1(longest_common(got, want), len(got), len(want))
