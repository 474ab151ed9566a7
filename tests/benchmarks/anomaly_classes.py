"""Lesson 23's bars over held-out classes: `python tests/benchmarks/anomaly_classes.py [SEEDS] [CHARACTERS] [STEPS]`.

Each character is held out in turn; the lesson's own functions train and score 2,000 held-out pictures. By default 3
seeds, all 62 characters, 600 steps, about 7 s a character and seed. The rivals run once. Each seed ends in a table.
"""

import statistics
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests' own modules

from sklearn.metrics import roc_auc_score
from twins import from_notebook

from helpers.datasets import load_images
from helpers.glyphs import CHARACTERS

NAMES = ("session", "train_vae", "vae_scores", "all_scores", "rival_scores", "hold_out")
TWINS = "0Oo1IlCcKkPpSsUuVvWwXxZz"  # characters with a twin of the same shape, but for its size
Run = dict[str, dict[str, float]]  # character -> score -> AUROC


def main(seeds: int, characters: str, steps: int) -> None:
    """Hold each character out with each seed; print each AUROC, and after each seed what is known so far."""
    torch.set_num_threads(1)
    lesson = from_notebook("23_anomaly_detection", *NAMES)
    train = load_images("glyphs", "train", characters=characters)
    test = load_images("glyphs", "test", n=2000, characters=characters)
    runs: list[Run] = []
    for seed in range(seeds):
        runs.append({})
        for c in characters:
            runs[-1][c] = one_class(lesson, train, test, c, steps, seed)
            print(seed, c, " ".join(f"{v:.3f}" for v in runs[-1][c].values()), flush=True)
        report(runs)


def one_class(lesson, train, test, character: str, steps: int, seed: int) -> dict[str, float]:
    """AUROC of every score with one character held out; of the rivals' only with the first seed."""
    scores = lesson.hold_out(character, train, test.images, steps, seed, rivals=seed == 0)
    strange = test.labels == test.classes.index(character)
    return {name: float(roc_auc_score(strange, values)) for name, values in scores.items()}


def report(runs: list[Run]) -> None:
    """Print mean and standard deviation over characters of the seeds' mean, the seeds' spread, and the worst."""
    for score in runs[0][next(iter(runs[0]))]:
        table = [{c: found.get(score, runs[0][c][score]) for c, found in run.items()} for run in runs]
        of = {c: statistics.mean(column[c] for column in table) for c in table[0]}
        means = [statistics.mean(column.values()) for column in table]
        groups = {
            "twins": [v for c, v in of.items() if c in TWINS],
            "rest": [v for c, v in of.items() if c not in TWINS],
        }
        print(f"{score}: {statistics.mean(means):.3f} +- {statistics.stdev(of.values()):.3f} over characters", end="")
        print(f", +- {statistics.stdev(means):.3f} over seeds" if len(runs) > 1 else "", end="; ")
        print(f"below 0.5: {sum(v < 0.5 for v in of.values())} of {len(of)}", end="; ")
        print(
            "; ".join(f"{name} {statistics.mean(values):.3f}" for name, values in groups.items() if values),
            end="; worst ",
        )
        print(" ".join(f"{c} {of[c]:.2f}" for c in sorted(of, key=of.get)[:8]), flush=True)


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else 3, given[1] if given[1:] else CHARACTERS, int(given[2]) if given[2:] else 600)
