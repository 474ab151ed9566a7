"""Stories with questions and summaries that are exact, because they come from a simulated state."""

from collections import Counter
from dataclasses import dataclass
from random import Random

from helpers.world.lexicon import VERBS

from .telling import Teller

QUESTIONS = 4  # at most, for each story


@dataclass(frozen=True)
class Question:
    """A question whose answer stands in the story: text[start : start + len(answer)] == answer.

    Kinds: person (where is Anna), thing (where is the cup, which lies somewhere), carried (where is the cup, which
    someone has), holder (who has the cup), held (what does Anna have), giver (who gave the cup to Ben).
    """

    kind: str
    question: str
    answer: str
    start: int


@dataclass(frozen=True)
class Story:
    """A story of about eight sentences, its questions, and who is where and has what at its end."""

    text: str
    questions: tuple[Question, ...]
    summary: str


def tell_story(rng: Random, turns: tuple[int, int] = (4, 5)) -> Story:
    """Simulate a few events among two or three people and tell them; `turns` bounds how often someone does things."""
    teller = Teller(rng)
    teller.introduce()
    for _ in range(rng.randint(*turns)):
        teller.go_on()
    found = _questions(teller)
    asked = rng.sample(found, min(QUESTIONS, len(found)))
    return Story(" ".join(teller.told), tuple(asked), teller.state.summary(teller.people, teller.things))


def _questions(teller: Teller) -> list[Question]:
    """All questions that the end state answers."""
    state, since = teller.state, teller.since
    asked = [_ask(teller, "person", f"Where is {p} ?", _where(place), since[p]) for p, place in state.at.items()]
    for thing, place in state.lies.items():
        asked.append(_ask(teller, "thing", f"Where is {_full(teller, thing)} ?", _where(place), since[thing]))
    for person, thing in state.holds.items():
        name, place = _full(teller, thing), _where(state.at[person])
        asked.append(_ask(teller, "carried", f"Where is {name} ?", place, since[person]))
        asked.append(_ask(teller, "holder", f"Who has {name} ?", person, since[thing]))
        asked.append(_ask(teller, "held", f"What does {person} have ?", name, since[thing]))
    for gift, number in teller.gifts:
        if gift.subject and gift.object and gift.to:
            what = _full(teller, gift.object.noun)
            question = f"Who {VERBS[gift.verb].past} {what} to {gift.to.noun} ?"
            asked.append(_ask(teller, "giver", question, gift.subject.noun, number))
    found = [question for question in asked if question is not None]
    times = Counter(question.question for question in found)  # the same gift twice may have two givers
    return [question for question in found if times[question.question] == 1]


def _full(teller: Teller, thing: str) -> str:
    phrase = teller.things[thing]
    return f"the {phrase.adj} {thing}" if phrase.adj else f"the {thing}"


def _where(place: str) -> str:
    return f"the {place}"


def _ask(teller: Teller, kind: str, question: str, answer: str, number: int) -> Question | None:
    """Point to the answer in the sentence that decides it, or, if a pronoun stands there, where it was last said."""
    for sentence in range(number, -1, -1):
        inside = f" {teller.told[sentence]}".find(f" {answer} ")
        if inside >= 0:
            start = sum(len(earlier) + 1 for earlier in teller.told[:sentence]) + inside
            return Question(kind, question, answer, start)
    return None
