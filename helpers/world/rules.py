"""The rules of the tiny world's grammar: which frames are well-formed."""

from collections.abc import Iterator, Sequence

from .frames import Clause, Phrase, Sentence, group_of, phrases, resolve
from .lexicon import ADJECTIVES, LINKS, NOUNS, PLACE_NEEDED, PLACES, PRONOUNS, SUBORDINATE, TIMES, VERBS

DETERMINERS = {
    "name": ("",),
    "role": ("the", "a"),
    "kin": ("own",),
    "thing": ("the", "a", "own"),
    "animal": ("the", "a", "own"),
    "place": (),  # a place is written as Clause.place
}


def problem(sentence: Sentence, before: Sequence[str] | None = None) -> str:
    """Say what is wrong with a frame; an empty string if it is well-formed.

    Args:
        sentence: The frame.
        before: Nouns mentioned in the sentence before, for opening pronouns; None if unknown.
    """
    for said in phrases(sentence):
        for complaint in _phrase(said.phrase, said.slot):
            return complaint
    for complaint in _links(sentence):
        return complaint
    try:
        _, meaning = resolve(sentence, before)
    except ValueError as error:
        return str(error)
    for clause in sentence.clauses:
        for complaint in _slots(clause, clause.subject or sentence.leader, meaning):
            return complaint
    for complaint in _relatives(sentence, meaning):
        return complaint
    places = [clause.place for clause in sentence.clauses if clause.place]
    return f"the place {places[0]!r} is said twice" if len(places) > len(set(places)) else ""


def _phrase(phrase: Phrase, slot: str) -> Iterator[str]:
    if phrase.noun in PRONOUNS:
        if phrase.det or phrase.adj or phrase.rel:
            yield f"the pronoun {phrase.noun!r} stands alone"
        return
    if phrase.noun not in NOUNS:
        yield f"{phrase.noun!r} is not a noun of this world"
        return
    kind = NOUNS[phrase.noun].kind
    if phrase.det not in DETERMINERS[kind] or (phrase.det == "own" and slot == "subject"):
        yield f"{phrase.noun!r} as {slot} does not take the determiner {phrase.det!r}"
    if phrase.adj and (phrase.adj not in ADJECTIVES or kind not in ADJECTIVES[phrase.adj].fits):
        yield f"{phrase.noun!r} cannot be {phrase.adj!r}"


def _links(sentence: Sentence) -> Iterator[str]:
    """How the two clauses are joined, their tenses and the time."""
    main, other, link = sentence.main, sentence.other, sentence.link
    for clause in sentence.clauses:
        if clause.verb not in VERBS:
            yield f"{clause.verb!r} is not a verb of this world"
    if (other is None) != (link == "") or (link and link not in LINKS):
        yield f"the link {link!r} does not join these clauses"
    if main.subject is None or (other is not None and other.subject is None and link not in ("and", "but")):
        yield "a clause lacks its subject"
    if sentence.fronted and link not in SUBORDINATE:
        yield f"a clause with {link!r} cannot come first"
    if main.tense not in ("past", "present") or (main.tense == "present" and link not in ("", "and")):
        yield f"the main clause cannot stand in the tense {main.tense!r}"
    if main.time and (main.time not in TIMES or sentence.fronted or main.tense == "present"):
        yield f"the time {main.time!r} cannot stand here"
    elif main.time_first != bool(main.time) and (main.time_first or TIMES[main.time].front_only):
        yield f"the time {main.time!r} stands at the wrong end"
    if other is not None:
        if other.time or other.time_first:
            yield "only the main clause has a time"
        told = {"because": "past" if other.verb == "be" else "perfect", "after": "perfect"}
        if other.tense != told.get(link, main.tense):
            yield f"the clause with {link!r} cannot stand in the tense {other.tense!r}"


