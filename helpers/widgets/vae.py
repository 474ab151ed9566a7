"""Walk through a latent plane: point at a place, see what is decoded there and around it."""

import base64
import io
from collections.abc import Mapping, Sequence

import ipywidgets as w
import numpy as np
import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread, imsave
from torch import Tensor

from helpers.plots import DPI, PALETTE, png, tile
from helpers.plots.vae import Decode, draw_codes, grid_codes, plane_limits
from helpers.widgets.live import Pad, View

SIZE = 420  # pixels of each side of the map, and about those of the neighbourhood
AROUND = 5  # the neighbourhood is AROUND x AROUND decodings, one key press apart
POINT, HALO, BOX = (np.array(to_rgb(colour)) for colour in (PALETTE["gan"], "white", PALETTE["real"]))


class LatentPlane(View):
    """A map of codes that answers the pointer and the arrow keys, beside the decodings around the chosen point.

    A move repaints pixels and draws no figure, so that the picture keeps up with the hand.

    Attributes:
        pad: The map; `pad.x` and `pad.y` in [0, 1] are the point.
        model: The choice between the given planes.
        picture: The neighbourhood.
        text: Where the point is, and how many codes of held-out pictures are near.
    """

    name = "latent plane"

    def __init__(
        self, planes: Mapping[str, tuple[Decode, Tensor]], labels: Tensor, classes: Sequence[str], key_step: float
    ) -> None:
        self.planes = planes
        self.limits = {name: plane_limits(codes) for name, (_, codes) in planes.items()}
        self.maps = {
            name: _map_pixels(codes, labels, classes, self.limits[name]) for name, (_, codes) in planes.items()
        }
        self.model = w.ToggleButtons(options=list(planes), description="model")
        self.pad = Pad(key_step=key_step)
        self.picture = w.Image(format="png", layout=w.Layout(align_self="flex-start", max_width="50%"))
        self.text = w.HTML()
        self.widget = w.VBox([self.model, w.HBox([self.pad, self.picture]), self.text])
        self.drawn: tuple[str, float, float] | None = None
        self.model.observe(self.update, "value")
        self.pad.observe(self.update, ["x", "y"])
        self.update()

    def code(self) -> tuple[float, float]:
        """The code under the point."""
        low, high = self.limits[self.model.value]
        return low + (high - low) * self.pad.x, low + (high - low) * self.pad.y

    def near(self) -> int:
        """Count the held-out pictures whose codes lie within two key presses of the point."""
        low, high = self.limits[self.model.value]
        distance = (self.planes[self.model.value][1] - torch.tensor(self.code())).norm(dim=1)
        return int((distance <= 2 * self.pad.key_step * (high - low)).sum())

    def update(self, change: object = None) -> None:
        """Show the point and what is decoded around it; a move of x and y together is drawn once."""
        state = (self.model.value, self.pad.x, self.pad.y)
        if state == self.drawn:
            return
        self.drawn = state
        x, y = self.code()
        line = f"{self.model.value}: code ({x:.2f}, {y:.2f}), {self.near()} held-out pictures within two steps"
        self.pad.png64 = base64.b64encode(_png(self._map())).decode()
        self.pad.label = f"Latent plane; arrow keys move the point. {line}"
        self.picture.value = _png(self._around())
        self.text.value = f'<span role="status">{line}</span>'

    def still(self) -> bytes:
        """Map and neighbourhood side by side."""
        left, right = self._map(), self._around()
        sheet = np.ones((max(len(left), len(right)), left.shape[1] + right.shape[1] + 12, 3), dtype=np.float32)
        sheet[: len(left), : left.shape[1]] = left
        sheet[: len(right), -right.shape[1] :] = right
        return _png(sheet)

    def _map(self) -> np.ndarray:
        """The plane's map with the point on it, and a box around what the neighbourhood shows."""
        pixels = self.maps[self.model.value].copy()
        row, column = round((1 - self.pad.y) * (SIZE - 1)), round(self.pad.x * (SIZE - 1))
        reach = round((AROUND // 2 + 0.5) * self.pad.key_step * SIZE)
        _frame(pixels, row - reach, row + reach, column - reach, column + reach, BOX, 1)
        for colour, half, long in ((HALO, 3, 10), (POINT, 2, 9)):
            for up, across in ((half, long), (long, half)):
                pixels[max(0, row - up) : row + up + 1, max(0, column - across) : column + across + 1] = colour
        return pixels

    def _around(self) -> np.ndarray:
        """The decodings around the point, itself in the middle and framed."""
        decode, _ = self.planes[self.model.value]
        low, high = self.limits[self.model.value]
        codes = grid_codes(self.code(), AROUND // 2 * self.pad.key_step * (high - low), AROUND)
        small = tile(decode(codes), AROUND, gap=0)
        larger = max(1, SIZE // len(small))
        pixels = small.repeat(larger, 0).repeat(larger, 1)
        side = len(pixels) // AROUND
        start = AROUND // 2 * side
        _frame(pixels, start, start + side, start, start + side, POINT, 3)
        return pixels


def latent_plane(
    planes: Mapping[str, tuple[Decode, Tensor]], labels: Tensor, classes: Sequence[str], key_step: float = 0.03
) -> LatentPlane:
    """Make a latent plane to walk through.

    Args:
        planes: Name -> (function from codes (B, 2) to pictures in [0, 1], codes of held-out pictures, shape (N, 2)).
        labels: Classes of these pictures, shape (N,).
        classes: One character for each class.
        key_step: What an arrow key moves, as a share of the map's side.
    """
    return LatentPlane(planes, labels, classes, key_step)


def _map_pixels(codes: Tensor, labels: Tensor, classes: Sequence[str], limits: tuple[float, float]) -> np.ndarray:
    """A plane's codes as pixels, shape (SIZE, SIZE, 3), drawn once: places on them are places in the plane."""
    fig = Figure(figsize=(SIZE / DPI, SIZE / DPI), dpi=DPI, layout="none")
    axes = fig.add_axes((0, 0, 1, 1))
    draw_codes(axes, codes, labels, classes, limits)
    axes.set(xticks=[], yticks=[])
    axes.spines[["top", "right"]].set_visible(True)
    return imread(io.BytesIO(png(fig)))[:SIZE, :SIZE, :3]


def _frame(pixels: np.ndarray, top: int, bottom: int, left: int, right: int, colour: np.ndarray, width: int) -> None:
    """Paint a rectangle's outline, as much of it as lies within the picture."""
    top, bottom, left, right = (min(max(0, v), SIZE) for v in (top, bottom, left, right))
    for rows, columns in (
        (slice(top, top + width), slice(left, right)),
        (slice(max(0, bottom - width), bottom), slice(left, right)),
        (slice(top, bottom), slice(left, left + width)),
        (slice(top, bottom), slice(max(0, right - width), right)),
    ):
        pixels[rows, columns] = colour


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    imsave(buffer, pixels, format="png", metadata={"Software": None}, pil_kwargs={"compress_level": 4})
    return buffer.getvalue()
