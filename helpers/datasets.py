"""Every data set of the course: embedded ones first, real ones by name; see data/README.md for what each is."""

import gzip
import json
import math
import re
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from helpers.downloads import DATA, fetch
from helpers.glyphs import load_glyphs
from helpers.imageset import ImageSet, choice, count

__all__ = ["ImageSet", "load_glyphs", "load_images", "load_pairs", "load_text", "load_world", "read_idx"]

IMAGE_SETS = ("glyphs", "digits", "mnist", "fashion-mnist")
TEXTS = ("tiny-shakespeare", "stories")
PAIRS = ("tiny-world", "multi30k")
WORLD = ("stories", "pairs", "questions", "summaries", "longer")
DIGITS = tuple("0123456789")
FASHION = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)


def load_images(name: str = "glyphs", split: str = "train", n: int | None = None, **options: Any) -> ImageSet:
    """Load pictures of 28x28 by name; "glyphs" and "digits" need no network.

    Args:
        name: "glyphs", "digits", "mnist" or "fashion-mnist"; the last two are downloaded once.
        split: "train" or "test"; glyphs also have "new_fonts".
        n: How many pictures, the first ones of a fixed order; all if not given.
        options: characters="0123456789" keeps some classes (for fashion-mnist, a list of their names);
            glyphs take what `load_glyphs` takes.
    Raises:
        ValueError: If a name, split, option or number is unknown or impossible; the message lists what is known.
        helpers.downloads.DownloadError: If the files cannot be fetched or kept.
    """
    choice("image set", name, IMAGE_SETS)
    known = ("characters", "seed", "distortion") if name == "glyphs" else ("characters",)
    for option in options:
        choice(f"option for {name}", option, known)
    if name == "glyphs":
        return load_glyphs(split, n, **options)
    choice(f"split of {name}", split, ("train", "test"))
    data = _load_digits(split) if name == "digits" else _load_idx(name, split)
    if options.get("characters") is not None:
        data = data.only(options["characters"])
    return data if n is None else data.select(torch.arange(count(n, len(data), len(data))))


def load_text(name: str = "tiny-shakespeare", split: str = "train") -> str:
    """Load one long text: "tiny-shakespeare", which is downloaded once, or the tiny world's "stories".

    Args:
        name: "tiny-shakespeare" or "stories".
        split: "train" or "test"; of Shakespeare the last tenth is for testing.
    Raises:
        ValueError: If the name or split is unknown; the message lists the known ones.
        helpers.downloads.DownloadError: If the file cannot be fetched or kept.
    """
    choice("text", name, TEXTS)
    choice(f"split of {name}", split, ("train", "test"))
    if name == "tiny-shakespeare":
        text = fetch("tiny-shakespeare/input.txt").read_text(encoding="utf-8")
        cut = len(text) * 9 // 10
        return text[:cut] if split == "train" else text[cut:]
    return "\n".join(story["text"] for story in load_world("stories", split)) + "\n"


def load_pairs(name: str = "tiny-world", split: str = "train") -> list[dict[str, Any]]:
    """Load sentences and their translations: "en", "de", and whether a pair is "heldout" or "long".

    Args:
        name: "tiny-world", or "multi30k", which is downloaded once: captions of photographs and their translations by
            professionals, here in lower case with spaces around marks.
        split: "train" or "test"; of Multi30k the latter are the 1,014 pairs for validation.
    Raises:
        ValueError: If the name or split is unknown, or a download does not hold as many sentences in both languages.
        helpers.downloads.DownloadError: If the files cannot be fetched or kept.
    Source: Elliott et al. 2016, arXiv:1605.00459.
    """
    choice("set of pairs", name, PAIRS)
    choice(f"split of {name}", split, ("train", "test"))
    if name == "tiny-world":
        return load_world("pairs", split)
    stem = {"train": "train", "test": "val"}[split]
    both = [_sentences(fetch(f"multi30k/{stem}.{language}.gz")) for language in ("en", "de")]
    if len(both[0]) != len(both[1]):
        raise ValueError(f"{stem} has {len(both[0])} English and {len(both[1])} German sentences: delete both files.")
    pairs = zip(*both, strict=True)
    return [{"en": en, "de": de, "heldout": False, "long": False} for en, de in pairs if en and de]


def _sentences(path: Path) -> list[str]:
    """The lines of a gzipped file in lower case, every mark a word of its own."""
    lines = gzip.decompress(path.read_bytes()).decode("utf-8").rstrip("\n").split("\n")
    return [" ".join(re.findall(r"\w+|[^\w\s]", line.lower())) for line in lines]


def load_world(kind: str, split: str = "train") -> list[dict[str, Any]]:
    """Load what the tiny world holds: its "stories", translated "pairs", "questions", "summaries" or "longer" stories.

    Longer stories have their summaries with them, and are for testing only.

    Raises:
        ValueError: If the kind or split is unknown; the message lists the known ones.
        FileNotFoundError: If the embedded file is missing; the message says how to make it.
    """
    choice("part of the tiny world", kind, WORLD)
    choice(f"split of {kind}", split, ("test",) if kind == "longer" else ("train", "test"))
    path = DATA / "world" / f"{kind}.{split}.jsonl.gz"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: get it with git, or make it with `python data/make/world.py`.")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def read_idx(path: Path) -> np.ndarray:
    """Read a gzipped IDX file of bytes: two zeros, 8 for uint8, the rank, the sides (big endian), the values.

    Raises:
        ValueError: If the file is not that, or is cut short.
    Source: LeCun, Cortes & Burges 1998, the MNIST page.
    """
    try:
        raw = gzip.decompress(path.read_bytes())
        zeros, kind, rank = struct.unpack_from(">HBB", raw)
        shape = struct.unpack_from(f">{rank}I", raw, 4)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise ValueError(f"{path.name} is not a whole gzipped IDX file ({error}): delete it, load again.") from None
    values = np.frombuffer(raw, np.uint8, offset=4 + 4 * rank)
    if (zeros, kind) != (0, 8) or values.size != math.prod(shape):
        raise ValueError(f"{path.name} should hold {shape} bytes after an IDX header, got {values.size}.")
    return values.reshape(shape)


def _load_idx(name: str, split: str) -> ImageSet:
    """MNIST or Fashion-MNIST, in the order of the files."""
    stem = {"train": "train", "test": "t10k"}[split]
    images, labels = (read_idx(fetch(f"{name}/{stem}-{kind}-ubyte.gz")) for kind in ("images-idx3", "labels-idx1"))
    classes = FASHION if name == "fashion-mnist" else DIGITS
    return ImageSet(
        torch.from_numpy(images.copy())[:, None].float() / 255, torch.from_numpy(labels.astype(np.int64)), classes
    )


def _load_digits(split: str) -> ImageSet:
    """Scikit-learn's 8x8 digits, enlarged to the 20 middle pixels of 28; of each digit every fifth is for testing."""
    from sklearn.datasets import load_digits

    raw = load_digits()
    small = torch.from_numpy(raw.images).float()[:, None] / 16
    large = F.interpolate(small, size=(20, 20), mode="bicubic", align_corners=False).clamp(0, 1)
    labels = torch.from_numpy(raw.target).long()
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))
    rank = (F.one_hot(labels[order]).cumsum(0) - 1).gather(1, labels[order, None])[:, 0]  # among its own digit
    order = order[(rank % 5 == 4) == (split == "test")]
    return ImageSet(F.pad(large, (4, 4, 4, 4))[order], labels[order], DIGITS)
