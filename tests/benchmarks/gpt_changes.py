"""Lesson 34: what each change since GPT-2 buys alone. `python tests/benchmarks/gpt_changes.py [STEPS] [SEED ...]`.

Trains small models with the notebook's own loop and optimizers, each with one change to the plain form, then some with
several, and prints nats per token on the tenth of the training text that is put aside. About 50 seconds a seed on two
cores with the 150 steps of the lesson.
"""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the tests' own modules

from twins import from_notebook

from helpers.datasets import load_text
from helpers.models.designs import DESIGNS
from helpers.models.transformer import GPT
from helpers.text import byte_pairs

MODERN = DESIGNS["modern"]
CHANGES = {
    "plain": {},
    "rotary": {"positions": "rotary"},
    "RMS norm, no biases": {"norm": MODERN.norm, "bias": False},
    "squared ReLU": {"activation": MODERN.activation},
    "normed q and k": {"qk_norm": True},
    "own head, zero start": {"tied": False},
}
RUNS = [(name, "adamw") for name in CHANGES]
RUNS += [("plain", "muon"), ("rotary", "muon"), ("modern", "adamw"), ("modern", "muon")]


def main(steps: int, seeds: list[int]) -> None:
    """Print one row for each design and optimizer, a number for each seed."""
    lesson = from_notebook("34_gpt", "adamw", "muon", "train", "cost")
    text = load_text("stories")
    tokenizer = byte_pairs(text.splitlines(keepends=True), 300)
    ids = torch.tensor(tokenizer.encode("\n" + text).ids)
    cut = len(ids) * 9 // 10
    lesson.train.__globals__["train_ids"] = ids[:cut]
    for name, change in CHANGES.items():
        DESIGNS[name] = DESIGNS["gpt2"]._replace(**change)
    for design, optimizer in RUNS:
        costs = []
        for seed in seeds:
            torch.manual_seed(seed)
            model = GPT(300, 128, 64, 4, 2, design=design)
            lesson.train(model, steps, optimizers=getattr(lesson, optimizer), seed=seed)
            costs.append(lesson.cost(model, ids[cut:]))
        print(f"{design:22s}{optimizer:7s}", *(f"{nats:.3f}" for nats in costs), flush=True)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    main(numbers[0] if numbers else 150, numbers[1:] or [0, 1])
