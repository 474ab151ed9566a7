"""Pictures of lesson 41's race: measures against each other with their spread, and how pictures get good over time."""

from collections.abc import Sequence
from statistics import mean
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from helpers.comparison import MEASURES, summary
from helpers.plots.base import PALETTE, figure

FAMILIES = {"gan": ("GAN", "o"), "vae": ("VAE", "s"), "transformer": ("Transformer", "^")}


def draw_families(axes: Axes, runs: Sequence[dict[str, Any]], x: str, y: str, **where: Any) -> None:
    """Draw each family's mean in two measures, bars of one standard deviation, and what real pictures get.

    A family without one of the measures is named below the picture instead.
    """
    absent = []
    for family, (name, marker) in FAMILIES.items():
        try:
            (a, a_sd, _), (b, b_sd, _) = (summary(runs, measure, family=family, **where) for measure in (x, y))
        except ValueError:
            absent.append(name)
            continue
        axes.errorbar(a, b, b_sd, a_sd, fmt=marker, color=PALETTE[family], capsize=4, markersize=9)
        axes.annotate(name, (a, b), xytext=(9, 7), textcoords="offset points", color=PALETTE[family], size=9)
    for axis, measure in ((axes.xaxis, x), (axes.yaxis, y)):
        about = MEASURES[measure]
        axis.set_label_text(f"{about.label}\n({'more' if about.more else 'less'} is better)", size=9)
        if about.logarithmic:
            (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log")
            axis.set_major_locator(LogLocator(subs=(1, 3)))
            axis.set_major_formatter(lambda value, _: f"{value:,g}")
            axis.set_minor_formatter(NullFormatter())
    if {x, y} <= {"precision", "recall", "control", "good"}:
        real = [mean(run[f"{measure}_floor"] for run in runs if _fits(run, where)) for measure in (x, y)]
        axes.plot(*real, "*", color=PALETTE["real"], markersize=12)
        axes.annotate("real pictures", real, xytext=(-10, -14), textcoords="offset points", size=9, ha="right")
    axes.margins(0.3, 0.2)
    if absent:
        axes.set_title(f"without a number here: {', '.join(absent)}", size=9)


def families(runs: Sequence[dict[str, Any]], x: str, y: str, **where: Any) -> Figure:
    """Picture one setting of the stored race in two measures; arguments as in `draw_families`."""
    fig, axes = figure(5.4, 3.5)
    draw_families(axes[0, 0], runs, x, y, **where)
    return fig


def three_ways(runs: Sequence[dict[str, Any]], **where: Any) -> Figure:
    """Picture quality against variety, and quality against speed, side by side."""
    fig, axes = figure(8.6, 3.4, columns=2)
    draw_families(axes[0, 0], runs, "recall", "precision", **where)
    draw_families(axes[0, 1], runs, "images_per_second", "fd_over_floor", **where)
    return fig


def over_time(runs: Sequence[dict[str, Any]], **where: Any) -> Figure:
    """Picture the share of good pictures after so many seconds of training: each seed thin, their mean thick."""
    fig, axes = figure(6.4, 3.0)
    for family, (name, marker) in FAMILIES.items():
        lines = [run["curve"] for run in runs if run["family"] == family and _fits(run, where)]
        for line in lines:
            axes[0, 0].plot(*zip(*line, strict=True), color=PALETTE[family], linewidth=0.7, alpha=0.5)
        middle = [(looks[0][0], mean(share for _, share in looks)) for looks in zip(*lines, strict=True)]
        axes[0, 0].plot(*zip(*middle, strict=True), f"{marker}-", color=PALETTE[family], label=name)
    real = mean(run["good_floor"] for run in runs if _fits(run, where))
    axes[0, 0].axhline(real, color=PALETTE["real"], linewidth=0.8, linestyle="--", label="real pictures")
    axes[0, 0].set(xscale="log", xlabel="seconds of training on one core", ylabel="share of good pictures", ylim=(0, 1))
    axes[0, 0].set_xticks(looks := [look for look, _ in middle], [f"{look:g}" for look in looks])
    axes[0, 0].legend(fontsize=8)
    return fig


def _fits(run: dict[str, Any], where: dict[str, Any]) -> bool:
    return all(run.get(key) == value for key, value in where.items())
