"""Printed characters, each drawn a little differently: stroke weight, tilt, size, place and a soft wobble."""

import hashlib
import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.downloads import DATA
from helpers.imageset import ImageSet, choice, count, known_classes

CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
GLYPH_SPLITS = {"train": 20_000, "test": 4_000, "new_fonts": 4_000}  # and how many pictures are made unless told
NEW_FONTS = "Computer Modern"  # the fonts of the split new_fonts, never in train or test
SIDE = 28  # pixels of a finished picture; a drawing has twice as many
KNOTS = 4  # the wobble is a smooth field through KNOTS x KNOTS random shifts
CHUNK = 500  # pictures worked on at a time
# How far each change goes, to either side, at strength 1.
THINNER, THICKER = 0.35, 0.6  # drawing pixels taken from or added to every edge
ANGLE, SHEAR = math.radians(6), 0.05  # an italic leans by 0.2 and more: an upright letter stays upright
SIZE, ASPECT = 0.10, 0.07  # in logarithms: exp(0.10) is 10 % larger
SHIFT, WOBBLE = 1.5 / 14, 0.8 / 14  # finished pixels over half the width
N_PLAIN = 7  # chances a picture needs beside the wobble's


def load_glyphs(
    split: str = "train",
    n: int | None = None,
    characters: Sequence[str] | None = None,
    seed: int = 0,
    distortion: float = 1.0,
) -> ImageSet:
    """Make pictures of printed characters, each with its own stroke weight, tilt, size, place and wobble.

    Each character comes equally often (give or take one), and so does each font with each character.
    A smaller n gives the start of a larger one.

    Args:
        split: "train" and "test" share 16 fonts, differently distorted; "new_fonts" has 5 fonts never seen there.
        n: How many pictures; 20,000 for train and 4,000 for the others if not given.
        characters: Which of 0-9, A-Z and a-z, in the order of their labels; all 62 if not given.
        seed: Another seed, other distortions; no seed lets train and test share one.
        distortion: 1 for the usual amount, 0 for clean print.
    Raises:
        ValueError: If the split or a character is unknown, or n is not a positive whole number.
    """
    choice("split of glyphs", split, GLYPH_SPLITS)
    classes = known_classes(CHARACTERS if characters is None else characters, tuple(CHARACTERS))
    if not (isinstance(distortion, (int, float)) and 0 <= distortion <= 2):
        raise ValueError(f"distortion must be a number from 0 to 2, got {distortion!r}.")
    n, bank = count(n, GLYPH_SPLITS[split]), _glyph_bank()
    fonts = [i for i, name in enumerate(bank["fonts"]) if name.startswith(NEW_FONTS) == (split == "new_fonts")]
    labels, turn = _in_turn(n, len(classes), len(fonts), _generator("order", split, seed))
    columns = [CHARACTERS.index(c) for c in classes]
    drawings = torch.from_numpy(bank["bank"][fonts][:, columns]).flatten(0, 1)  # (fonts * classes, 56, 56)
    dice = _generator("distortion", split, seed)
    images = distort(drawings, turn * len(classes) + labels, dice, strength=float(distortion))
    return ImageSet(images, labels, classes, *_font_factors(bank, torch.tensor(fonts)[turn]))


def distort(drawings: Tensor, which: Tensor, generator: torch.Generator, strength: float = 1.0) -> Tensor:
    """Make one picture from each chosen drawing, every time a little different.

    Picture i depends on the generator's seed, on i and on which[i] alone: a smaller set is the start of a larger one.

    Args:
        drawings: White ink on black, uint8, shape (M, 56, 56).
        which: The drawing of each picture, int64 in [0, M), shape (N,).
        generator: Where the chances come from.
        strength: 1 for the full distortion, 0 for none.
    Returns:
        Shape (N, 1, 28, 28), float32 in [0, 1].
    """
    chances = torch.rand(len(which), N_PLAIN + 2 * KNOTS**2, generator=generator)
    dice = strength * (2 * chances - 1)  # (N, 39), each in [-strength, strength]
    ink, changes = _stroke_weights(drawings)
    parts = []
    for index, some in zip(which.split(CHUNK), dice.split(CHUNK), strict=True):
        weight = some[:, 0, None, None]
        pictures = ink[index] + weight * changes[(weight[:, 0, 0] > 0).long(), index]
        parts.append(F.grid_sample(pictures[:, None], _grid(some), align_corners=False))
    return torch.cat(parts).clamp(0, 1)  # (N, 1, 28, 28)


