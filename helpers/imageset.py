"""One shape for every picture set of the course, and the checks on what a caller asks for."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False, repr=False)
class ImageSet:
    """Pictures, what each shows, and what else is known of it.

    Attributes:
        images: Shape (N, 1, H, W), float32 in [0, 1], light ink on black.
        labels: The class of each picture, shape (N,), int64 in [0, len(classes)).
        classes: The name of each class.
        factors: More numbers for each picture, each (N,) int64; glyphs have "font", "family", "bold", "italic".
        factor_names: What the numbers of each factor mean.
    Raises:
        ValueError: If shapes, types or ranges are not as above; the message quotes the offending one.
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    factors: dict[str, Tensor] = field(default_factory=dict)
    factor_names: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shape = tuple(self.images.shape)
        if len(shape) != 4 or shape[1] != 1 or self.images.dtype != torch.float32:
            raise ValueError(f"images must be float32 of shape (N, 1, H, W), got {self.images.dtype} {shape}.")
        if len(self) and not (self.images.min() >= 0 and self.images.max() <= 1):
            raise ValueError(f"images must lie in [0, 1], got {self.images.min():.3g} to {self.images.max():.3g}.")
        if set(self.factors) != set(self.factor_names):
            raise ValueError(f"Factors {[*self.factors]} and names of their values {[*self.factor_names]} differ.")
        for name, values in {"labels": self.labels, **self.factors}.items():
            names = self.classes if name == "labels" else self.factor_names[name]
            if values.shape != shape[:1] or values.dtype != torch.int64:
                raise ValueError(
                    f"{name} must be int64 of shape ({shape[0]},), got {values.dtype} {tuple(values.shape)}."
                )
            if len(self) and not (values.min() >= 0 and values.max() < len(names)):
                raise ValueError(f"{name} must lie in [0, {len(names)}), got {values.min()} to {values.max()}.")

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        size = "x".join(map(str, self.images.shape[1:]))
        factors = f", factors: {', '.join(self.factors)}" if self.factors else ""
        return f"ImageSet({len(self):,} images {size}, {len(self.classes)} classes{factors})"

    def select(self, mask_or_index: Tensor | Sequence[int]) -> "ImageSet":
        """Keep the pictures where a mask of length N is true, or those at the given positions, in that order.

        Raises:
            ValueError: If nothing is left, a mask has another length, or a position does not exist.
        """
        chosen = torch.as_tensor(mask_or_index)
        if chosen.dtype == torch.bool:
            if chosen.shape != (len(self),):
                raise ValueError(f"A mask must have shape ({len(self)},), got {tuple(chosen.shape)}.")
            chosen = chosen.nonzero()[:, 0]
        if not len(chosen):
            raise ValueError(f"No picture is left of {len(self)}: the selection is empty.")
        if chosen.min() < -len(self) or chosen.max() >= len(self):
            raise ValueError(f"Positions go from 0 to {len(self) - 1}, got {chosen.min()} to {chosen.max()}.")
        factors = {name: values[chosen] for name, values in self.factors.items()}
        return ImageSet(self.images[chosen], self.labels[chosen], self.classes, factors, self.factor_names)

    def only(self, classes: Sequence[str]) -> "ImageSet":
        """Keep some classes, such as "017", and number them anew in the given order.

        Raises:
            ValueError: If a class is unknown or named twice; the message lists the known ones.
        """
        kept = torch.tensor([self.classes.index(name) for name in known_classes(classes, self.classes)])
        match = self.labels[:, None] == kept  # (N, len(kept))
        part = self.select(match.any(1))
        labels = match[match.any(1)].int().argmax(1)
        return ImageSet(part.images, labels, tuple(classes), part.factors, part.factor_names)

    def sha256(self) -> str:
        """A fingerprint of the pictures, labels, classes and factors, as hexadecimal text."""
        seen = hashlib.sha256(json.dumps([self.classes, self.factor_names], sort_keys=True).encode())
        for values in (self.images, self.labels, *(self.factors[name] for name in sorted(self.factors))):
            seen.update(values.contiguous().numpy().tobytes())
        return seen.hexdigest()


def choice(what: str, value: Any, known: Sequence[str] | dict[str, Any]) -> Any:
    """The value, if it is known."""
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"There is no {what} {value!r}; known are {', '.join(map(repr, known))}.")
    return value


def known_classes(chosen: Sequence[str], known: tuple[str, ...]) -> tuple[str, ...]:
    """The chosen classes, if there is at least one, all are known and none is named twice."""
    chosen = tuple(chosen)
    for name in chosen:
        choice("class", name, known)
    if not chosen or len(set(chosen)) < len(chosen):
        raise ValueError(f"Name one class or more, each once, got {''.join(chosen)!r}.")
    return chosen


def count(n: int | None, usual: int, most: int | None = None) -> int:
    """The wanted number of pictures, if it is one that can be had."""
    n = usual if n is None else n
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError(f"n must be a positive whole number of pictures, got {n!r}.")
    if most is not None and n > most:
        raise ValueError(f"n={n} pictures are more than the {most} that there are: ask for fewer.")
    return n
