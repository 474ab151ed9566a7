"""Random sentences of the tiny world, common words more often than rare ones."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import accumulate
from random import Random

from helpers.world.frames import Clause, Phrase, Sentence, phrases, pronoun_of
from helpers.world.lexicon import ADJECTIVES, ANIMALS, KIN, NAMES, PLACES, ROLES, THINGS, TIMES, VERBS
from helpers.world.rules import problem

SHAPES = {"simple": 24, "and": 14, "but": 11, "because": 15, "when": 8, "before": 6, "after": 8, "relative": 14}
# A reason should suit the mood it explains.
GOOD, BAD = ("find", "meet", "buy", "visit", "see", "repair", "draw"), ("lose", "forget", "steal")
SUDDEN = ("see", "find", "hear", "meet", "come", "arrive", "recognise", "lose", "return", "call", "invite")
REASONS = {"happy": GOOD, "proud": GOOD, "sad": BAD, "angry": BAD, "nervous": BAD}
_VERB_KINDS = {"act": 55, "give": 13, "go": 12, "stay": 9, "be": 11}


@cache
def _shares(words: tuple[str, ...]) -> list[float]:
    return list(accumulate(1 / (rank + 5) ** 2 for rank in range(len(words))))


def zipf(rng: Random, words: Mapping[str, object]) -> str:
    """Draw a word; the one of rank r comes with a probability proportional to 1 / (r + 4)^2."""
    names = tuple(words)
    return rng.choices(names, cum_weights=_shares(names))[0]


def weighted(rng: Random, weights: Mapping[str, int]) -> str:
    return rng.choices(tuple(weights), tuple(weights.values()))[0]


def random_sentence(rng: Random) -> Sentence:
    """Draw a well-formed frame in which every pronoun has its noun in the same sentence."""
    while True:
        frame = _Drafter(rng).sentence()
        if not problem(frame, before=()) and not _dull(frame):
            return frame


def _dull(sentence: Sentence) -> bool:
    """Well-formed, but the same verb twice reads badly."""
    heads = (said.phrase.rel for said in phrases(sentence))
    verbs = [clause.verb for clause in (*sentence.clauses, *heads) if clause is not None]
    return len(set(verbs)) < len(verbs)


@cache
def fitting(kind: str) -> dict[str, None]:
    return {word: None for word, adjective in ADJECTIVES.items() if kind in adjective.fits}


@cache
def _verbs(kind: str, group: str = "") -> dict[str, None]:
    """Verbs of a kind, or those among them whose object may come from a group; all but "have"."""
    fitting_verbs = (v for v in VERBS.values() if v.kind == kind and (not group or group in v.objects))
    return {verb.base: None for verb in fitting_verbs if verb.base != "have"}


class _Drafter:
    """Drafts one sentence; a draft may break a rule, and then the next one is tried."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.said: list[str] = []  # persons, things and animals said so far

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def sentence(self) -> Sentence:
        shape = weighted(self.rng, SHAPES)
        if shape == "simple":
            return Sentence(self.timed(self.clause()))
        if shape == "relative":
            return self.with_relative()
        if shape in ("and", "but"):
            return self.coordinated(shape)
        fronted = self.chance(0.4)
        if fronted:
            other = self.subordinate(shape, "")
            return Sentence(self.main(shape), shape, other, fronted=True)
        main = self.main(shape)
        return Sentence(self.timed(main), shape, self.subordinate(shape, main.state))

    def main(self, link: str) -> Clause:
        """What happened, or how someone felt about the linked event."""
        moody = link in ("because", "after") and self.chance(0.35)
        return self.mood(self.person()) if moody else self.clause(doing=True)

    def coordinated(self, link: str) -> Sentence:
        if link == "and" and self.chance(0.1):
            return self.present()
        main = self.timed(self.clause())
        shared = self.chance(0.4)
        other = self.clause(subject=main.subject if shared else None)
        if link == "but" and self.chance(0.7):
            other = replace(other, negated=True, place="")
        return Sentence(main, link, replace(other, subject=None) if shared else other)

    def present(self) -> Sentence:
        """Who is where and has what."""
        where = Clause("be", self.person(), place=zipf(self.rng, PLACES), tense="present")
        return Sentence(where, "and", Clause("have", object=self.thing("thing"), tense="present"))

    def subordinate(self, link: str, mood: str) -> Clause:
        if link == "because" and self.chance(0.3):
            it = self.said_before("thing")
            return self.state(it) if it is not None and self.chance(0.6) else self.mood(self.person())
        if link == "when":
            return self.clause(verb=self.rng.choice(SUDDEN))
        tense = "perfect" if link in ("because", "after") else "past"
        clause = self.clause(verb=self.rng.choice(REASONS[mood]) if mood in REASONS else "", doing=True)
        clause = replace(clause, tense=tense)
        if link == "because" and self.chance(0.15):
            clause = replace(clause, negated=True)
        return clause

    def with_relative(self) -> Sentence:
        """A relative clause on the subject or on the object, sometimes with a second clause."""
        person, on_subject = self.chance(0.5), self.chance(0.5)
        if not on_subject:
            return self.relative_on_object(person)
        head = self.relative(person)
        if person:
            main = self.clause(subject=head)
        else:
            main = self.resting(head) if self.chance(0.3) else self.state(replace(head, adj=""))
        if self.chance(0.25):
            link = self.rng.choice(("because", "and", "but", "when") if person else ("and", "but"))
            other = self.clause() if link in ("and", "but") else self.subordinate(link, main.state)
            return Sentence(main, link, other)
        return Sentence(main)

    def relative_on_object(self, person: bool) -> Sentence:
        subject, group = self.person(), "person" if person else "thing"
        verb, head = self.rng.choice(tuple(_verbs("act", group))), self.relative(person)
        last = Clause(verb, subject, head)
        if self.chance(0.3):
            other = self.clause(doing=True)
            return Sentence(last, "before", other, fronted=True)
        return Sentence(last)

    def relative(self, person: bool) -> Phrase:
        head = self.role() if person else self.thing(self.rng.choice(("thing", "thing", "animal")))
        gap = self.clause(kind="act", subject=head if person else None)
        if person:
            return replace(head, rel=Clause(gap.verb, object=gap.object, tense="perfect"))
        tense = self.rng.choice(("past", "perfect"))
        return replace(head, det="the", rel=Clause(gap.verb, gap.subject, tense=tense))

    def clause(self, kind: str = "", verb: str = "", subject: Phrase | None = None, doing: bool = False) -> Clause:
        """One clause; doing leaves out states."""
        kind = VERBS[verb].kind if verb else kind or weighted(self.rng, _VERB_KINDS)
        if kind == "be" and doing:
            kind = "act"
        if kind == "be":
            return self.being(subject)
        subject = subject or self.person()
        verbs = _verbs(kind)
        verb = verb or (zipf(self.rng, verbs) if self.chance(0.5) else self.rng.choice(tuple(verbs)))
        place = zipf(self.rng, PLACES) if kind == "go" or self.chance({"act": 0.15, "stay": 0.8}.get(kind, 0)) else ""
        what = self.object(self.rng.choice(sorted(VERBS[verb].objects))) if VERBS[verb].objects else None
        return Clause(verb, subject, what, self.receiver() if kind == "give" else None, place)

    def being(self, subject: Phrase | None) -> Clause:
        if subject is None and not self.said and self.chance(0.4):
            thing = replace(self.thing(self.rng.choice(("thing", "thing", "animal"))), det="the")
            return self.resting(thing) if self.chance(0.4) else self.state(replace(thing, adj=""))
        subject = subject or self.person()
        return self.resting(subject) if self.chance(0.4) else self.mood(subject)

    def resting(self, subject: Phrase) -> Clause:
        return Clause("be", subject, place=zipf(self.rng, PLACES))

    def state(self, subject: Phrase) -> Clause:
        group = "animal" if subject.noun in ANIMALS else "thing"
        if subject.noun == "it" and not set(self.said) & set(THINGS):
            group = "animal"
        state = self.rng.choice(tuple(fitting(group)))
        return Clause("be", subject, state=state, negated=self.chance(0.1))

    def mood(self, person: Phrase) -> Clause:
        mood = self.rng.choice(tuple(fitting("mood")))
        return Clause("be", person, state=mood, negated=self.chance(0.1))

    def timed(self, clause: Clause) -> Clause:
        lasting = clause.state and "mood" not in ADJECTIVES[clause.state].fits
        if lasting or not self.chance(0.35):
            return clause
        time = zipf(self.rng, TIMES) if self.chance(0.7) else self.rng.choice(tuple(TIMES))
        return replace(clause, time=time, time_first=TIMES[time].front_only or self.chance(0.5))

    def said_before(self, group: str) -> Phrase | None:
        """A pronoun for someone or something said before."""
        words = {pronoun_of(noun) for noun in self.said}
        words &= {"he", "she"} if group == "person" else {"it"}
        return Phrase(self.rng.choice(sorted(words))) if words else None

    def person(self) -> Phrase:
        again = self.said_before("person")
        if again is not None and self.chance(0.65):
            return again
        return self.named() if self.chance(0.7) else self.role()

    def named(self) -> Phrase:
        return Phrase(self.new(zipf(self.rng, NAMES)))

    def role(self) -> Phrase:
        adj = zipf(self.rng, fitting("role")) if self.chance(0.4) else ""
        return Phrase(self.new(zipf(self.rng, ROLES)), "the" if self.chance(0.75) else "a", adj)

    def thing(self, group: str) -> Phrase:
        noun = self.new(zipf(self.rng, THINGS if group == "thing" else ANIMALS))
        adj = zipf(self.rng, fitting(group)) if self.chance(0.45) else ""
        return Phrase(noun, "the" if self.chance(0.7) else "a", adj)

    def object(self, group: str) -> Phrase:
        again = self.said_before(group)
        if again is not None and self.chance(0.5):
            return again
        if group == "person":
            return self.receiver()
        thing = self.thing(group)
        return replace(thing, det="own") if self.chance(0.15) else thing

    def receiver(self) -> Phrase:
        if self.chance(0.15):
            return Phrase(self.new(zipf(self.rng, KIN)), "own")
        return self.person()

    def new(self, noun: str) -> str:
        self.said.append(noun)
        return noun
