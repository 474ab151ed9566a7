"""The chooser: every rule counts as it says, clashes are named, numbers are the lessons', topics have lessons."""

import re
from dataclasses import replace

import nbformat
import pytest
import torch
from tools.notebooks import README

from helpers import capstones, comparison, decisions, evidence
from helpers.choice_rules import AT_ONCE, CONFLICTS, FAMILIES, FAST, OUT, QUESTIONS, RULES
from helpers.choosing import recommend, rules_table, turning_points
from helpers.evidence import COMPARISON, SIMPLE, TOPICS, fill, gaps, measured, number
from helpers.plots.choosing import trade_off
from helpers.widgets.choosing import OPEN, as_html, chooser

LITERAL = re.compile(r"\d[\d,]*(?:\.\d+)?")
CELLS = [(f"{column}, {model}", *cell) for column, row in COMPARISON.items() for model in row for cell in row[model]]
CELLS += [(task, f"{simple}; {deep}", lesson) for task, simple, deep, lesson in SIMPLE]
CELLS += [(f"{r.question}, {r.answer}, {r.family}", r.reason, r.lesson) for r in RULES]


def _source(lesson: str) -> str | None:
    path = evidence.LESSONS / f"{lesson}.ipynb"
    return "\n".join(c.source for c in nbformat.read(path, as_version=4).cells) if path.exists() else None


def _told(lesson: str) -> str:
    """All that a lesson says: its sources, its printed outputs, its row of the README."""
    nb = nbformat.read(evidence.LESSONS / f"{lesson}.ipynb", as_version=4)
    outputs = [o for c in nb.cells for o in c.get("outputs", [])]
    printed = [o.get("text", "") + str(o.get("data", {}).get("text/plain", "")) for o in outputs]
    rows = [line for line in README.read_text(encoding="utf-8").split("\n") if f"(notebooks/{lesson}.ipynb)" in line]
    return "\n".join([*(c.source for c in nb.cells), *printed, *rows])


# ---- the rules, row by row


@pytest.mark.parametrize("rule", RULES, ids=lambda r: f"{r.question}-{r.answer}-{r.family}")
def test_each_rule_moves_its_family_as_it_says(rule):
    assert rule.family in FAMILIES
    assert rule.answer in QUESTIONS[rule.question][1]
    assert rule.weight == OUT or 1 <= abs(rule.weight) <= 3
    without = tuple(r for r in RULES if r is not rule)
    scores, ranks = [], []
    for rules in (without, RULES):
        ranking = recommend({rule.question: rule.answer}, rules).ranking
        families = [c.family for c in ranking]
        ranks.append(families.index(rule.family))
        scores.append(ranking[ranks[-1]].score)
    assert scores[1] - scores[0] == rule.weight
    assert (ranks[0] - ranks[1]) * rule.weight >= 0
    assert recommend({rule.question: rule.answer}).ranking != recommend({}).ranking
    other = next(a for a in QUESTIONS[rule.question][1] if a != rule.answer)
    assert rule not in {r for c in recommend({rule.question: other}).ranking for r in c.rules}


def test_no_rule_stands_twice_and_every_question_matters():
    assert len({(r.question, r.answer, r.family) for r in RULES}) == len(RULES)
    assert {r.question for r in RULES} == set(QUESTIONS)
    for family in FAMILIES:
        assert {r.weight > 0 for r in RULES if r.family == family} == {True, False}, family


@pytest.mark.parametrize(("name", "text", "lesson"), CELLS, ids=[c[0] for c in CELLS])
def test_each_cell_has_a_lesson_and_a_number_that_the_lesson_says(name, text, lesson):
    assert _source(lesson) is not None
    assert re.search(r"\d", fill(text)), f"no number: {text}"
    assert "{" not in fill(text)
    told = _told(lesson).replace(",", "")
    for literal in LITERAL.findall(re.sub(r"\{[^}]*\}", "", text)):
        assert literal.replace(",", "") in told, f"{lesson} never says {literal}: {text}"


