"""Lesson 33's ablations over several seeds: `python tests/benchmarks/translation_ablations.py [SEEDS] [JOBS]`.

Trains the shipped translator's recipe with one part taken away, and prints the share of exact translations. About 6
minutes for each of three variants and each seed on one core, four minutes in all on a GPU (nine at once).
"""

import os
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "data" / "make"))

from makers.language import make_translator

VARIANTS = {"no positions": {"positions": "none"}, "one head": {"n_heads": 1}, "no cross-attention": {"cross": False}}


def results_of(variant: str, seed: int) -> dict[str, float]:
    """Train one variant from one seed and return what was measured."""
    return make_translator(seed, variant, **VARIANTS[variant])[1]["results"]


def main(seeds: int, jobs: int) -> None:
    """Print mean, spread and each seed's value of every variant's scores."""
    os.environ["OMP_NUM_THREADS"] = "1"
    runs = [(variant, seed) for variant in VARIANTS for seed in range(seeds)]
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        found = list(pool.map(results_of, *zip(*runs, strict=True)))
    for variant in VARIANTS:
        of_seeds = [result for (name, _), result in zip(runs, found, strict=True) if name == variant]
        for score in of_seeds[0]:
            values = [result[score] for result in of_seeds]
            spread = statistics.stdev(values) if seeds > 1 else 0.0
            print(f"{variant}, {score}: {statistics.mean(values):.4f} +- {spread:.4f}   {values}")


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    main(*(numbers + [3, os.cpu_count() or 1][len(numbers) :]))
