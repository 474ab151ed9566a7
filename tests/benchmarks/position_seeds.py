"""Lesson 32's open end: can rotary positions reverse after all? `python tests/benchmarks/position_seeds.py [SEEDS]`.

Trains the notebook's own model with the notebook's own loop on 12 digits, with more steps and more layers than the
lesson has time for, and prints the share of right digits at each length. About 2 minutes on two cores.
"""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests' own modules

from twins import from_notebook


def main(seeds: int) -> None:
    """Print one table for each number of layers and steps."""
    lesson = from_notebook("32_position_encoding", "SequenceModel", "race", "held_out", "table")
    for n_layers, steps in ((1, 200), (1, 1000), (2, 200), (2, 1000)):
        models = {}
        for seed in range(seeds):
            torch.manual_seed(seed)
            models["rotary", seed] = lesson.SequenceModel(11, 24, 32, 1, n_layers, "rotary")
        print(f"{n_layers} layer(s), {steps} steps")
        lesson.table(lesson.race("reverse", models, steps), "reverse")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
