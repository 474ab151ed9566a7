"""Colour glyphs: a printed character in an ink, on a paper, at a size and a place, with an English caption."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.captions import ATTRIBUTES, PHRASINGS, describe, encode, held_out, to_names
from helpers.glyphs import CHARACTERS, _generator, _glyph_bank, distort
from helpers.imageset import choice, count

SPLITS = {
    "train": 20_000,
    "test": 2_000,
    "unseen": 2_000,
    "judge": 40_000,
}  # and how many pictures are made unless told
SIDE = 32
FONTS = "DejaVu"  # one design for each family, so that a caption says all that there is to know of the font
DISTORTION = 0.35
SCALE = {"small": 0.66, "large": 0.92}  # side of the drawing as a share of the picture's
REACH = {"small": 0.34, "large": 0.20}  # how far a corner lies from the middle, in units of half the picture
JITTER = 0.03  # each place and shade varies by this much to either side
# Okabe & Ito's inks (2008), told apart by colour-blind readers, on papers that are lighter than all of them.
INKS = {
    "black": (0.05, 0.05, 0.05),
    "red": (0.80, 0.25, 0.05),
    "blue": (0.00, 0.40, 0.72),
    "green": (0.00, 0.58, 0.42),
    "purple": (0.62, 0.25, 0.62),
}
PAPERS = {"white": (0.97, 0.97, 0.97), "yellow": (0.97, 0.92, 0.55), "grey": (0.76, 0.76, 0.76)}


@dataclass(frozen=True, eq=False, repr=False)
class CaptionedSet:
    """Pictures with captions and what the captions say.

    Attributes:
        images: Shape (N, 3, 32, 32), uint8; `batch` gives float32 in [0, 1].
        captions: One English caption for each picture.
        attributes: Number of each attribute's value, shape (N, 8), int64, in the order of `captions.ATTRIBUTES`.
        tokens: The captions as numbers of words, shape (N, T), int64.
    """

    images: Tensor
    captions: tuple[str, ...]
    attributes: Tensor
    tokens: Tensor

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        return f"CaptionedSet({len(self):,} images 3x{SIDE}x{SIDE}, captions of {self.attributes.shape[1]} attributes)"

    def batch(self, index: Tensor) -> Tensor:
        """The pictures at some positions, float32 in [0, 1], shape (B, 3, 32, 32)."""
        return self.images[index].float() / 255

    def sha256(self) -> str:
        """A fingerprint of pictures and captions, as hexadecimal text."""
        seen = hashlib.sha256("\n".join(self.captions).encode())
        seen.update(self.images.numpy().tobytes())
        return seen.hexdigest()


def load_captioned(split: str = "train", n: int | None = None, seed: int = 0) -> CaptionedSet:
    """Make captioned colour glyphs; every attribute is drawn at random, independently of the others.

    Args:
        split: "train" and "test" hold no pair of values that `captions.held_out` names, "unseen" at least one each;
            "judge" has all combinations, so that who learns from it cannot take one attribute for a hint of another.
        n: How many; 20,000 for train and 2,000 for the others if not given.
        seed: Another seed, other pictures and captions; no seed lets two splits share one.
    Raises:
        ValueError: If the split is unknown, or n is not a positive whole number.
    """
    choice("split of captioned glyphs", split, SPLITS)
    n = count(n, SPLITS[split])
    attributes = _attributes(n, split, seed)
    phrasing = torch.randint(len(PHRASINGS), (n,), generator=_generator("phrasing", split, seed)).tolist()
    captions = tuple(describe(to_names(row), way) for row, way in zip(attributes, phrasing, strict=True))
    images = paint(attributes, _generator("colour", split, seed))
    return CaptionedSet(images, captions, attributes, encode(captions))


def paint(attributes: Tensor, generator: torch.Generator) -> Tensor:
    """One real picture for each row of attributes, (N, 8) int64, never twice the same: (N, 3, 32, 32) uint8."""
    character, family, weight, slant, colour, size, place, background = attributes.unbind(1)
    which = ((family * 2 + weight) * 2 + slant) * len(ATTRIBUTES["character"]) + character
    ink = distort(_drawings(), which, generator, strength=DISTORTION)  # (N, 1, 28, 28)
    dice = 2 * torch.rand(len(ink), 8, generator=generator) - 1
    scale, reach = (torch.tensor([table[s] for s in ATTRIBUTES["size"]])[size] for table in (SCALE, REACH))
    corner = torch.tensor([[0.0, 0.0], [-1, -1], [1, -1], [-1, 1], [1, 1]])[place]  # (N, 2): right, down
    centre = corner * reach[:, None] + JITTER * dice[:, :2]
    theta = torch.cat([torch.eye(2).expand(len(ink), 2, 2), -centre[:, :, None]], 2) / scale[:, None, None]
    parts = []
    for some, where in zip(ink.split(500), theta.split(500), strict=True):
        grid = F.affine_grid(where, [len(some), 1, SIDE, SIDE], align_corners=False)
        parts.append(F.grid_sample(some, grid, align_corners=False))
    mask = torch.cat(parts)  # (N, 1, 32, 32)
    inks, papers = torch.tensor(list(INKS.values()))[colour], torch.tensor(list(PAPERS.values()))[background]
    front, back = ((c + JITTER * d)[:, :, None, None] for c, d in ((inks, dice[:, 2:5]), (papers, dice[:, 5:])))
    return (255 * (back + mask * (front - back))).round().clamp(0, 255).to(torch.uint8)


@lru_cache
def _drawings() -> Tensor:
    """The drawings of family, weight, slant and character, (3 * 2 * 2 * 12, 56, 56), in that order."""
    bank = _glyph_bank()
    columns = [CHARACTERS.index(c) for c in ATTRIBUTES["character"]]
    rows = [
        next(
            i
            for i, name in enumerate(bank["fonts"])
            if name.startswith(FONTS) and (bank["family"][i], bank["bold"][i], bank["italic"][i]) == style
        )
        for family in ATTRIBUTES["family"]
        for style in ((family, bold, italic) for bold in (False, True) for italic in (False, True))
    ]
    return torch.from_numpy(bank["bank"][rows][:, columns]).flatten(0, 1)


def _attributes(n: int, split: str, seed: int) -> Tensor:
    """Random rows that fit the split, (n, 8)."""
    generator, kept = _generator("attributes", split, seed), []
    while sum(map(len, kept)) < n:
        rows = [torch.randint(len(values), (4096,), generator=generator) for values in ATTRIBUTES.values()]
        drawn = torch.stack(rows, 1)
        kept.append(drawn if split == "judge" else drawn[held_out(drawn).any(1) == (split == "unseen")])
    return torch.cat(kept)[:n]