CASES = [
    ("GAN", {"task": "new examples", "data": "pictures", "speed": FAST, "control": "by labels or words"}),
    ("GAN", {"task": "an answer to an input", "data": "pictures", "labels": "two unpaired sets"}),
    ("VAE", {"task": "new examples", "data": "molecules", "control": "in a latent space"}),
    ("VAE", {"task": "new examples", "data": "pictures", "likelihood": "a bound", "speed": FAST}),
    ("Transformer", {"task": "an answer to an input", "data": "text", "labels": "pairs", "compute": "a laptop"}),
    ("Transformer", {"task": "new examples", "data": "text"}),
    ("Transformer", {"task": "an answer to an input", "data": "sound", "labels": "pairs"}),
    ("Transformer", {"task": "new examples", "data": "pictures", "likelihood": "exact"}),
    ("denoiser", {"task": "new examples", "data": "pictures", "stability": AT_ONCE, "compute": "a GPU or more"}),
    ("pretrained", {"task": "an answer to an input", "data": "text", "amount": "up to 1,000", "pretrained": "yes"}),
    ("pretrained", {"data": "pictures", "compute": "nothing", "pretrained": "yes"}),
    ("baseline", {"task": "a score", "data": "table", "amount": "up to 1,000"}),
    ("baseline", {"task": "a score", "data": "pictures", "compute": "nothing", "pretrained": "no"}),
]


@pytest.mark.parametrize(("family", "answers"), CASES)
def test_typical_tasks_get_the_family_that_the_lessons_speak_for(family, answers):
    advice = recommend(answers)
    assert advice.best.family == family
    assert all(
        f"{lesson}.ipynb" in {p.name for p in evidence.LESSONS.glob("*.ipynb")} for lesson in advice.best.lessons
    )
    assert family in advice.advice() and advice.best.lessons[0] in advice.advice()


def test_a_lead_of_one_point_is_no_lead():
    advice = recommend({"data": "pictures"})
    assert advice.tied == ("GAN", "denoiser", "VAE")
    assert "decide nothing" in advice.advice()


def test_who_is_ruled_out_comes_last_whatever_speaks_for_it():
    advice = recommend({"data": "pictures", "labels": "two unpaired sets", "likelihood": "a bound", "speed": FAST})
    gan = next(c for c in advice.ranking if c.family == "GAN")
    assert gan.out and gan.shown == "out" and advice.ranking.index(gan) >= 4 and "GAN" not in advice.tied
    assert "out  GAN" in repr(advice) and "<td>out</td>" in as_html(advice)


def test_where_all_is_ruled_out_nothing_is_recommended():
    advice = recommend({"task": "new examples", "likelihood": "exact", "speed": FAST, "pretrained": "no"})
    assert {c.family for c in advice.ranking if c.out} == {"GAN", "VAE", "Transformer", "pretrained"}
    assert (
        advice.advice() == "Settle first what does not go together. Nothing that is left is a good answer: let one "
        "wish go."
    )


def test_without_answers_nothing_is_recommended():
    assert recommend({}).best.score == 0
    assert "answer more questions" in recommend({}).advice()


# ---- clashes, unknown answers, turning points


@pytest.mark.parametrize("clash", CONFLICTS, ids=lambda c: " + ".join(c.answers.values()))
def test_each_clash_is_named_once_with_a_way_out_and_only_when_it_is_there(clash):
    assert all(answer in QUESTIONS[question][1] for question, answer in clash.answers.items())
    said = recommend(clash.answers)
    assert said.conflicts == (fill(clash.sentence),)
    assert "Careful: " in repr(said) and 'role="alert"' in as_html(said)
    assert ":" in clash.sentence and "{" not in said.conflicts[0]
    for question in clash.answers:
        fewer = {q: a for q, a in clash.answers.items() if q != question}
        assert recommend(fewer).conflicts == ()


def test_two_clashes_are_both_named():
    answers = CONFLICTS[0].answers | CONFLICTS[2].answers
    assert len(recommend(answers).conflicts) == 2


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_unknown_answer_is_quoted_with_the_known_ones(question):
    with pytest.raises(ValueError, match="'purple' is no answer") as error:
        recommend({question: "purple"})
    assert all(known in str(error.value) for known in QUESTIONS[question][1])


