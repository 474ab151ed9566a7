"""Exercises: `check` an answer, ask for a `hint`, see the `solution`, look at your `progress`."""

from helpers.exercises import gan, start, transformer, vae  # noqa: F401 - each registers its exercises
from helpers.exercises.core import check, hint, progress, reference, solution

__all__ = ["check", "hint", "progress", "reference", "solution"]
