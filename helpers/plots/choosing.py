"""Pictures of a choice: points for and against each family, and who is not beaten."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from helpers.choosing import Recommendation
from helpers.plots.base import PALETTE, figure

COLOURS = {
    "GAN": PALETTE["gan"],
    "VAE": PALETTE["vae"],
    "Transformer": PALETTE["transformer"],
    "denoiser": PALETTE["accent"],
    "pretrained": PALETTE["light"],
    "baseline": PALETTE["grey"],
}
LOWEST = -6


def draw_scores(axes: Axes, advice: Recommendation, title: str = "") -> None:
    """Draw a bar for each family, best on top, with its points."""
    ranked = advice.ranking[::-1]
    for i, choice in enumerate(ranked):
        score = 0 if choice.out else choice.score
        axes.barh(i, max(score, LOWEST), color=COLOURS[choice.family])
        axes.text(max(score, 0) + 0.3, i, choice.shown.strip(), va="center", size=8)
    axes.axvline(0, color=PALETTE["real"], linewidth=0.8)
    axes.set_yticks(range(len(ranked)), [c.family for c in ranked], size=8)
    axes.set_xlim(LOWEST, max(8, advice.best.score + 2))
    axes.set_title(title, size=9)


def score_bars(advices: Mapping[str, Recommendation]) -> Figure:
    """Picture recommendations side by side, one panel for each task."""
    fig, axes = figure(2.9 * len(advices), 2.3, columns=len(advices))
    for panel, (title, advice) in zip(axes[0], advices.items(), strict=True):
        draw_scores(panel, advice, title)
    return fig


def trade_off(points: Mapping[str, tuple[float, float]], front: Sequence[bool], x_label: str, y_label: str) -> Figure:
    """Picture models in two measures, both on logarithmic scales; those that nothing beats have a ring around them."""
    fig, axes = figure(6.0, 3.2)
    for i, ((name, (x, y)), kept) in enumerate(zip(points.items(), front, strict=True)):
        colour = COLOURS[name.split(",")[0]]
        axes[0, 0].plot(x, y, "o", color=colour, markersize=8)
        if kept:
            axes[0, 0].plot(x, y, "o", color=PALETTE["real"], markersize=15, fillstyle="none")
        side, where = (("left", (10, -3)), ("right", (-10, -3)))[i // 2 % 2]  # neighbours on different sides
        axes[0, 0].annotate(name, (x, y), xytext=where, textcoords="offset points", size=8, ha=side)
    axes[0, 0].set(xscale="log", yscale="log", xlabel=x_label, ylabel=y_label)
    axes[0, 0].yaxis.set_major_locator(LogLocator(subs=(1, 3)))
    axes[0, 0].yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    axes[0, 0].yaxis.set_minor_formatter(NullFormatter())
    axes[0, 0].margins(0.3)
    return fig
