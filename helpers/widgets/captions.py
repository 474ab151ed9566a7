"""A caption studio: type a caption, see eight pictures of it, and how often a judge reads each attribute as asked."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as w
import torch
from matplotlib.figure import Figure
from torch import Tensor

from helpers import captions
from helpers.models.text_to_image import CaptionJudge
from helpers.plots import image_grid
from helpers.widgets.live import Live, live

DRAWN = 8  # pictures of one caption
Draw = Callable[..., Tensor]


def studio_picture(draw: Draw, judge: CaptionJudge, caption: str, **how: Any) -> tuple[Figure, str]:
    """Eight pictures of a caption and what the judge reads; what the caption leaves open is drawn at random, and said.

    Args:
        draw: From complete captions to pictures in [0, 1], `draw(captions, **how)` -> (8, 3, 32, 32).
        judge: Reads the attributes of pictures.
        caption: As typed; a ValueError says what is not understood.
        how: Handed on to `draw`.
    """
    said = captions.parse(caption)
    wanted = captions.complete(said)
    images = draw([captions.describe(wanted)] * DRAWN, **how)
    right = (judge.read(images) == torch.tensor(captions.to_numbers(wanted))).sum(0).tolist()
    lines = [
        f"{name}: {value}{'' if name in said else ' (drawn)'}, {k} of {DRAWN}"
        for (name, value), k in zip(wanted.items(), right, strict=True)
    ]
    return image_grid(images, columns=4, scale=1.0), "\n".join(["Read by the judge as asked:", *lines])


def caption_studio(draw: Draw, judge: CaptionJudge, caption: str, **controls: Sequence[float] | w.Widget) -> Live:
    """The same as a view: a field for the caption above `controls`, whose values go to `draw` (see `live`)."""

    def studio(caption: str, **how: Any) -> tuple[Figure, str]:
        return studio_picture(draw, judge, caption, **how)

    field = w.Text(caption, continuous_update=False, layout=w.Layout(width="90%"))
    return live(studio, caption=field, **controls)
