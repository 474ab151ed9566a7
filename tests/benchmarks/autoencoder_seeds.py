"""Lesson 21's bars over several seeds: `python tests/benchmarks/autoencoder_seeds.py [SEEDS]`, a minute or two a seed.

Trains the notebook's own models with the notebook's own loops; prints mean and standard deviation of what it measures.
"""

import statistics
import sys
from functools import partial
from pathlib import Path

import torch
from sklearn.decomposition import PCA

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests' own modules

from twins import from_notebook

from helpers import checkpoints
from helpers.datasets import load_images
from helpers.exercises.autoencoder import fitted_codes, hole_share, psnr, shared_plane, squared_error
from helpers.metrics import frechet_distance

NAMES = ("session", "make_encoder", "make_decoder", "Autoencoder", "small", "train_model", "train_linear")
NAMES += ("SIZES", "redraw", "draw", "corrupt", "make_wide")


def one_seed(lesson, train, test, judge, seed: int) -> dict[str, float]:
    """Train everything with one seed: what the lesson's tables say, under a name each."""
    found, models = {}, {}
    for k in lesson.SIZES:
        make = partial(lesson.small, latent_dim=k)
        models[k] = lesson.train_model(make, train, 1500, seed=seed, name=f"{k} numbers, seed {seed}")
        found[f"error, {k} numbers"] = squared_error(lesson.redraw(models[k], test), test).mean().item()
    linear = lesson.train_linear(train.flatten(1), 8, seed=seed)
    with torch.no_grad():
        found["error, linear, 8 numbers"] = squared_error(linear(test.flatten(1)), test.flatten(1)).mean().item()
        z, new_z = models[16].encode(train), models[16].encode(test[:2000])
    found["shared plane"] = shared_plane(linear[1].weight.T.detach(), pca_directions(train)[:8]).item()
    noise = torch.randn(2000, 16, generator=torch.Generator().manual_seed(seed + 1))
    radius = torch.cdist(new_z, z).min(1).values.quantile(0.95).item()
    found["Fréchet, redrawn"] = distance(judge, lesson.redraw(models[16], test[:2000]), test)
    for name, made in (("N(0, I)", noise), ("fitted", fitted_codes(z, noise))):
        found[f"Fréchet, {name}"] = distance(judge, lesson.draw(models[16], made), test)
        found[f"in holes, {name}"] = hole_share(made, z, radius).item()
    denoiser = lesson.train_model(lesson.make_wide, train, 800, lesson.corrupt, seed, name=f"denoiser, seed {seed}")
    found["denoising, decibels"] = psnr(lesson.redraw(denoiser, lesson.corrupt(test)), test).mean().item()
    return found


def pca_directions(train):
    """The first 32 directions of the training pictures, (32, 784)."""
    pca = PCA(32, svd_solver="randomized", random_state=0).fit(train.flatten(1).numpy())
    return torch.tensor(pca.components_)


def distance(judge, pictures, test) -> float:
    """Fréchet distance to the second half of the held-out pictures."""
    return frechet_distance(judge.describe(pictures), judge.describe(test[2000:]))


def main(seeds: int) -> None:
    """Run each seed and print one line for each measure."""
    torch.set_num_threads(1)
    lesson = from_notebook("21_autoencoder", *NAMES)
    judge, _ = checkpoints.load("classifier")
    train, test = (load_images("glyphs", split, characters="0123456789").images for split in ("train", "test"))
    runs = [one_seed(lesson, train, test, judge, seed) for seed in range(seeds)]
    for name in runs[0]:
        values = [run[name] for run in runs]
        spread = statistics.stdev(values) if len(values) > 1 else 0.0
        print(f"{name}: {statistics.mean(values):.3f} +- {spread:.3f}   {[round(v, 3) for v in values]}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