def _stroke_weights(drawings: Tensor) -> tuple[Tensor, Tensor]:
    """The drawings, (M, 56, 56), and what full thinning and thickening change in them, (2, M, 56, 56)."""
    ink = drawings[:, None].float() / 255  # (M, 1, 56, 56)
    thick = F.max_pool2d(ink, 3, 1, 1)
    thin = -F.max_pool2d(-ink, 3, 1, 1)
    # A finished pixel covers two drawn ones: soften to that width before single points are read.
    ink, thick, thin = (F.avg_pool2d(F.avg_pool2d(x, 2, 1, 1), 2, 1)[:, 0] for x in (ink, thick, thin))
    return ink, torch.stack([THINNER * (ink - thin), THICKER * (thick - ink)])


def _grid(dice: Tensor) -> Tensor:
    """Where in the drawing each finished pixel is read, (N, 28, 28, 2), in units of half the width."""
    _, turn, lean, grow, aspect, right, down = dice[:, :N_PLAIN].unbind(1)
    cos, sin, lean = torch.cos(ANGLE * turn), torch.sin(ANGLE * turn), SHEAR * lean
    wide, tall = torch.exp(-SIZE * grow - ASPECT * aspect), torch.exp(-SIZE * grow + ASPECT * aspect)
    top = [wide * cos, wide * (lean * cos - sin), SHIFT * right]
    bottom = [tall * sin, tall * (lean * sin + cos), SHIFT * down]
    affine = torch.stack(top + bottom, 1).view(-1, 2, 3)
    knots = dice[:, N_PLAIN:].reshape(-1, 2, KNOTS, KNOTS)
    wobble = F.interpolate(knots, size=(SIDE, SIDE), mode="bicubic", align_corners=True)  # (N, 2, 28, 28)
    grid = F.affine_grid(affine, [len(dice), 1, SIDE, SIDE], align_corners=False)
    return grid + WOBBLE * wobble.movedim(1, -1)


@lru_cache
def _glyph_bank() -> dict[str, np.ndarray]:
    """The drawings that data/make/glyphs.py made, shape (21, 62, 56, 56), and the style of each font."""
    with np.load(DATA / "glyphs.npz") as file:
        return {name: file[name] for name in file.files}


def _in_turn(n: int, n_classes: int, n_fonts: int, dice: torch.Generator) -> tuple[Tensor, Tensor]:
    """Class and font of each picture: every n_classes in a row show each class once, and its fonts take turns."""
    first, shuffled = torch.randperm(n_classes, generator=dice), torch.randperm(n_fonts, generator=dice)
    rounds = -(-n // n_classes)
    labels = torch.rand(rounds, n_classes, generator=dice).argsort(dim=1, stable=True)  # (rounds, n_classes)
    font = shuffled[(first[labels] + torch.arange(rounds)[:, None]) % n_fonts]
    return labels.flatten()[:n], font.flatten()[:n]


def _font_factors(bank: dict[str, np.ndarray], font: Tensor) -> tuple[dict[str, Tensor], dict[str, tuple[str, ...]]]:
    """The factors of pictures in the given fonts, and the names of their values."""
    families = tuple(dict.fromkeys(map(str, bank["family"])))
    columns = {
        "font": range(len(bank["fonts"])),
        "family": [families.index(family) for family in bank["family"]],
        "bold": bank["bold"].astype(int),
        "italic": bank["italic"].astype(int),
    }
    names = (tuple(map(str, bank["fonts"])), families, ("regular", "bold"), ("upright", "italic"))
    factors = {name: torch.tensor([*column], dtype=torch.int64)[font] for name, column in columns.items()}
    return factors, dict(zip(columns, names, strict=True))


def _generator(*key: object) -> torch.Generator:
    """A generator whose seed is a hash of the key, so that no two uses share one."""
    seed = hashlib.sha256("/".join(map(str, key)).encode()).digest()[:8]
    return torch.Generator().manual_seed(int.from_bytes(seed, "big"))
