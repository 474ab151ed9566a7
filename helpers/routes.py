"""Three routes through the course: which lessons, in which order, what is left for later and why.

All minutes are added up from what the notebooks, the exercises and the README's table say; none is written here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from IPython.display import Markdown

from helpers.course import Lesson, lessons


@dataclass(frozen=True)
class Stop:
    """A lesson on a route.

    Attributes:
        lesson: Its name.
        later: Its exercises that are left for later.
        why: Why they can wait.
    """

    lesson: str
    later: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True)
class Route:
    """Lessons in order, in one or several sittings.

    Attributes:
        name: "One afternoon".
        sittings: What is done on each day or in each week, under its name.
        limit: The most minutes of a sitting, breaks included.
        breaks: Minutes of breaks in a sitting.
        exercises: When to do which exercises.
        skipped: Why the lessons that are missing can be missed; empty if none is.
        assumed: Lessons that others on the route need and that are told instead, each with what to say.
    """

    name: str
    sittings: Mapping[str, tuple[Stop, ...]]
    limit: int
    breaks: int
    exercises: str
    skipped: str = ""
    assumed: Mapping[str, str] = field(default_factory=dict)

    @property
    def stops(self) -> tuple[Stop, ...]:
        """All stops in order."""
        return tuple(stop for stops in self.sittings.values() for stop in stops)


ROUTES: dict[str, Route] = {
    "afternoon": Route(
        "One afternoon",
        {
            "Afternoon": (
                Stop("00_start_here", ("perplexity", "bayes_judge"), "no lesson of the afternoon needs them"),
                Stop(
                    "11_two_players",
                    ("shift_gradient", "optimal_discriminator", "modes_found", "gradient_penalty"),
                    "the two losses are the game; play it in the live view instead",
                ),
                Stop(
                    "22_vae",
                    ("bernoulli_nll", "elbo", "importance_weighted_bound", "free_bits"),
                    "the reparameterization and the KL are what is new",
                ),
                Stop(
                    "31_self_attention",
                    ("masked_softmax", "split_heads", "block_parameters"),
                    "lookup, weights and mask are the idea; the rest is bookkeeping",
                ),
            )
        },
        limit=240,
        breaks=20,
        exercises="Two or three in each lesson, together, as they come. The others make good homework.",
        skipped="You see each family once, from nothing to a first result. The rest shows what they are good for.",
    ),
    "two days": Route(
        "Two days",
        {
            "Day 1": (
                Stop("00_start_here"),
                Stop("11_two_players", ("gradient_penalty",), "the cure is shown; deriving it takes an evening"),
                Stop("12_images", ("hinge_loss", "knn_precision"), "other losses and a second measure can wait"),
                Stop("22_vae", ("free_bits",), "a repair; the failure itself is shown"),
                Stop("31_self_attention", ("masked_softmax",), "the causal mask is enough here"),
            ),
            "Day 2": (
                Stop("32_position_encoding", ("rotate", "relative_bias"), "one way to tell the place is enough today"),
                Stop("34_gpt", ("keep_top_p", "gpt_parameters"), "you use both, and write neither"),
                Stop("41_comparison"),
                Stop("42_choosing", ("crossover", "expected_regret"), "the chooser and the capstones matter more"),
            ),
        },
        limit=480,
        breaks=90,
        exercises="All that are not left for later, alone or in pairs, each where it stands.",
        skipped="Applications: afterwards, take the one nearest to your work, and then a capstone of lesson 42. "
        "Lesson 21 leads up to 22, which stands without it.",
    ),
    "six weeks": Route(
        "Six weeks",
        {
            "Week 1": (Stop("00_start_here"), Stop("11_two_players"), Stop("12_images"), Stop("13_style_transfer")),
            "Week 2": (Stop("14_text_to_image"), Stop("21_autoencoder"), Stop("22_vae")),
            "Week 3": (Stop("23_anomaly_detection"), Stop("24_drug_discovery"), Stop("31_self_attention")),
            "Week 4": (Stop("32_position_encoding"), Stop("33_encoder_decoder"), Stop("34_gpt")),
            "Week 5": (Stop("35_bert"), Stop("36_summarization"), Stop("37_speech")),
            "Week 6": (Stop("38_image_tokens"), Stop("41_comparison"), Stop("42_choosing")),
        },
        limit=360,
        breaks=0,
        exercises="All. Alone and on the day of the lesson; what is still open, together at the week's meeting.",
    ),
}


def work(stop: Stop, course: Mapping[str, Lesson]) -> int:
    """Minutes of work at a stop: the lesson's, less those of the exercises that are left for later.

    Raises:
        ValueError: If an exercise left for later is none of this lesson.
    """
    from helpers.exercises import core

    minutes = {e.name: e.minutes for e in core.known() if e.lesson == stop.lesson}
    if unknown := sorted(set(stop.later) - set(minutes)):
        raise ValueError(f"{stop.lesson} has no exercise {unknown[0]!r}; it has: {', '.join(sorted(minutes))}.")
    return course[stop.lesson].work - sum(minutes[name] for name in stop.later)


def sums(route: Route, course: Mapping[str, Lesson]) -> dict[str, int]:
    """Minutes of work in each sitting, without breaks."""
    return {name: sum(work(stop, course) for stop in stops) for name, stops in route.sittings.items()}


def _hours(minutes: int) -> str:
    """Minutes as hours and minutes: "3 h 28 min"."""
    return f"{minutes // 60} h {minutes % 60:02d} min"


def routes_table() -> Markdown:
    """The routes beside each other: lessons, hours of work, the longest sitting, minutes to run it all."""
    course = lessons()
    lines = ["| route | lessons | work in all | longest sitting | to run it all |", "|---|---|---|---|---|"]
    for route in ROUTES.values():
        minutes = sums(route, course)
        longest = _hours(max(minutes.values()) + route.breaks) + (" with breaks" if route.breaks else " in a week")
        run = sum(course[stop.lesson].run for stop in route.stops)
        number = f"{len(route.stops)} of {len(course)}"
        lines.append(f"| **{route.name}** | {number} | {_hours(sum(minutes.values()))} | {longest} | {run:.0f} min |")
    return Markdown("\n".join(lines))


def route_table(key: str) -> Markdown:
    """One route, stop by stop: minutes of work, minutes to run, what is left for later and why; then what is missing.

    Raises:
        ValueError: If there is no such route; the message names those there are.
    """
    if key not in ROUTES:
        raise ValueError(f"There is no route {key!r}; there are: {', '.join(ROUTES)}.")
    route, course = ROUTES[key], lessons()
    lines = _by_stop(route, course) if any(stop.later for stop in route.stops) else _by_sitting(route, course)
    missing = ", ".join(name[:2] for name in course if name not in {stop.lesson for stop in route.stops})
    words = [f"**Exercises.** {route.exercises}"]
    words += [f"{course[name].link} is not taken: {what}" for name, what in route.assumed.items()]
    words += [f"**Skipped: {missing}.** {route.skipped}"] if missing else []
    return Markdown("\n".join(lines) + "\n\n" + "\n\n".join(words))


def _by_stop(route: Route, course: Mapping[str, Lesson]) -> list[str]:
    """A row for each lesson, and a sum below each sitting."""
    lines = ["| when | lesson | work, min | run, min | exercises for later, and why |", "|---|---|---|---|---|"]
    for (when, stops), total in zip(route.sittings.items(), sums(route, course).values(), strict=True):
        for stop in stops:
            later = f"{', '.join(f'`{name}`' for name in stop.later)}: {stop.why}" if stop.later else "none"
            run = course[stop.lesson].run
            lines.append(f"| {when} | {course[stop.lesson].link} | {work(stop, course)} | {run} | {later} |")
        pause = f"with {route.breaks} min of breaks: {_hours(total + route.breaks)}"
        lines.append(f"| {when} | **together** | **{total}** | **{_run(stops, course)}** | {pause} |")
    return lines


def _by_sitting(route: Route, course: Mapping[str, Lesson]) -> list[str]:
    """A row for each sitting."""
    lines = ["| when | lessons | work, min | run, min |", "|---|---|---|---|"]
    for (when, stops), total in zip(route.sittings.items(), sums(route, course).values(), strict=True):
        links = ", ".join(course[stop.lesson].link for stop in stops)
        lines.append(f"| {when} | {links} | {total} | {_run(stops, course)} |")
    return lines


def _run(stops: tuple[Stop, ...], course: Mapping[str, Lesson]) -> str:
    """Minutes to run these lessons, to a tenth."""
    return f"{sum(course[stop.lesson].run for stop in stops):.1f}"
