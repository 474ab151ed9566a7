"""Tells what happens in a simulated little world, event by event, and remembers which sentence told what."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from helpers.world.english import english
from helpers.world.frames import Clause, Phrase, Sentence, pronoun_of, resolve
from helpers.world.lexicon import NAMES, PLACES, THINGS, VERBS
from helpers.world.rules import problem
from helpers.world.summaries import GIVING, GOING, LEAVING, TAKING, State

from .sentences import fitting, zipf

SOCIAL = ("greet", "help", "thank", "meet")  # these change nothing
MOODS = {  # why one goes somewhere, gives something to someone, or does anything else
    "go": ("hungry", "nervous", "angry", "happy"),
    "give": ("sad", "sick", "hungry", "angry"),
    "act": ("tired", "sick", "happy", "proud", "nervous"),
}
STARTS = ("then", "then", "later", "soon", "suddenly", "finally")


def _draw(rng: Random, words: Mapping[str, object], count: int) -> list[str]:
    drawn: dict[str, None] = {}
    while len(drawn) < count:
        drawn[zipf(rng, words)] = None
    return list(drawn)


class Teller:
    """One story in the making."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.state = State()
        self.people = _draw(rng, NAMES, rng.choice((2, 3, 3)))
        self.places = _draw(rng, PLACES, 3)
        self.things = {
            thing: Phrase(thing, "the", zipf(rng, fitting("thing")) if rng.random() < 0.7 else "")
            for thing in _draw(rng, THINGS, 2)
        }
        self.told: list[str] = []  # the sentences
        self.before: list[str] = []  # nouns mentioned in the last sentence
        self.since: dict[str, int] = {}  # person or thing -> number of the sentence that says where, or who has it
        self.gifts: list[tuple[Clause, int]] = []

    def introduce(self) -> None:
        """Say where everyone and everything is."""
        nouns = [Phrase(name) for name in self.people] + list(self.things.values())
        spots = [*self.places[: len(self.people)], *self.rng.choices(self.places, k=len(self.things))]
        facts = [
            Clause("be", noun, place=spot if self.rng.random() < 0.8 else self.rng.choice(self.places))
            for noun, spot in zip(nouns, spots, strict=True)
        ]
        while facts:
            fact = facts.pop(0)
            joined = facts and self.rng.random() < 0.4
            if joined and self.tell(Sentence(fact, "and", facts[0]), (fact, facts[0])):
                facts.pop(0)
            else:
                self.tell(Sentence(fact), (fact,))

    def go_on(self) -> None:
        """Let someone do one or two things, and tell them."""
        for _ in range(9):  # who has just arrived should not leave again at once
            actor = self.rng.choice(self.people)
            first = self.event(actor, self.state)
            if first.verb not in GOING or actor not in self.state.arrived:
                break
        if self.rng.random() < 0.6:
            then = self.state.after(first)
            second = self.event(actor, then)
            if VERBS[first.verb].kind != VERBS[second.verb].kind or first.verb in TAKING:
                if not self.tell(self.joined(first, second), (first, second)):
                    self.tell(Sentence(first), (first,))
                    self.tell(self.opened(second), (second,))
                return
        explained = first.verb not in SOCIAL and self.rng.random() < 0.4
        sentence = self.explained(first) if explained else self.opened(first)
        self.tell(sentence, (first,)) or self.tell(Sentence(first), (first,))

    def event(self, actor: str, state: State) -> Clause:
        """What the actor can do next, likelier what moves things on."""
        me, here, held = Phrase(actor), state.at[actor], state.holds.get(actor, "")
        near = [p for p in self.people if p != actor and state.at[p] == here]
        free = [t for t, place in state.lies.items() if place == here and state.origin.get(t) != actor]
        choices = [(0.1 if actor in state.arrived else 3.0, self.walk(actor, state))]
        if near and actor in state.arrived:
            choices.append((1.5, Clause(self.rng.choice(SOCIAL), me, Phrase(self.rng.choice(near)))))
        if not held and free:
            verb = self.rng.choice(TAKING)
            verb = "take" if verb == "buy" and here not in ("market", "shop") else verb
            choices.append((7, Clause(verb, me, self.things[self.rng.choice(free)])))
        if held and state.origin[held] != here:
            choices.append((2, Clause(self.rng.choice(LEAVING), me, self.things[held], place=here)))
        mates = [p for p in near if p not in state.holds and state.origin.get(held) != p]
        if held and mates:
            to = Phrase(self.rng.choice(mates))
            choices.append((8, Clause(self.rng.choice(GIVING), me, self.things[held], to)))
        return self.rng.choices([c for _, c in choices], [weight for weight, _ in choices])[0]

    def walk(self, actor: str, state: State) -> Clause:
        """To where something lies, or to someone it can be given to, or anywhere else."""
        goals = [place for thing, place in state.lies.items() if state.origin.get(thing) != actor]
        goals = [state.at[p] for p in self.people] if actor in state.holds else goals
        elsewhere = [place for place in self.places if place != state.at[actor]]
        goals = [place for place in goals if place in elsewhere]
        goal = self.rng.choice(goals if goals and self.rng.random() < 0.7 else elsewhere)
        return Clause(self.rng.choice(GOING), Phrase(actor), place=goal)

    def joined(self, first: Clause, second: Clause) -> Sentence:
        """Two events of one actor, in this order in time but not always in the text."""
        way = self.rng.choice(("and", "shared", "shared", "shared", "after", "before", "when"))
        if way == "and":
            return Sentence(first, "and", second)
        if way == "after":
            return Sentence(second, "after", replace(first, tense="perfect"), fronted=self.rng.random() < 0.7)
        if way == "before":
            return Sentence(first, "before", second, fronted=self.rng.random() < 0.5)
        if way == "when" and VERBS[first.verb].kind == "go":
            return Sentence(second, "when", first, fronted=True)
        return Sentence(first, "and", replace(second, subject=None))

    def opened(self, event: Clause) -> Sentence:
        """The event alone, sometimes after "Then" or the like."""
        start = self.rng.choice(STARTS)
        if self.rng.random() < 0.4 and not self.told[-1].startswith(start.capitalize()):
            event = replace(event, time=start, time_first=True)
        return Sentence(event)

    def explained(self, event: Clause) -> Sentence:
        """The event with a mood or a look that led to it or followed it."""
        moods = MOODS.get(VERBS[event.verb].kind, MOODS["act"])
        mood = Clause("be", event.to or event.subject, state=self.rng.choice(moods))
        if event.verb in TAKING:
            seen = Clause(self.rng.choice(("see", "find")), event.subject, event.object)
            return Sentence(event, "when", seen, fronted=True)
        if event.verb == "lose":
            mood = replace(mood, state=self.rng.choice(("sad", "angry")))
            return Sentence(mood, "because", replace(event, tense="perfect"))
        return Sentence(event, "because", mood, fronted=self.rng.random() < 0.3)

    def tell(self, sentence: Sentence, events: Sequence[Clause]) -> bool:
        """Say a sentence and let its events happen; False if it cannot be said clearly."""
        said = self.with_pronouns(sentence, 0.65) or self.with_pronouns(sentence, 0.0)
        if said is None:
            return False
        for event in events:
            self.state.happen(event)
            self.note(event)
        self.told.append(english(said))
        self.before, _ = resolve(said, self.before)
        return True

    def note(self, event: Clause) -> None:
        about = event.object or event.subject
        if about is not None and event.verb not in SOCIAL:
            self.since[about.noun] = len(self.told)
        if event.verb in GIVING:
            self.gifts.append((event, len(self.told)))

    def with_pronouns(self, sentence: Sentence, share: float) -> Sentence | None:
        """Put pronouns for what this sentence said before and, for a share, what the last one said.

        Returns:
            The sentence; None if a pronoun would not mean what it should, or the sentence breaks a rule.
        """
        said: set[str] = set()
        wanted: dict[str, str] = {}

        def shorter(phrase: Phrase | None, opening: bool) -> Phrase | None:
            if phrase is None:
                return None
            recent = opening and phrase.noun in self.before and self.rng.random() < share
            known = any(f" {phrase.noun} " in sentence for sentence in self.told)
            if phrase.noun in said or recent:
                wanted[pronoun_of(phrase.noun)] = phrase.noun
                phrase = Phrase(pronoun_of(phrase.noun))
            elif known and self.rng.random() < 0.5:
                phrase = replace(phrase, adj="")
            said.add(wanted.get(phrase.noun, phrase.noun))
            return phrase

        def shorten(clause: Clause, opening: bool) -> Clause:
            subject = shorter(clause.subject, opening)
            opening = opening and clause.verb not in SOCIAL
            thing = shorter(clause.object, opening)
            return replace(clause, subject=subject, object=thing, to=shorter(clause.to, False))

        clauses = [shorten(clause, number == 0) for number, clause in enumerate(sentence.clauses)]
        if sentence.fronted:
            clauses.reverse()
        told = Sentence(clauses[0], sentence.link, clauses[1] if sentence.link else None, sentence.fronted)
        clear = not problem(told, self.before) and resolve(told, self.before)[1] == wanted
        return told if clear else None
