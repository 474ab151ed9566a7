"""The course map: what each lesson needs comes before it, the picture shows it, routes add up and hold together."""

import json

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from tools.notebooks import ROOT

from helpers import routes
from helpers.course import Lesson, depths, direct, lesson_table, lessons, needs_table
from helpers.exercises import core
from helpers.plots.base import png
from helpers.plots.course import course_map, places
from helpers.routes import ROUTES, Route, Stop, route_table, routes_table, sums, work

COURSE = lessons()
ORDER = list(COURSE)
EXERCISES = {e.name: e for e in core.known()}


# ---- what the notebooks say


def _opening(know: str, time: str = "75 minutes with the six exercises") -> str:
    return f"# Is it?\n\n| | |\n|---|---|\n| To work through it | {time} |\n| To know before | {know} |\n\nWell."


@pytest.fixture
def made(tmp_path):
    """Make a course of two lessons; the second opens with the given text."""

    def make(second: str) -> dict[str, Lesson]:
        for name, text in {"00_begin": _opening("Python"), "11_go_on": second}.items():
            cells = [
                {"cell_type": "markdown", "source": text.splitlines(keepends=True)},
                {"cell_type": "code", "source": []},
                {"cell_type": "markdown", "source": ["| To know before | [99_never](99_never.ipynb) |"]},
            ]
            (tmp_path / f"{name}.ipynb").write_text(json.dumps({"cells": cells}))
        rows = "".join(f"| [{n}](notebooks/{n}.ipynb) | Why? | 0.{n[0]} | 9 |\n" for n in ("00_begin", "11_go_on"))
        readme = tmp_path / "README.md"
        readme.write_text(f"# Made\n\n| lesson | question | minutes | MB |\n|---|---|---|---|\n{rows}\nMore.\n")
        return lessons(readme, tmp_path)

    return make


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        (_opening("the game ([00_begin](00_begin.ipynb)), 2-D convolutions"), 75),
        (_opening("at least [00](00_begin.ipynb)", "2 hours with the six exercises; a capstone takes days"), 120),
    ],
)
def test_an_opening_is_read(made, text, minutes):
    assert made(text)["11_go_on"] == Lesson("11_go_on", ("00_begin",), minutes, 0.1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# Is it?", "11_go_on.ipynb opens without the rows 'To know before'"),
        (_opening("[12_gone](12_gone.ipynb)"), "11_go_on.ipynb says to know '12_gone' before, which is no lesson"),
        (_opening("[11_go_on](11_go_on.ipynb)"), "says to know '11_go_on' before, which does not come before it"),
        (_opening("Python", "a while"), "11_go_on.ipynb says to work through it: 'a while'; give minutes or hours"),
    ],
)
def test_an_opening_that_says_nothing_is_named(made, text, message):
    with pytest.raises(ValueError, match=message):
        made(text)


def test_a_readme_without_a_table_is_named(tmp_path):
    (tmp_path / "README.md").write_text("# Nothing")
    with pytest.raises(ValueError, match=r"README\.md has no table"):
        lessons(tmp_path / "README.md", tmp_path)


def test_no_lesson_needs_one_that_comes_later():
    assert sorted(ORDER) == ORDER
    for name, lesson in COURSE.items():
        assert all(ORDER.index(n) < ORDER.index(name) for n in lesson.needs), name


def test_work_is_more_than_the_exercises_and_the_run():
    for name, lesson in COURSE.items():
        exercises = sum(e.minutes for e in EXERCISES.values() if e.lesson == name)
        assert lesson.work > exercises + lesson.run, name


# ---- steps and their picture

MADE = {
    n: Lesson(n, needs, 60, 1.0)
    for n, needs in {
        "00_a": (), "11_b": ("00_a",), "12_c": ("00_a", "11_b"), "21_d": ("00_a",), "41_e": ("00_a", "12_c", "21_d"),
    }.items()
}  # fmt: skip


def test_steps_leave_out_what_another_step_implies():
    assert direct(MADE) == {
        "00_a": (), "11_b": ("00_a",), "12_c": ("11_b",), "21_d": ("00_a",), "41_e": ("12_c", "21_d"),
    }  # fmt: skip
    assert depths(direct(MADE)) == {"00_a": 0, "11_b": 1, "12_c": 2, "21_d": 1, "41_e": 3}


def test_steps_lead_to_all_that_is_needed():
    steps = direct(COURSE)

    def reached(name: str) -> set[str]:
        return set(steps[name]).union(*(reached(n) for n in steps[name]))

    for name, lesson in COURSE.items():
        assert set(steps[name]) <= set(lesson.needs) <= reached(name)


def _words(fig: Figure) -> list[str]:
    return [" ".join(t.get_text().split()) for t in fig.axes[0].texts]


def test_the_picture_shows_each_lesson_and_each_step_in_the_parts_colours():
    fig = course_map(COURSE)
    assert _words(fig) == [lesson.title for lesson in COURSE.values()]
    arrows = [p for p in fig.axes[0].patches if isinstance(p, FancyArrowPatch)]
    assert len(arrows) == sum(map(len, direct(COURSE).values()))
    assert len({a.get_edgecolor() for a in arrows}) == len({a.get_linestyle() for a in arrows}) >= 4  # two cues
    assert len(png(fig)) < 100_000
    assert png(fig) == png(course_map(COURSE))


