"""Figures for the lessons: every function returns a matplotlib Figure and shows nothing."""

from helpers.plots.base import (
    CYCLE,
    DPI,
    PALETTE,
    bars,
    curves,
    draw_curves,
    draw_matrix,
    figure,
    image_grid,
    matrix,
    png,
    show_images,
    tile,
    use_style,
)

__all__ = [
    "CYCLE", "DPI", "PALETTE", "bars", "curves", "draw_curves", "draw_matrix",
    "figure", "image_grid", "matrix", "png", "show_images", "tile", "use_style",
]  # fmt: skip