def test_an_unknown_question_is_quoted_with_the_known_ones():
    with pytest.raises(ValueError, match="no question 'colour'; known are: task, data"):
        recommend({"colour": "red"})


def test_turning_points_are_those_answers_that_change_the_winner():
    answers = CASES[0][1]
    turns = list(turning_points(answers))
    assert turns
    for question, other, families in turns:
        after = recommend({**answers, question: other})
        assert families == ("none" if after.best.score < 0 else " or ".join(after.tied))
        assert "GAN" not in families
    quiet = {(q, a) for q, (_, known) in QUESTIONS.items() for a in known} - {(q, a) for q, a, _ in turns}
    assert all("GAN" in recommend({**answers, q: a}).tied for q, a in quiet)
    rules = [replace(r, weight=0) for r in RULES]
    assert list(turning_points(answers, rules)) == []


def test_the_table_of_rules_shows_each_and_can_be_narrowed():
    assert rules_table().data.count("\n") == len(RULES) + 1
    assert rules_table("speed").data.count("\n") == sum(r.question == "speed" for r in RULES) + 1


# ---- the race behind the rules


def test_the_race_supports_what_the_rules_say():
    rate = {f: measured("race", "images_per_second", f)[0] for f in ("gan", "vae", "transformer")}
    assert min(rate["gan"], rate["vae"]) > 1000 > rate["transformer"]
    for family, speed in rate.items():
        assert measured("few", "fd_over_floor", family)[0] > measured("race", "fd_over_floor", family)[0], speed
    assert all(run["nats"] is None for run in comparison.load_runs() if run["family"] == "gan")
    assert all(
        run["nats"] is not None for run in comparison.load_runs() if run["family"] != "gan" and not run["failed"]
    )


