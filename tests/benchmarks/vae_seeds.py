"""Lesson 22's bar over several seeds: `python tests/benchmarks/vae_seeds.py [SEEDS]`, about a minute a seed.

Trains the notebook's own models with the notebook's own loop, and prints the Fréchet distance of their samples.
"""

import statistics
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests' own modules

from twins import from_notebook

from helpers import checkpoints
from helpers.datasets import load_images
from helpers.metrics import frechet_distance

STEPS = 3000


def main(seeds: int) -> None:
    """Train both models for each seed and print one row of distances each, then mean and spread."""
    lesson = from_notebook(
        *("22_vae", "session", "make_encoder", "make_decoder", "Autoencoder", "VAE", "train_model"),
        *("plain_loss", "vae_loss", "draw", "made_up_codes"),
    )
    train, test = (load_images("glyphs", split, characters="0123456789") for split in ("train", "test"))
    judge, _ = checkpoints.load("classifier")
    real = judge.describe(test.images[2000:])
    print(f"floor: {frechet_distance(judge.describe(test.images[:2000]), real):.2f}")
    found: dict[str, list[float]] = {}
    for seed in range(seeds):
        for name, model_class, loss in (
            ("plain", lesson.Autoencoder, lesson.plain_loss),
            ("VAE", lesson.VAE, lesson.vae_loss),
        ):
            model = lesson.train_model(model_class, train, loss, STEPS, seed=seed, name=f"{name}, seed {seed}")
            with torch.no_grad():
                codes = model.encode(train.images[:10_000])
            codes = codes[0] if name == "VAE" else codes
            for way, z in lesson.made_up_codes(codes, 2000, seed=seed + 1).items():
                value = frechet_distance(judge.describe(lesson.draw(model, z)), real)
                found.setdefault(f"{name}, {way}", []).append(value)
    ways = [key.removeprefix("VAE, ") for key in found if key.startswith("VAE")]
    for way in ways:
        pairs = zip(found[f"plain, {way}"], found["VAE, N(0, I)"], strict=True)
        found[f"plain, {way} / VAE, N(0, I)"] = [a / b for a, b in pairs]
    for key, values in found.items():
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        print(f"{key}: {statistics.mean(values):.2f} +- {spread:.2f}   {[round(v, 2) for v in values]}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
