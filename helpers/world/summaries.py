"""What a story leaves true at its end: followed event by event, said in a summary, and read back as facts."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from .english import english, parse
from .frames import Clause, Phrase, Sentence, group_of, resolve

GOING = ("go", "go", "run", "come", "hurry")
TAKING = ("take", "take", "take", "steal", "buy")  # one buys only where things are sold
LEAVING = ("leave", "hide", "lose")
GIVING = ("give", "give", "sell", "lend")

Fact = tuple[str, str, str]  # ("Ben", "is in", "library") or ("Ben", "has", "blue cup")


@dataclass
class State:
    """Who is where, who has what (one thing at most), and where the other things lie."""

    at: dict[str, str] = field(default_factory=dict)  # person -> place
    holds: dict[str, str] = field(default_factory=dict)  # person -> thing
    lies: dict[str, str] = field(default_factory=dict)  # thing -> place
    origin: dict[str, str] = field(default_factory=dict)  # thing -> where it was taken, or who gave or left it
    arrived: set[str] = field(default_factory=set)  # persons who went somewhere and did nothing since

    def after(self, event: Clause) -> "State":
        """A copy in which one more event has happened."""
        copy = State(dict(self.at), dict(self.holds), dict(self.lies), dict(self.origin), set(self.arrived))
        copy.happen(event)
        return copy

    def happen(self, event: Clause) -> None:
        """Change the state by one event; its nouns are no pronouns."""
        who, what, to = (p.noun if p else "" for p in (event.subject, event.object, event.to))
        self.arrived -= {who}
        if event.verb == "be":
            (self.at if group_of(who) == "person" else self.lies)[who] = event.place
        elif event.verb in GOING:
            self.at[who] = event.place
            self.arrived |= {who}
        elif event.verb in TAKING:
            self.holds[who] = what
            self.origin[what] = self.lies.pop(what)
        elif event.verb in LEAVING:
            self.lies[what] = event.place
            self.origin[what] = who
            del self.holds[who]
        elif event.verb in GIVING:
            self.holds[to] = self.holds.pop(who)
            self.origin[what] = who

    def summary(self, people: list[str], things: dict[str, Phrase]) -> str:
        """Each person with what they have, then the things that no one has.

        Args:
            people: In the order in which they are said.
            things: How each thing is called.
        """
        lines = []
        for person in people:
            here = Clause("be", Phrase(person), place=self.at[person], tense="present")
            held = self.holds.get(person)
            has = Clause("have", object=things[held], tense="present") if held else None
            lines.append(Sentence(here, "and" if has else "", has))
        for thing, place in self.lies.items():
            lines.append(Sentence(Clause("be", things[thing], place=place, tense="present")))
        return " ".join(english(line) for line in lines)


def summaries_along(text: str) -> list[str]:
    """The gold summary of a story as far as each of its sentences, the whole story's last.

    Args:
        text: Sentences of the tiny world, as `tell_story` tells them: first where everyone and everything is.
    Raises:
        ValueError: If a sentence is not of this world, or cannot happen; the message quotes it.
    """
    state, people, things, found = State(), [], {}, []
    for line, events in _events(text):
        for event in events:
            noun = event.subject.noun
            if event.verb == "be" and group_of(noun) == "person":
                people += [noun] * (noun not in people)
            elif event.verb == "be":
                things.setdefault(noun, event.subject)
            try:
                state.happen(event)
                found_now = state.summary(people, things)
            except (KeyError, ValueError):
                raise ValueError(f"{line!r} cannot happen here: tell first where everyone and everything is.") from None
        found.append(found_now if events else (found or [""])[-1])
    return found


def _events(text: str) -> Iterator[tuple[str, list[Clause]]]:
    """Each sentence with what changes the state in it, in order of time, pronouns replaced."""
    mentioned: list[str] = []
    for line in sentences(text):
        frame = parse(line, mentioned)
        if frame is None:
            raise ValueError(f"{line!r} is no sentence of the tiny world here; mend it, or leave it out.")
        mentioned, meaning = resolve(frame, mentioned)
        clauses = [frame.main, *([frame.other] if frame.other else [])]
        if frame.link in ("after", "when", "because"):
            clauses.reverse()
        whole = [_spelled_out(clause, frame.leader, meaning) for clause in clauses if not clause.negated]
        yield line, [c for c in whole if c.place or c.verb in TAKING or c.verb in GIVING]


def _spelled_out(clause: Clause, leader: Phrase | None, meaning: dict[str, str]) -> Clause:
    def full(phrase: Phrase | None) -> Phrase | None:
        return phrase and replace(phrase, noun=meaning.get(phrase.noun, phrase.noun))

    return replace(clause, subject=full(clause.subject or leader), object=full(clause.object), to=full(clause.to))


def sentences(text: str) -> list[str]:
    """Cut a text behind each " .", which stays with its sentence; an unfinished rest is a sentence too."""
    pieces = [piece.strip() for piece in text.split(" .")]
    return [f"{piece} ." for piece in pieces[:-1]] + [piece for piece in pieces[-1:] if piece]


def facts(summary: str) -> set[Fact]:
    """What a summary says, read by the world's parser.

    Args:
        summary: "Ben is in the library and has the blue cup ."
    Returns:
        {("Ben", "is in", "library"), ("Ben", "has", "blue cup")}. A sentence that cannot be read is a fact that no
        story holds: (sentence, "is", "unreadable").
    """
    return {fact for line in sentences(summary) for fact in _facts_of(line)}


@lru_cache(maxsize=1 << 15)  # summaries say the same sentences again and again
def _facts_of(line: str) -> tuple[Fact, ...]:
    frame = parse(line)
    said = [_fact(clause, frame.leader) for clause in frame.clauses] if frame else [None]
    return tuple(fact or (line, "is", "unreadable") for fact in said)


def _fact(clause: Clause, leader: Phrase | None) -> Fact | None:
    subject = clause.subject or leader
    if clause.tense != "present" or subject is None:
        return None
    if clause.verb == "have":
        return _called(subject), "has", _called(clause.object)
    return (_called(subject), "is in", clause.place) if clause.place else None


def _called(phrase: Phrase) -> str:
    return f"{phrase.adj} {phrase.noun}".strip()