def _slots(clause: Clause, subject: Phrase | None, meaning: dict[str, str]) -> Iterator[str]:
    """Whether subject, object, receiver, place and state suit the verb."""

    def group(phrase: Phrase | None) -> str:
        return "" if phrase is None else group_of(meaning.get(phrase.noun, phrase.noun))

    verb = VERBS[clause.verb]
    if verb.kind != "be" and group(subject) != "person":
        yield f"only a person can {verb.base}"
    if (clause.object is not None) != (verb.kind in ("act", "give")):
        yield f"{verb.base!r} has a wrong number of objects"
    if clause.object is not None and not _kinds(group(clause.object)) & verb.objects:
        yield f"one does not {verb.base} {clause.object.noun!r}"
    if (group(clause.to) == "person") != (verb.kind == "give") or (clause.to and verb.kind != "give"):
        yield f"{verb.base!r} has a wrong number of receivers"
    if clause.place and (clause.place not in PLACES or verb.kind == "give" or verb.base == "have"):
        yield f"{verb.base!r} does not take the place {clause.place!r}"
    if not clause.place and (verb.kind == "go" or verb.base in PLACE_NEEDED):
        yield f"{verb.base!r} needs a place"
    if verb.kind == "be" and bool(clause.state) == bool(clause.place):
        yield "'be' needs either a state or a place"
    if clause.state and (verb.kind != "be" or not _state_suits(clause.state, group(subject))):
        yield f"the subject cannot be {clause.state!r}"
    tenses = {"be": ("past", "present"), "have": ("present",)}.get(verb.base, ("past", "perfect"))
    if clause.tense not in tenses:
        yield f"{verb.base!r} does not stand in the tense {clause.tense!r}"
    if clause.negated and not _may_negate(clause):
        yield f"{verb.base!r} is not denied here"


def _state_suits(state: str, group: str) -> bool:
    fits = ADJECTIVES[state].fits if state in ADJECTIVES else frozenset()
    return bool(fits & ({"mood"} if group == "person" else _kinds(group)))


def _kinds(group: str) -> set[str]:
    """An "it" that stays open may be a thing or an animal."""
    return {group} if group else {"thing", "animal"}


def _may_negate(clause: Clause) -> bool:
    """Denied are states, and acts on a definite object without a place: German then puts "nicht" last."""
    definite = clause.object is None or clause.object.det != "a"
    return definite and not clause.place and clause.tense != "present" and VERBS[clause.verb].kind in ("act", "be")


def _relatives(sentence: Sentence, meaning: dict[str, str]) -> Iterator[str]:
    """A relative clause hangs on the first subject, or on an object that ends the sentence."""
    main, last = sentence.main, sentence.clauses[-1]
    for clause in sentence.clauses:
        late_time = clause.time and not clause.time_first
        if clause.to is not None and clause.to.rel:
            yield "a receiver takes no relative clause"
        if clause.subject is not None and clause.subject.rel:
            if clause is not main or sentence.fronted or main.time_first or main.tense == "present":
                yield "this subject takes no relative clause"
            yield from _relative(clause.subject, clause.subject.rel, meaning)
        if clause.object is not None and clause.object.rel:
            if clause is not last or clause.to or clause.place or late_time or (main.subject and main.subject.rel):
                yield "this object takes no relative clause"
            yield from _relative(clause.object, clause.object.rel, meaning)


def _relative(head: Phrase, rel: Clause, meaning: dict[str, str]) -> Iterator[str]:
    """Persons: "who had found it". Things and animals: "that Ben found" or "that Ben had found"."""
    if rel.verb not in VERBS or VERBS[rel.verb].kind != "act":
        yield f"a relative clause has no verb {rel.verb!r}"
        return
    if rel.place or rel.to or rel.state or rel.time or rel.time_first or rel.negated:
        yield "a relative clause is short"
    if any(inner is not None and inner.rel for inner in (rel.subject, rel.object)):
        yield "a relative clause holds no other"
    if group_of(head.noun) == "person":
        suits = rel.subject is None and rel.object is not None and rel.tense == "perfect"
    else:
        suits = rel.object is None and rel.subject is not None and rel.verb not in PLACE_NEEDED
    if not suits:
        yield f"the relative clause does not suit {head.noun!r}"
    whole = Clause(rel.verb, rel.subject or head, rel.object or head, tense=rel.tense)
    yield from _slots(whole, whole.subject, meaning)
