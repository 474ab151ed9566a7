"""Which model for my task? Constraints in, a ranking with reasons and the lessons to open out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from IPython.display import Markdown

from helpers.choice_rules import CONFLICTS, FAMILIES, OUT, QUESTIONS, RULES, Rule
from helpers.evidence import fill, link, linked_table


@dataclass(frozen=True)
class Choice:
    """A family with the rules that spoke for or against it."""

    family: str
    score: int
    rules: tuple[Rule, ...]

    @property
    def out(self) -> bool:
        """Whether a rule excludes it, whatever else speaks for it."""
        return any(r.weight <= OUT for r in self.rules)

    @property
    def shown(self) -> str:
        """Its points in three characters, or "out"."""
        return "out" if self.out else f"{self.score:+3d}"

    @property
    def lessons(self) -> tuple[str, ...]:
        """Up to two lessons to open: those of the strongest reasons for it, the kind of data first among equals."""
        speak = sorted((r for r in self.rules if r.weight > 0), key=lambda r: (-r.weight, r.question != "data"))
        return tuple(dict.fromkeys(r.lesson for r in speak))[:2]


@dataclass(frozen=True)
class Recommendation:
    """Families from best to worst, and what does not go together in the answers."""

    ranking: tuple[Choice, ...]
    conflicts: tuple[str, ...]

    @property
    def best(self) -> Choice:
        """The family in front."""
        return self.ranking[0]

    @property
    def tied(self) -> tuple[str, ...]:
        """Families at most one point behind the best, itself included: a lead of one point is no lead."""
        return tuple(c.family for c in self.ranking if not c.out and c.score >= self.best.score - 1)

    def advice(self) -> str:
        """One sentence: what to try, and which lesson to open."""
        names, lessons = " or ".join(self.tied), " and ".join(self.best.lessons)
        if not lessons:
            return "Nothing speaks for any family yet: answer more questions."
        first = "Settle first what does not go together. " if self.conflicts else ""
        several = " Points this close decide nothing: measure them." if len(self.tied) > 1 else ""
        if self.best.score < 0:
            return f"{first}Nothing that is left is a good answer: let one wish go."
        return f"{first}Try {names}; open {lessons}.{several}"

    def __repr__(self) -> str:
        lines = [f"{c.shown}  {c.family}" for c in self.ranking]
        lines += ["", self.advice(), *(f"{r.weight:+3d}  {fill(r.reason)} [{r.lesson[:2]}]" for r in self.best.rules)]
        return "\n".join([*lines, *(f"Careful: {sentence}" for sentence in self.conflicts)])


def recommend(answers: Mapping[str, str], rules: Sequence[Rule] = RULES) -> Recommendation:
    """Add up the rules that the answers call; who is ruled out comes last.

    Args:
        answers: From question to answer, both as in QUESTIONS; questions may be left out.
        rules: The table; weights of your own make another advice.
    Raises:
        ValueError: If a question or an answer is not known; the message quotes it and the known ones.
    """
    for question, answer in answers.items():
        if question not in QUESTIONS:
            raise ValueError(f"There is no question {question!r}; known are: {', '.join(QUESTIONS)}.")
        if answer not in (known := QUESTIONS[question][1]):
            raise ValueError(f"{answer!r} is no answer to {question!r}; known are: {'; '.join(known)}.")
    called = [r for r in rules if answers.get(r.question) == r.answer]
    choices = []
    for family in FAMILIES:
        mine = tuple(sorted((r for r in called if r.family == family), key=lambda r: -abs(r.weight)))
        choices.append(Choice(family, sum(r.weight for r in mine), mine))
    clash = [c for c in CONFLICTS if all(answers.get(q) == a for q, a in c.answers.items())]
    ranking = tuple(sorted(choices, key=lambda c: (c.out, -c.score)))
    return Recommendation(ranking, tuple(fill(c.sentence) for c in clash))


def turning_points(answers: Mapping[str, str], rules: Sequence[Rule] = RULES) -> Iterator[tuple[str, str, str]]:
    """Single answers after which the best family is not even level: (question, other answer, who is, or "none")."""
    before = recommend(answers, rules).best.family
    for question, (_, known) in QUESTIONS.items():
        for other in known:
            after = recommend({**answers, question: other}, rules)
            if after.best.score < 0:
                yield question, other, "none"
            elif before not in after.tied:
                yield question, other, " or ".join(after.tied)


def rules_table(*questions: str, rules: Sequence[Rule] = RULES) -> Markdown:
    """The rules of some questions, or of all, as a table with links."""
    rows = [
        [r.question, r.answer, r.family, "out" if r.weight <= OUT else f"{r.weight:+d}", fill(r.reason), link(r.lesson)]
        for r in rules
        if not questions or r.question in questions
    ]
    return linked_table(["question", "answer", "family", "weight", "reason", "lesson"], rows)
