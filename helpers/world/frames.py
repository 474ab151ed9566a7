"""What a sentence of the tiny world says, and whom its pronouns mean."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .lexicon import NOUNS, PRONOUNS


@dataclass(frozen=True)
class Phrase:
    """A noun with what belongs to it, or a pronoun (he, she, it)."""

    noun: str
    det: str = ""  # "the", "a", "own" (his or her, of the clause's subject); "" for names and pronouns
    adj: str = ""
    rel: "Clause | None" = None  # a relative clause; the noun fills its missing subject or object


@dataclass(frozen=True)
class Clause:
    """One event or state."""

    verb: str  # base form
    subject: Phrase | None = None  # None: the first clause's subject, or the gap of a relative clause
    object: Phrase | None = None
    to: Phrase | None = None  # who receives
    place: str = ""
    state: str = ""  # adjective after "was"
    time: str = ""
    time_first: bool = False
    tense: str = "past"  # past, perfect ("had found") or present (only be and have)
    negated: bool = False


@dataclass(frozen=True)
class Sentence:
    """A main clause, perhaps linked with a second clause; fronted puts the linked clause first."""

    main: Clause
    link: str = ""
    other: Clause | None = None
    fronted: bool = False

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """The clauses in reading order."""
        if self.other is None:
            return (self.main,)
        return (self.other, self.main) if self.fronted else (self.main, self.other)

    @property
    def leader(self) -> Phrase | None:
        """The first subject, which a clause without its own shares."""
        return self.clauses[0].subject


class Said(NamedTuple):
    """A phrase at its place in a sentence."""

    slot: str  # subject, object or to
    phrase: Phrase
    subject: Phrase | None  # of its clause
    opening: bool  # in the first clause, where a pronoun may point to the sentence before


def group_of(noun: str) -> str:
    """The group of a noun or pronoun: person, thing, animal or place; "" for "it" alone."""
    if noun in PRONOUNS:
        return "" if noun == "it" else "person"
    return NOUNS[noun].group


def pronoun_of(noun: str) -> str:
    """The pronoun that stands for a noun; a pronoun stands for itself."""
    return noun if noun in PRONOUNS else NOUNS[noun].pronoun


def phrases(sentence: Sentence) -> Iterator[Said]:
    """All phrases of a sentence in reading order, those of relative clauses too."""
    for position, clause in enumerate(sentence.clauses):
        subject = clause.subject or sentence.leader
        for slot in ("subject", "object", "to"):
            phrase = getattr(clause, slot)
            if phrase is None:
                continue
            yield Said(slot, phrase, subject, position == 0)
            if phrase.rel is not None:
                yield from _inner_phrases(phrase, phrase.rel)


def _inner_phrases(head: Phrase, rel: Clause) -> Iterator[Said]:
    if rel.subject is not None:
        yield Said("subject", rel.subject, rel.subject, False)
    if rel.object is not None:
        yield Said("object", rel.object, rel.subject or head, False)


def resolve(sentence: Sentence, before: Sequence[str] | None = None) -> tuple[list[str], dict[str, str]]:
    """Find which persons, things and animals a sentence mentions, and which of them its pronouns mean.

    A pronoun means the only fitting noun said earlier in its sentence. In the first clause, "he", "she" and "it"
    as subject and "it" as object may instead mean the only fitting noun of the sentence before.

    Args:
        sentence: The frame.
        before: Nouns mentioned in the sentence before; None if that is unknown, then such a pronoun stays open.
    Returns:
        The nouns mentioned, and a table from pronoun to noun (to itself where it stays open).
    Raises:
        ValueError: If a pronoun means no one, or could mean two, or a noun is said twice.
    """
    mentioned: list[str] = []
    meaning: dict[str, str] = {}
    for said in phrases(sentence):
        noun = said.phrase.noun
        if noun in PRONOUNS:
            noun = _antecedent(said, mentioned, meaning, before)
            if meaning.setdefault(said.phrase.noun, noun) != noun:
                raise ValueError(f"{said.phrase.noun!r} means both {meaning[said.phrase.noun]!r} and {noun!r}")
        elif noun in mentioned:
            raise ValueError(f"{noun!r} is said twice; use a pronoun")
        if noun not in mentioned:
            mentioned.append(noun)
    return mentioned, meaning


def _antecedent(said: Said, mentioned: list[str], meaning: dict[str, str], before: Sequence[str] | None) -> str:
    pronoun, barred = said.phrase.noun, ""
    if said.slot != "subject" and said.subject is not None:  # "Anna saw her" is about two persons
        barred = meaning.get(said.subject.noun, said.subject.noun)
    fitting = [noun for noun in mentioned if pronoun_of(noun) == pronoun and noun != barred]
    if not fitting and said.opening and (said.slot == "subject" or pronoun == "it"):
        if before is None:
            return pronoun
        fitting = [noun for noun in dict.fromkeys(before) if pronoun_of(noun) == pronoun]
    if len(fitting) != 1:
        raise ValueError(f"{pronoun!r} could mean {' or '.join(fitting) or 'no one'}")
    return fitting[0]
