"""Lesson 41's checkpoints: the three contenders after two minutes of one core each, as in the stored race."""

from functools import partial

import torch
from torch import nn

from helpers.contenders import CONTENDERS
from helpers.race import load_part, measure, race
from makers.common import Maker, rounded

SECONDS, PICTURES = 120, 20_000


def make_contender(family: str, seed: int) -> tuple[nn.Module, dict]:
    """A contender, trained for 2 minutes; how its kind spreads over seeds stands in `data/comparison.jsonl`."""
    torch.manual_seed(seed)
    data, contender = load_part("glyphs", "train", PICTURES), CONTENDERS[family]()
    history = race(contender, data, SECONDS, seed, name=f"race_{family}")
    if history.interrupted:
        raise SystemExit(f"race_{family} was stopped; no checkpoint was written.")
    measured = {key: value for key, value in measure(contender, "glyphs", PICTURES, seed).items() if value is not None}
    facts = {"steps": contender.updates, "seconds": SECONDS, "data_sha256": data.sha256()}
    return contender.drawer, facts | {"results": rounded(measured)}


MAKERS = {f"race_{family}": Maker(partial(make_contender, family)) for family in CONTENDERS}
