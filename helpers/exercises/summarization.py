"""Exercises of lesson 36: a baseline by rule, ROUGE by hand, facts counted, words that no one said, copying."""

from collections import Counter

import torch
from torch import Tensor

from helpers.exercises.core import Exercise, register
from helpers.models.pointer import mix
from helpers.rouge import longest_common, rouge_n
from helpers.summaries import last_place, precision_recall, strange_facts
from helpers.world.lexicon import PLACES
from helpers.world.summaries import sentences


def _runs(text: str, n: int) -> list[tuple[str, ...]]:
    words = text.split()
    return [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]


def _overlap(summary: str, reference: str, n: int) -> tuple[int, int, int]:
    got, want = Counter(_runs(summary, n)), Counter(_runs(reference, n))
    return (got & want).total(), got.total(), want.total()


def _by_sets(summary: str, reference: str, n: int) -> float:
    got, want = set(_runs(summary, n)), set(_runs(reference, n))
    return 2 * len(got & want) / max(1, len(got) + len(want))


def _unclipped(summary: str, reference: str, n: int) -> float:
    got, want = _runs(summary, n), _runs(reference, n)
    return 2 * sum(run in want for run in got) / max(1, len(got) + len(want))


def _longest_block(a: list[str], b: list[str]) -> int:
    best = 0
    for i in range(len(a)):
        for j in range(len(b)):
            k = 0
            while i + k < len(a) and j + k < len(b) and a[i + k] == b[j + k]:
                k += 1
            best = max(best, k)
    return best


def _greedy_common(a: list[str], b: list[str]) -> int:
    """Take each word of a where it next occurs in b."""
    place, found = 0, 0
    for word in a:
        if word in b[place:]:
            place, found = b.index(word, place) + 1, found + 1
    return found


def _places_of(line: str) -> list[str]:
    return [word for word in line.split() if word in PLACES]


def _places_behind(line: str, name: str) -> list[str]:
    words = line.split()
    return [word for word in words[words.index(name) :] if word in PLACES] if name in words else []


def _last_line_only(text: str, name: str) -> str:
    """Stops at the last sentence with the name, even if it says no place."""
    lines = [_places_behind(line, name) for line in sentences(text) if name in line.split()]
    return (lines[-1] or [""])[-1] if lines else ""


def _first_place(text: str, name: str) -> str:
    found = [place for line in sentences(text) for place in _places_behind(line, name)[:1]]
    return (found or [""])[0]


def _anywhere(text: str, name: str) -> str:
    found = [place for line in sentences(text) if name in line.split() for place in _places_of(line)[-1:]]
    return (found or [""])[-1]


def _over_sentences(text: str, name: str) -> str:
    return ([""] + [p for p in _places_behind(text, name) if p])[-1]


def _mix_cases() -> list[tuple]:
    generator = torch.Generator().manual_seed(0)
    own = torch.rand(2, 3, 7, generator=generator)
    pointed = torch.rand(2, 3, 5, generator=generator)
    source = torch.tensor([[3, 5, 3, 6, 3], [4, 4, 2, 1, 5]])
    gate = torch.rand(2, 3, 1, generator=generator)
    return [(own / own.sum(-1, keepdim=True), pointed / pointed.sum(-1, keepdim=True), source, gate)]


def _copied(own: Tensor, pointed: Tensor, source: Tensor) -> Tensor:
    return torch.zeros_like(own).scatter_add(2, source[:, None].expand_as(pointed), pointed)


_SETS = ([{"a", "b", "e"}, {"d"}, set()], [{"a", "b"}, {"e", "f"}, {"g"}])

