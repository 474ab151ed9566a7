"""What every maker of a checkpoint needs."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from helpers.datasets import ImageSet
from helpers.training import History, fit


@dataclass(frozen=True)
class Maker:
    """How a checkpoint is made.

    Attributes:
        make: From a seed to the trained model and its facts: steps, seconds, data_sha256 and the dict `results`.
        seeds: The first one's model is shipped; the results of all are stored.
    """

    make: Callable[[int], tuple[nn.Module, dict]]
    seeds: tuple[int, ...] = (0,)


def train(step: Callable[[int], dict[str, Tensor]], steps: int, name: str, seed: int) -> History:
    """Run `fit` to its end; a run that is stopped ships nothing."""
    history = fit(step, steps, seed=seed, name=f"{name}, seed {seed}")
    if history.interrupted:
        raise SystemExit(f"{name} was stopped at step {history.steps} of {steps}; no checkpoint was written.")
    return history


def accuracy(model: nn.Module, data: ImageSet) -> float:
    """Share of pictures whose largest logit is their label."""
    with torch.no_grad():
        right = [model(x).argmax(1) == y for x, y in zip(data.images.split(1000), data.labels.split(1000), strict=True)]
    return round(torch.cat(right).float().mean().item(), 4)


def digest_of(data: list) -> str:
    """The fingerprint of what a checkpoint learned from, sha256 of its JSON."""
    return hashlib.sha256(json.dumps(data).encode()).hexdigest()


def rounded(results: dict[str, float]) -> dict[str, float]:
    """Results with four places, as headers keep them."""
    return {name: round(value, 4) for name, value in results.items()}
