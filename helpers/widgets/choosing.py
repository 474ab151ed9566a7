"""The chooser, live: a menu for each question, and the ranking with its reasons below."""

import html
from collections.abc import Mapping

import ipywidgets as w

from helpers.choice_rules import FAMILIES, QUESTIONS, RULES, Rule
from helpers.choosing import Choice, Recommendation, recommend
from helpers.evidence import fill
from helpers.plots import png
from helpers.plots.choosing import COLOURS, score_bars
from helpers.widgets.live import View

OPEN = "(open)"
WIDTH = 12  # pixels of a bar for each point
SHOWN = 2  # families whose reasons are told


class Chooser(View):
    """Answers to the questions above, the recommendation below.

    Attributes:
        menus: A dropdown for each question; "(open)" leaves it out.
        text: The ranking as HTML.
        advice: The recommendation that is shown.
    """

    name = "chooser"

    def __init__(self, answers: Mapping[str, str], rules: tuple[Rule, ...] = RULES) -> None:
        self.rules = rules
        recommend(answers, rules)  # unknown answers are named before a menu rejects them
        wide = w.Layout(width="46em", max_width="100%")
        self.menus = {
            question: w.Dropdown(
                options=[OPEN, *known],
                value=answers.get(question, OPEN),
                description=text,
                style={"description_width": "16em"},
                layout=wide,
            )
            for question, (text, known) in QUESTIONS.items()
        }
        self.text = w.HTML()
        self.widget = w.VBox([*self.menus.values(), self.text])
        for menu in self.menus.values():
            menu.observe(self.update, "value")
        self.update()

    def answers(self) -> dict[str, str]:
        """What the menus say."""
        return {question: menu.value for question, menu in self.menus.items() if menu.value != OPEN}

    def update(self, change: object = None) -> None:
        """Ask the rules again."""
        self.advice = recommend(self.answers(), self.rules)
        self.text.value = as_html(self.advice)

    def still(self) -> bytes:
        return png(score_bars({"points": self.advice}))


def as_html(advice: Recommendation) -> str:
    """A recommendation as HTML: contradictions, a sentence, bars, and the reasons of the first families."""
    careful = "".join(
        f'<p role="alert" style="border-left:4px solid #A84300;padding-left:8px">Careful: {html.escape(s)}</p>'
        for s in advice.conflicts
    )
    sentence = f'<p role="status"><b>{html.escape(advice.advice())}</b></p>'
    rows = "".join(_row(choice) for choice in advice.ranking)
    told = "".join(_reasons(choice) for choice in advice.ranking[:SHOWN] if choice.rules)
    return f"{careful}{sentence}<table>{rows}</table>{told}"


def _row(choice: Choice) -> str:
    colour, score = COLOURS[choice.family] if choice.score > 0 else "#BBBBBB", 0 if choice.out else abs(choice.score)
    bar = f'<div style="width:{WIDTH * min(score, 15)}px;height:12px;background:{colour}"></div>'
    cells = f'<td title="{html.escape(FAMILIES[choice.family])}">{choice.family}</td><td>{choice.shown}</td>'
    return f"<tr>{cells}<td>{bar}</td></tr>"


def _reasons(choice: Choice) -> str:
    lines = "".join(
        f"<li>{r.weight:+d} {html.escape(fill(r.reason))} "
        f'<a href="{r.lesson}.ipynb" target="_blank" style="text-decoration:underline">{r.lesson}</a></li>'
        for r in choice.rules
    )
    return f"<b>{choice.family}</b><ul>{lines}</ul>"


def chooser(answers: Mapping[str, str] | None = None, rules: tuple[Rule, ...] = RULES) -> Chooser:
    """Make the live chooser; `answers` are the first ones, as in QUESTIONS, `rules` a table of your own."""
    return Chooser(answers or {}, rules)
