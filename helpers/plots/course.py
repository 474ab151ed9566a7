"""The course map as a picture."""

from collections import Counter
from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from helpers.course import PARTS, Lesson, depths, direct
from helpers.plots.base import PALETTE, figure

COLOURS = dict(zip(PARTS.values(), (PALETTE[k] for k in ("real", "gan", "vae", "transformer", "grey")), strict=True))
LINES = dict(zip(PARTS.values(), (":", "-", (0, (5, 2)), "-.", (0, (4, 1, 1, 1, 1, 1))), strict=True))
BANDS = ("GANs", "VAEs", "Transformers", "Choosing")  # from top to bottom; the start stands before all of them
WIDE, HIGH = 0.74, 0.7  # of a box; columns and rows are 1 apart


def places(course: Mapping[str, Lesson]) -> dict[str, tuple[int, float]]:
    """Column and row of each lesson: a column for each step on the longest way to it, a band of rows for each part."""
    column, row, top = depths(direct(course)), {}, 0
    for part in BANDS:
        used: Counter[int] = Counter()
        for name in (n for n in course if course[n].part == part):
            row[name] = top + used[column[name]]
            used[column[name]] += 1
        top += max(used.values(), default=0)
    return {name: (column[name], row.get(name, (top - 1) / 2)) for name in course}


def course_map(course: Mapping[str, Lesson]) -> Figure:
    """Picture lessons as boxes and each step to the next as an arrow; number, row and line tell the parts too."""
    where = places(course)
    columns, rows = 1 + max(x for x, _ in where.values()), 1 + max(y for _, y in where.values())
    fig, axes = figure(1.3 * columns, 0.46 * rows)
    for name, before in direct(course).items():
        for n in before:
            _arrow(axes[0, 0], where[n], where[name], course[n].part)
    for name, (x, y) in where.items():
        box = FancyBboxPatch((x - WIDE / 2, y - HIGH / 2), WIDE, HIGH, boxstyle="round,pad=0,rounding_size=0.1")
        axes[0, 0].add_patch(box)
        box.set(facecolor="white", edgecolor=COLOURS[course[name].part], linewidth=1.8, zorder=2)
        words = course[name].title
        words = words if len(words) < 15 else "\n".join(words.rsplit(" ", 1))
        axes[0, 0].text(x, y, words, size=8, ha="center", va="center", linespacing=0.95, zorder=3)
    axes[0, 0].set(xlim=(-0.45, columns - 0.55), ylim=(rows - 0.5, -0.5))
    axes[0, 0].set_axis_off()
    return fig


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], part: str) -> None:
    """An arrow from the right side of one box to the left side of another, level at both ends."""
    (x0, y0), (x1, y1) = (start[0] + WIDE / 2, start[1]), (end[0] - WIDE / 2, end[1])
    bend = min(0.5 * (x1 - x0), 0.8)
    points = [(x0, y0), (x0 + bend, y0), (x1 - bend, y1), (x1 - 0.05, y1), (x1, y1)]
    curve = Path(points, [Path.MOVETO, *3 * [Path.CURVE4], Path.LINETO])
    line = FancyArrowPatch(path=curve, arrowstyle="-", linestyle=LINES[part], linewidth=1.2, zorder=1)
    line.set_color(COLOURS[part])
    axes.add_patch(line)
    axes.plot(x1 - 0.02, y1, ">", color=COLOURS[part], markersize=5, zorder=2)
