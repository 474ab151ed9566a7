"""How good a summary is: the facts in it that hold; and summaries by rule, to compare with."""

from collections import Counter
from collections.abc import Sequence

from helpers.world.lexicon import NAMES, PLACES
from helpers.world.summaries import Fact, facts, sentences


def precision_recall(said: Sequence[set], true: Sequence[set]) -> tuple[float, float]:
    """Of all that was said, the share that is true; of all that is true, the share that was said.

    Args:
        said: The facts of each summary.
        true: The facts of each gold summary, in the same order.
    Returns:
        Both from 0 to 1, counted over all summaries together; nothing said has precision 0.
    """
    right = sum(len(a & b) for a, b in zip(said, true, strict=True))
    return right / max(1, sum(map(len, said))), right / max(1, sum(map(len, true)))


def fact_scores(summaries: Sequence[str], truths: Sequence[str]) -> dict[str, float]:
    """Precision and recall over all facts of many summaries, and the share of summaries whose facts are all right.

    Args:
        summaries: What was written.
        truths: The gold summaries, as many.
    Returns:
        "precision", "recall" and "all right", each from 0 to 1.
    Raises:
        ValueError: If there are not as many of both, or none.
    """
    if len(summaries) != len(truths) or not truths:
        raise ValueError(f"there are {len(summaries)} summaries and {len(truths)} truths; give as many, at least one.")
    said, true = [facts(text) for text in summaries], [facts(text) for text in truths]
    precision, recall = precision_recall(said, true)
    return {"precision": precision, "recall": recall, "all right": sum(map(set.__eq__, said, true)) / len(true)}


def lead(text: str, n: int = 3) -> str:
    """The first n sentences of a story: the baseline that newspapers are hard to beat by."""
    return " ".join(sentences(text)[:n])


def last_place(text: str, name: str) -> str:
    """The last place that stands behind a name in the same sentence; "" if there is none.

    Args:
        text: A story.
        name: A person, "Ben".
    Returns:
        A place without its article, "garden".
    """
    found = ""
    for line in sentences(text):
        words = line.split()
        behind = words[words.index(name) :] if name in words else []
        found = next((word for word in reversed(behind) if word in PLACES), found)
    return found


def last_mention(text: str) -> str:
    """A summary by rule: everyone is at the last place that stands behind their name in one sentence."""
    people = dict.fromkeys(word for word in text.split() if word in NAMES)
    places = {name: place for name in people if (place := last_place(text, name))}
    return " ".join(f"{name} is {PLACES[place].at} the {place} ." for name, place in places.items())


def judged(summary: str, truth: str) -> str:
    """Say of each fact of a summary whether it is right, and which facts are missing; a line for each."""
    said, true = facts(summary), facts(truth)
    ordered = [fact for line in sentences(summary) for fact in sorted(facts(line), key=lambda f: f[1], reverse=True)]
    lines = [f"{'✔ right' if fact in true else '✘ WRONG'}  {_told(fact)}" for fact in dict.fromkeys(ordered)]
    return "\n".join([*lines, *(f"○ missing  {_told(fact)}" for fact in sorted(true - said))])


def _told(fact: Fact) -> str:
    return " ".join(fact)


def strange_facts(said: set[Fact], story: str) -> int:
    """Count the facts with a word that the story never says: they cannot have come from it.

    Args:
        said: Facts such as ("Ben", "has", "blue cup"); the words of both ends count, not those of the middle.
        story: Words and marks apart by spaces.
    """
    known = set(story.split())
    return sum(not set(f"{subject} {rest}".split()) <= known for subject, _, rest in said)


def wrong_kinds(summary: str, story: str, truth: str) -> Counter[str]:
    """Count the wrong facts of a summary by what is wrong with them.

    Returns:
        "unreadable": no sentence of the world. "not in the story": one of its words was never said there. "mixed up":
        all words stand in the story, but the fact is not true at its end.
    """
    wrong = facts(summary) - facts(truth)
    readable = {fact for fact in wrong if fact[2] != "unreadable"}
    strange = strange_facts(readable, story)
    counts = {"unreadable": len(wrong - readable), "not in the story": strange, "mixed up": len(readable) - strange}
    return Counter(counts)
