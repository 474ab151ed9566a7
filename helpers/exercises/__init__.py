"""Exercises: `check` an answer, ask for a `hint`, see the `solution`, look at your `progress`."""

from helpers.exercises import (  # noqa: F401 - each registers its exercises
    anomaly,
    autoencoder,
    bert,
    choosing,
    comparison,
    encoder_decoder,
    gan,
    gpt,
    image_tokens,
    images,
    molecules,
    position_encoding,
    speech,
    start,
    style_transfer,
    summarization,
    text_to_image,
    transformer,
    vae,
)
from helpers.exercises.core import check, hint, progress, reference, solution

__all__ = ["check", "hint", "progress", "reference", "solution"]
