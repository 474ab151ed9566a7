"""Questions about what a story says, each with its answer as a piece of the text, read off by the parser."""

from collections.abc import Iterator
from dataclasses import dataclass

from .english import english, parse
from .frames import Clause, Phrase, Sentence, resolve
from .lexicon import NAMES, PRONOUNS, VERBS


@dataclass(frozen=True)
class Question:
    """A question whose answer stands in the text: text[start : start + len(answer)] == answer.

    Attributes:
        kind: "who", "what", "whom", "to whom", "where" or "at first".
        question: "Who took the blue cup ?", words and marks apart by spaces.
        answer: "Emil", or "the garden".
        start: Where the deciding sentence says it; if a pronoun stands there, where it was last said before.
        direct: Whether the deciding clause can be understood alone, because it has no pronoun.
    """

    kind: str
    question: str
    answer: str
    start: int
    direct: bool


def questions_about(text: str) -> list[Question]:
    """Ask whatever a story answers in exactly one way: who did it, to what, to whom, where.

    Args:
        text: Sentences of the tiny world.
    Returns:
        In the order of the text; none about denied clauses, and none with two different answers.
    Raises:
        ValueError: If a sentence is not of the tiny world; the message quotes it.
    """
    found: dict[str, Question | None] = {}
    for question in _all_questions(text):
        earlier = found.setdefault(question.question, question)
        if earlier is None or earlier.answer != question.answer:
            found[question.question] = None
    return [question for question in found.values() if question is not None]


def _all_questions(text: str) -> Iterator[Question]:
    names: dict[str, str] = {}  # a noun as the story first says it: "the blue cup"
    mentioned: list[str] = []
    place = 0
    for piece in text.split(" .")[:-1]:
        line = piece.strip() + " ."
        frame = parse(line, mentioned)
        if frame is None:
            raise ValueError(f"{line!r} is no sentence of the tiny world here; mend it, or leave it out.")
        mentioned, meaning = resolve(frame, mentioned)
        begin = text.index(line, place)
        place = begin + len(line)
        for clause in frame.clauses:
            yield from _Reading(text, frame, clause, meaning, names, begin).questions()


class _Reading:
    """One clause at its place in the text, with its pronouns understood."""

    def __init__(
        self, text: str, frame: Sentence, clause: Clause, meaning: dict[str, str], names: dict[str, str], begin: int
    ) -> None:
        self.text, self.begin, self.end = text, begin, begin + len(english(frame))
        self.clause, self.meaning, self.names = clause, meaning, names
        self.subject = clause.subject or frame.leader
        parts = [part for part in (self.subject, clause.object, clause.to) if part is not None]
        self.direct = clause.subject is not None and not any(part.noun in PRONOUNS for part in parts)
        for part in parts:
            if part.noun not in PRONOUNS:
                names.setdefault(
                    part.noun, " ".join(filter(None, ["" if part.noun in NAMES else "the", part.adj, part.noun]))
                )

    def questions(self) -> Iterator[Question]:
        clause, verb = self.clause, VERBS[self.clause.verb]
        if clause.negated or verb.base == "have" or any(part.rel for part in (self.subject, clause.object) if part):
            return
        who, what, to = (self.name(part) for part in (self.subject, clause.object, clause.to))
        where = f"the {clause.place}" if clause.place else ""
        if verb.kind == "be":
            if where:
                yield from self.ask("at first", f"Where was {who} at first ?", where)
            return
        given, towards = f"to {to}" if to else "", verb.kind == "go"
        yield from self.ask("who", _words("Who", verb.past, what, given, f"to {where}" if towards else "", "?"), who)
        if where:
            yield from self.ask("where", _words("Where did", who, verb.base, what, "?"), where)
        if what:
            thing = clause.object.noun not in NAMES and self.meaning.get(clause.object.noun) not in NAMES
            kind, word = ("what", "What") if thing else ("whom", "Whom")
            yield from self.ask(kind, _words(word, "did", who, verb.base, given, "?"), what)
        if to:
            yield from self.ask("to whom", _words("To whom did", who, verb.base, what, "?"), to)

    def name(self, part: Phrase | None) -> str:
        noun = "" if part is None else self.meaning.get(part.noun, part.noun)
        return self.names.get(noun, noun)

    def ask(self, kind: str, question: str, answer: str) -> Iterator[Question]:
        """Point to the answer, in the full or the short form in which the text says it."""
        short = f"the {answer.split()[-1]}"
        for begin, end in ((self.begin, self.end), (0, self.begin)):
            said = [(f" {self.text}".rfind(f" {form} ", begin, end), form) for form in dict.fromkeys([answer, short])]
            start, form = max(said)
            if start >= 0:
                yield Question(kind, question, form, start, self.direct)
                return


def _words(*parts: str) -> str:
    return " ".join(part for part in parts if part)
