"""Figures: the right content, the same bytes twice, wrong shapes refused."""

import numpy as np
import pytest
import torch

from helpers import plots


def test_colours_of_a_plot_are_all_different():
    assert len(set(plots.CYCLE)) == len(plots.CYCLE)


def test_tile_puts_each_image_in_its_place():
    images = torch.arange(5).div(10).view(5, 1, 1, 1).expand(5, 1, 4, 4)
    sheet = plots.tile(images, columns=3, gap=2)
    assert sheet.shape == (2 * 4 + 2, 3 * 4 + 2 * 2, 3)
    assert sheet[0, 0, 0] == pytest.approx(0.0)
    assert sheet[6, 6, 0] == pytest.approx(0.4)
    assert sheet[6, 12, 0] == pytest.approx(0.6)  # no sixth image: the gap's grey


@pytest.mark.parametrize("shape", [(28, 28), (2, 28, 28), (2, 2, 28, 28), (0, 1, 28, 28)])
def test_tile_quotes_a_wrong_shape(shape):
    with pytest.raises(ValueError, match=str(shape).replace("(", r"\(").replace(")", r"\)")):
        plots.tile(torch.zeros(shape), 2)


@pytest.mark.parametrize(
    ("images", "columns", "part"),
    [(torch.zeros(2, 1, 4, 4, dtype=torch.uint8), 2, "uint8"), (torch.zeros(2, 1, 4, 4), 0, "columns is 0")],
)
def test_tile_quotes_what_else_is_wrong(images, columns, part):
    with pytest.raises(ValueError, match=part):
        plots.tile(images, columns)


def test_an_empty_batch_is_refused_not_divided_by():
    with pytest.raises(ValueError, match="B >= 1"):
        plots.image_grid(torch.zeros(0, 1, 4, 4))


def test_a_masked_score_does_not_spoil_the_other_colours():
    image = plots.matrix(torch.tensor([[1.0, -torch.inf], [2.0, 3.0]]), numbers=True).axes[0].images[0]
    assert image.get_clim() == (1.0, 3.0)


def test_figures_are_png_and_repeat_to_the_byte():
    for make in (
        lambda: plots.image_grid(torch.rand(7, 1, 8, 8, generator=torch.Generator().manual_seed(0)), columns=4),
        lambda: plots.curves({"a": np.arange(50.0), "b": np.arange(50.0)[::-1]}, smooth=5),
        lambda: plots.matrix(torch.eye(3), rows=list("abc"), numbers=True),
        lambda: plots.bars({"x": 1.0, "y": 2.0}, spread={"x": 0.1}),
    ):
        first = plots.png(make())
        assert first.startswith(b"\x89PNG")
        assert first == plots.png(make())


def test_smoothing_is_a_moving_mean():
    axes = plots.curves({"a": [0.0, 2.0, 4.0, 6.0]}, smooth=2).axes[0]
    assert list(axes.lines[-1].get_ydata()) == [1.0, 3.0, 5.0]
    assert list(axes.lines[-1].get_xdata()) == [2, 3, 4]