def test_the_picture_leads_from_left_to_right_and_no_box_lies_on_another():
    where = places(COURSE)
    for name, lesson in COURSE.items():
        assert all(where[n][0] < where[name][0] for n in lesson.needs), name
    spots = np.array(list(where.values()))
    apart = np.abs(spots[:, None] - spots[None]).max(-1) + np.eye(len(spots))
    assert apart.min() >= 1
    rows = {part: [y for n, (_, y) in where.items() if COURSE[n].part == part] for part in ("GANs", "VAEs", "Choosing")}
    assert max(rows["GANs"]) < min(rows["VAEs"]) and max(rows["VAEs"]) < min(rows["Choosing"], default=99)


def test_words_say_what_the_picture_shows():
    rows = {r.split("|")[1].strip(): r for r in needs_table().data.split("\n")[2:]}
    assert list(rows) == [lesson.link for lesson in COURSE.values()]
    for name, before in direct(COURSE).items():
        assert all(COURSE[n].link in rows[COURSE[name].link].split("|")[2] for n in before)
        assert all(name[:2] in rows[COURSE[n].link].split("|")[3] for n in before)


@pytest.mark.parametrize("results", [True, False])
def test_the_table_of_lessons_is_the_readmes_with_or_without_results(results):
    lines = lesson_table(results).data.split("\n")
    assert [line.split("|")[1].strip() for line in lines[2:]] == [lesson.link for lesson in COURSE.values()]
    assert ("result" in lines[0]) == results and "| minutes | MB |" in lines[0]
    assert {line.count("|") for line in lines} == {lines[0].count("|")}


# ---- routes


@pytest.fixture(params=ROUTES)
def route(request) -> Route:
    return ROUTES[request.param]


def test_a_route_takes_each_lesson_once_and_in_order(route):
    names = [stop.lesson for stop in route.stops]
    assert set(names) <= set(ORDER) and len(set(names)) == len(names)
    assert not set(route.assumed) & set(names)
    for i, name in enumerate(names):
        assert set(COURSE[name].needs) <= {*names[:i], *route.assumed}, name


def test_exercises_left_for_later_are_the_lessons_own_and_have_a_reason(route):
    for stop in route.stops:
        assert {EXERCISES[name].lesson for name in stop.later} <= {stop.lesson}
        assert bool(stop.later) == bool(stop.why), stop.lesson
        assert len(stop.later) < sum(e.lesson == stop.lesson for e in EXERCISES.values()), "nothing is left to do"


def test_a_sitting_is_the_sum_of_its_lessons_and_fits(route):
    found = sums(route, COURSE)
    for when, stops in route.sittings.items():
        expected = sum(COURSE[s.lesson].work - sum(EXERCISES[n].minutes for n in s.later) for s in stops)
        assert found[when] == expected
        assert expected + route.breaks <= route.limit, when
    shown = route_table(next(k for k, r in ROUTES.items() if r is route)).data
    assert all(f"{minutes}" in shown for minutes in found.values())


def test_the_afternoon_shows_every_family_in_four_hours():
    afternoon = ROUTES["afternoon"]
    assert {COURSE[stop.lesson].part for stop in afternoon.stops} >= {"Start", "GANs", "VAEs", "Transformers"}
    assert 150 <= sum(sums(afternoon, COURSE).values()) + afternoon.breaks <= 240


def test_the_long_route_takes_all_and_what_is_skipped_has_a_reason(route):
    missing = set(ORDER) - {stop.lesson for stop in route.stops}
    assert bool(missing) == bool(route.skipped)
    assert {stop.lesson for stop in ROUTES["six weeks"].stops} == set(ORDER)
    assert all(stop.later == () for stop in ROUTES["six weeks"].stops)


def test_tables_of_routes_name_what_is_missing_and_what_is_told(monkeypatch):
    told = Route("Short", {"Day": (Stop("12_images", ("hinge_loss",), "it can wait"),)}, 99, 5, "None.", "No time.",
                 {"11_two_players": "say who plays."})  # fmt: skip
    monkeypatch.setitem(ROUTES, "short", told)
    shown = route_table("short").data
    assert "[11_two_players](11_two_players.ipynb) is not taken: say who plays." in shown
    assert "`hinge_loss`: it can wait" in shown and "**Skipped: 00, 11, 13" in shown and "No time." in shown
    minutes = work(told.stops[0], COURSE)
    assert f"| **{minutes}** |" in shown and f"{(minutes + 5) // 60} h {(minutes + 5) % 60:02d} min" in shown
    assert "**Short** | 1 of" in routes_table().data


def test_unknown_routes_and_exercises_are_named():
    with pytest.raises(ValueError, match="no route 'a year'; there are: afternoon, two days, six weeks"):
        route_table("a year")
    with pytest.raises(ValueError, match="12_images has no exercise 'elbo'; it has: average_weights"):
        work(Stop("12_images", ("elbo",)), COURSE)


def test_minutes_are_written_nowhere_but_in_their_source():
    source = (ROOT / "helpers" / "routes.py").read_text(encoding="utf-8")
    assert "work=" not in source and "minutes=" not in source
    assert routes.lessons is lessons