# ---- numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((1.493, 0.093), "1.49 ± 0.09"), ((0.9721, 0.025, True), "97.2 ± 2.5 %"), ((13_456.0, 321.0), "13,500 ± 300"),
        ((44.43,), "44.4"), ((0.0,), "0"), ((1.0, 0.0, True), "100 ± 0 %"), ((-2.345,), "-2.35"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits(value, text):
    assert number(*value) == text


def test_unknown_numbers_are_named():
    with pytest.raises(ValueError, match="gpt has no result 'beauty'; known are: "):
        measured("gpt", "beauty")
    with pytest.raises(FileNotFoundError, match="no checkpoint 'gpt5'"):
        fill("{gpt5 nats_per_token}")


# ---- topics


REQUIRED = [
    "GAN", "VAE", "Transformer", "GPT", "BERT", "image generation", "deepfakes", "style transfer", "text to image",
    "anomaly detection", "drug discovery", "text generation", "summarization", "translation", "question answering",
    "DALL·E", "speech", "the comparison table", "choosing the right model",
]  # fmt: skip
WORDS = {
    "generator", "discriminator", "adversarial", "autoencoder", "variational", "latent", "reconstruct", "KL",
    "self-attention", "encoder and decoder", "position",
}  # fmt: skip


def test_every_topic_of_the_course_has_a_lesson_that_speaks_of_it():
    assert list(TOPICS) == REQUIRED
    assert {*WORDS} <= {word for words in TOPICS.values() for word in words}
    assert gaps(TOPICS, _source) == []


def test_every_lesson_but_the_first_is_on_the_map():
    on_it = {lesson for words in TOPICS.values() for lessons in words.values() for lesson in lessons}
    assert on_it == {p.stem for p in evidence.LESSONS.glob("*.ipynb")} - {"00_start_here"}


@pytest.mark.parametrize(
    ("topics", "sentence"),
    [
        ({"speech": {}}, "speech has no lesson"),
        ({"speech": {"speech": ()}}, "speech has no lesson"),
        ({"speech": {"speech": ("37_sound",)}}, "speech: there is no notebook 37_sound"),
        ({"speech": {"singing whales": ("37_speech",)}}, "speech: 37_speech never says 'singing whales'"),
    ],
)
def test_gaps_in_the_map_are_named(topics, sentence):
    assert gaps(topics, _source) == [sentence]


# ---- widget, capstones, small tools


def test_the_trade_off_rings_who_is_not_beaten():
    fig = trade_off({"GAN, 30 s": (9000.0, 4.0), "VAE, 30 s": (4000.0, 9.0)}, [True, False], "speed", "distance")
    rings = [line for line in fig.axes[0].lines if line.get_fillstyle() == "none"]
    assert [tuple(ring.get_xydata()[0]) for ring in rings] == [(9000.0, 4.0)]


def test_the_chooser_answers_its_menus():
    view = chooser({"data": "pictures", "likelihood": "exact"})
    assert view.advice == recommend({"data": "pictures", "likelihood": "exact"})
    view.menus["speed"].value = FAST
    assert 'role="alert"' in view.text.value
    view.menus["likelihood"].value = OPEN
    assert 'role="alert"' not in view.text.value
    assert view.answers() == {"data": "pictures", "speed": FAST}
    assert view.advice.best.family in view.text.value and "12_images.ipynb" in view.text.value
    assert view.still().startswith(b"\x89PNG")
    assert all(menu.description for menu in view.menus.values())


def test_the_chooser_names_an_unknown_answer():
    with pytest.raises(ValueError, match="'smells' is no answer to 'data'"):
        chooser({"data": "smells"})


@pytest.mark.parametrize("name", capstones.RUBRICS)
def test_rubrics_add_up_and_score_what_is_measured(name):
    items = capstones.RUBRICS[name]
    assert sum(item.points for item in items) == 100
    best = {item.key: (0.0 if item.low else 1e6) for item in items if item.key}
    worst = {key: 1e6 - value for key, value in best.items()}
    for results, share in ((best, 1), (worst, 0), ({}, 0)):
        last = capstones.check_capstone(name, results).rows[-1]
        assert last[3] == str(share * int(last[1]))
    assert int(last[1]) == sum(item.points for item in items if item.key)
    at_bar = {item.key: item.bar for item in items if item.key}
    assert all(item.reached(item.bar) for item in items if item.key)
    assert int(capstones.check_capstone(name, at_bar).rows[-1][3]) > 0


def test_capstones_name_what_they_do_not_know():
    with pytest.raises(ValueError, match="no capstone 'poetry'; known are: handwriting, strange, dates"):
        capstones.check_capstone("poetry", {})
    with pytest.raises(ValueError, match="dates does not ask for beauty; its numbers are: seeds, exact"):
        capstones.check_capstone("dates", {"beauty": 1.0})


def test_dates_are_pairs_of_the_asked_years():
    pairs = capstones.date_pairs(300, years=range(2000, 2003), seed=1)
    assert pairs == capstones.date_pairs(300, years=range(2000, 2003), seed=1) != capstones.date_pairs(300)
    for text, date in pairs:
        year, month, day = date.split("-")
        assert re.fullmatch(r"200[0-2]-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])", date)
        assert year in text and capstones.MONTHS[int(month) - 1][:3] in text and str(int(day)) in text


def test_decisions_by_hand():
    a, b = torch.tensor([1.0, 3.0]), torch.tensor([4.0, 8.0])
    assert decisions.beyond_spread(b, a) == pytest.approx(4 / (1 + 4) ** 0.5)
    assert decisions.crossover(60, 10, 600, 1000) == pytest.approx(5454.545, abs=0.01)
    n = decisions.crossover(60, 10, 600, 1000)
    assert decisions.total_seconds(n, 60, 10) == pytest.approx(decisions.total_seconds(n, 600, 1000))
    assert decisions.crossover(60, 1000, 600, 10) == decisions.crossover(1, 5, 2, 5) == float("inf")
    assert decisions.pareto_front(torch.tensor([[1.0, 1.0], [1.0, 1.0], [0.0, 2.0], [0.0, 1.0]])).tolist() == [
        True, True, True, False,
    ]  # fmt: skip
    table = torch.tensor([[0.0, 10.0], [5.0, 20.0], [10.0, 0.0]])
    assert decisions.weighted_totals(table, torch.tensor([2.0, 2.0])).tolist() == [0.25, 0.75, 0.5]
    regret = decisions.expected_regret(torch.tensor([[1.0, 9.0], [4.0, 2.0]]), torch.tensor([0.5, 0.5]))
    assert regret.tolist() == [3.5, 1.5]