register(
    Exercise(
        "last_place", "36_summarization", 2, 10, last_place,
        cases=lambda: [
            ("Ben was in the garden . She went to the lake .", "Ben"),
            ("Ben was in the garden . Mia was in the house . Ben ran to the school . He met Mia .", "Ben"),
            ("At the lake , Ben met Mia . Ben thanked Mia .", "Ben"),
            ("Ben was in the garden . At the lake , Ben met Mia . Ben thanked Mia .", "Ben"),
            ("Ben was in the garden and Mia was in the house . Ben slept .", "Ben"),
            ("Ben was in the garden . Mia ran to the lake .", "Mia"),
        ],
        mistakes={
            "You took the first place that is said of them: people move, so go on to the last one.": _first_place,
            "Only a place behind the name counts: in \"At the lake , Ben met Mia\" it stands before.": _anywhere,
            "You read over the full stop: a place in a later sentence, without the name, does not count.":
                _over_sentences,
            "The last sentence with the name need not say a place: then an earlier one counts.": _last_line_only,
        },
        hints=(
            "Go through sentences(text), keep what you found so far, and replace it when a sentence has a place behind "
            "the name.",
            "words.index(name) is where the name stands; words[words.index(name):] is what comes behind.",
            "word in PLACES says whether a word is a place; reversed(behind) begins with the last.",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "rouge_n", "36_summarization", 3, 15, rouge_n,
        cases=lambda: [
            ("Ben is in the house .", "Ben is in the old house .", 1),
            ("Ben is in the house .", "Ben is in the old house .", 2),
            ("the the the cup", "the cup is the cup", 1),
            ("Mia slept", "Ben ran", 2),
            ("Ben ran to Ben and Ben ran", "Ben ran", 2),
            ("cup", "cup", 1),
        ],
        mistakes={
            "That is the recall, the share of the reference's runs that were found; F1 has the precision as well.":
                lambda s, r, n: _overlap(s, r, n)[0] / max(1, _overlap(s, r, n)[2]),
            "That is the precision, the share of your runs that stand in the reference; F1 has the recall as well.":
                lambda s, r, n: _overlap(s, r, n)[0] / max(1, _overlap(s, r, n)[1]),
            "A run that is said twice counts twice: compare counts, not sets.": _by_sets,
            "A run counts at most as often as the reference says it: clip the counts with &.": _unclipped,
            "You counted single words whatever n is: a run has n words.":
                lambda s, r, n: rouge_n(s, r, 1),
            "A text of T words has T - n + 1 runs, not T - n: the last one is missing.":
                lambda s, r, n: rouge_n(" ".join(s.split()[:-1]), " ".join(r.split()[:-1]), n),
        },
        hints=(
            "Runs of a text: zip(*(words[i:] for i in range(n))). Put them into a Counter.",
            "(got & want).total() counts the shared runs, each as often as both texts say it.",
            "F1 = 2 * shared / (number of your runs + number of the reference's runs).",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "longest_common", "36_summarization", 4, 20, longest_common,
        cases=lambda: [
            (list("abcd"), list("acbd")),
            (["Ben", "is", "in", "the", "garden"], ["the", "old", "garden", "is", "in", "the", "village"]),
            (list("xacby"), list("abcxy")),
            (list("abcabba"), list("cbabac")),
            (list("abc"), list("xyz")),
            ([], list("ab")),
        ],
        mistakes={
            "That is the longest piece without gaps: words may be left out between, only their order counts.":
                _longest_block,
            "You counted shared words in any order: they have to come in the same order in both.":
                lambda a, b: (Counter(a) & Counter(b)).total(),
            "Taking each word where it next occurs is greedy: it can jump over better ones. Use the table.":
                _greedy_common,
            "You compared words at the same place: a gap in one text moves all that follows.":
                lambda a, b: sum(x == y for x, y in zip(a, b, strict=False)),
        },
        hints=(
            "Keep a table: best[i][j] is the answer for the first i words of a and the first j of b.",
            "If the words are equal, best[i][j] = best[i-1][j-1] + 1; else the larger of best[i-1][j], best[i][j-1].",
            "Start with zeros, (len(a) + 1) rows of (len(b) + 1); the answer stands in the last corner.",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "precision_recall", "36_summarization", 2, 10, precision_recall,
        cases=lambda: [_SETS, ([set(), set()], [{"a"}, {"b", "c"}]), ([{"a", "b"}], [{"b", "c", "d"}])],
        mistakes={
            "Exchanged: precision divides by what was said, recall by what is true.":
                lambda said, true: precision_recall(said, true)[::-1],
            "You took a mean over the summaries: count over all of them together, then divide once.":
                lambda said, true: tuple(
                    sum(v) / len(said)
                    for v in zip(*(precision_recall([a], [b]) for a, b in zip(said, true, strict=True)), strict=True)
                ),
            "You divided by all facts said or true, which is a third measure: by the said ones, then by the true ones.":
                lambda said, true: (
                    sum(len(a & b) for a, b in zip(said, true, strict=True))
                    / sum(len(a | b) for a, b in zip(said, true, strict=True)),
                ) * 2,
            "You threw all summaries together: a fact is right only if it is true in its own story.":
                lambda said, true: (
                    len(set().union(*said) & set().union(*true)) / max(1, sum(map(len, said))),
                    len(set().union(*said) & set().union(*true)) / sum(map(len, true)),
                ),
        },
        hints=(
            "a & b of two sets holds what is in both; zip(said, true) pairs each summary with its story.",
            "Add up three numbers over all pairs: right ones, said ones, true ones.",
            "right / max(1, said), right / max(1, true)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "strange_facts", "36_summarization", 2, 10, strange_facts,
        cases=lambda: [
            ({("Ben", "is in", "tower"), ("Ben", "has", "blue cup"), ("Mia", "is in", "garden"),
              ("Ben", "is in", "garden"), ("red cup", "is in", "garden"), ("cup", "is in", "garden"),
              ("Ben", "has", "red cup")}, "Ben was in the garden . The red cup was in the garden ."),
            ({("Ben", "has", "hat"), ("hat", "is in", "inn")}, "Ben said that the cup was in the inner garden ."),
            (set(), "Ben slept ."),
        ],
        mistakes={
            "You counted a fact only if none of its words is said: one strange word is enough.":
                lambda said, story: sum(not set(f"{a} {c}".split()) & set(story.split()) for a, _, c in said),
            "You looked for words inside of words: \"hat\" stands in \"that\". Compare with story.split().":
                lambda said, story: sum(any(w not in story for w in f"{a} {c}".split()) for a, _, c in said),
            "You looked at the end of the facts only: the person or thing at the beginning can be strange as well.":
                lambda said, story: sum(not set(c.split()) <= set(story.split()) for _, _, c in said),
            "You looked at the beginning of the facts only: the place or thing at the end can be strange as well.":
                lambda said, story: sum(not set(a.split()) <= set(story.split()) for a, _, _ in said),
            "You took \"blue cup\" for one word: split both ends into words.":
                lambda said, story: sum(not {a, c} <= set(story.split()) for a, _, c in said),
            "You counted the facts whose words are all said: the others are asked for.":
                lambda said, story: len(said) - strange_facts(said, story),
        },
        hints=(
            "known = set(story.split()) answers quickly whether a word was said.",
            "for subject, _, rest in said: the words of a fact are f\"{subject} {rest}\".split().",
            "A set of words is all known if words <= known; count the facts where it is not.",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "mix", "36_summarization", 4, 15, mix,
        cases=_mix_cases,
        mistakes={
            "Exchanged: the gate g is the share of the model's own words, 1 - g that of copies.":
                lambda own, a, x, g: mix(own, a, x, 1 - g),
            "A word that stands in the source several times gets all its parts: add them up, scatter_add, not scatter.":
                lambda own, a, x, g: g * own + (1 - g) * torch.zeros_like(own).scatter(
                    2, x[:, None].expand_as(a), a
                ),
            "Both parts are there in full, so that a row sums to 2: weigh them with g and 1 - g.":
                lambda own, a, x, g: own + _copied(own, a, x),
            "The copies are missing: add (1 - gate) * pointed where the source's words stand.":
                lambda own, a, x, g: g * own,
            "You copied only: keep the share g of the model's own distribution.":
                lambda own, a, x, g: (1 - g) * _copied(own, a, x),
        },
        hints=(
            "Start from gate * own, shape (B, T, V), and add to it.",
            "x.scatter_add(2, places, values) adds values[b, t, s] to x[b, t, places[b, t, s]].",
            "places = source[:, None].expand_as(pointed): the same words for every t.",
        ),
    )
)  # fmt: skip
