"""Lesson 35's live readers over several seeds: `python tests/benchmarks/reader_seeds.py [SEEDS] [STEPS]`.

Fine-tunes with the notebook's own functions: from BERT, from nothing, and from BERT with a causal mask; prints exact
match and F1 on the lesson's test questions, mean and spread. About 2 minutes a seed on two cores.
"""

import sys
from collections import defaultdict
from pathlib import Path
from statistics import mean, stdev

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests' own modules

from twins import from_notebook

from helpers.checkpoints import load
from helpers.models.transformer import SequenceModel, small_start
from helpers.reading import exam

PARTS = ("passages", "asked", "words", "test_passages", "test", "kinds", "may_look", "trainer", "Reader")
PARTS += ("fine_tuned", "read_answers", "by_kind")


def main(seeds: int, steps: int) -> None:
    """Print a row for each way to begin."""
    lesson = from_notebook("35_bert", *PARTS)
    ids, spans = exam(lesson.asked, lesson.words)
    by_length = (ids != 0).sum(1).argsort(stable=True)
    lesson.fine_tuned.__globals__.update(exam_ids=ids, exam_spans=spans, by_length=by_length)
    found = defaultdict(list)
    for seed in range(seeds):
        bert = load("bert")[0]
        torch.manual_seed(seed)
        empty = SequenceModel(**bert.config)
        small_start(empty)
        for name, body, side in (("bert", bert, "both"), ("nothing", empty, "both"), ("bert, left", bert, "left")):
            model, _ = lesson.fine_tuned(body, side, steps, seed, name=f"{name}, seed {seed}")
            found[name].append(lesson.by_kind(lesson.read_answers(model, side)))
    for name, rows in found.items():
        numbers = ([100 * row[key] for row in rows] for key in ("all", "F1", "direct", "pronoun"))
        print(f"{name:12s}", "  ".join(f"{mean(n):5.1f} ± {stdev(n) if len(n) > 1 else 0.0:3.1f}" for n in numbers))


if __name__ == "__main__":
    print("             exact match    F1             direct         pronoun")
    given = [int(number) for number in sys.argv[1:]]
    main(*given, *(3, 150)[len(given) :])
