"""Make the shipped checkpoints again: `python data/make/checkpoints.py [NAME ...]`, all of them if none is named.

Each is trained by the same `fit` that the lessons use, measured on held-out data, and written with its config, seed,
steps, seconds, data hash and results in the header. Minutes on two cores stand beside each function.
"""

import argparse
import copy
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers import checkpoints
from helpers.datasets import ImageSet, load_glyphs
from helpers.models.classifier import Classifier
from helpers.session import start
from helpers.training import fit

SEED = 0


def accuracy(model: nn.Module, data: ImageSet) -> float:
    """Share of pictures whose largest logit is their label."""
    with torch.no_grad():
        right = [model(x).argmax(1) == y for x, y in zip(data.images.split(1000), data.labels.split(1000), strict=True)]
    return round(torch.cat(right).float().mean().item(), 4)


def train_classifier() -> tuple[nn.Module, dict]:
    """The judge of all pictures: 62 characters in 16 fonts; its features are the scale of every image metric. 1 min."""
    data, model, steps = load_glyphs(n=60_000), Classifier(), 4_000
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)

    def step(i: int) -> dict[str, Tensor]:
        index = torch.randint(len(data), (128,))
        loss = F.cross_entropy(model(data.images[index]), data.labels[index], label_smoothing=0.05)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        return {"loss": loss}

    history = fit(step, steps, seed=SEED, name="classifier")
    model.eval()
    results = {f"accuracy_{split}": accuracy(model, load_glyphs(split)) for split in ("test", "new_fonts")}
    return model, {"steps": steps, "seconds": history.seconds, "data_sha256": data.sha256(), "results": results}


MAKERS: dict[str, Callable[[], tuple[nn.Module, dict]]] = {
    "classifier": train_classifier,
}


def main() -> None:
    """Train, measure and write the named checkpoints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(MAKERS)}")
    names = parser.parse_args().names or list(MAKERS)
    if unknown := [name for name in names if name not in MAKERS]:
        parser.error(f"there is no checkpoint {unknown[0]!r}; known are: {', '.join(MAKERS)}")
    for name in names:
        start(SEED)
        model, header = MAKERS[name]()
        header |= {"seconds": round(header["seconds"]), "seed": SEED, "torch": torch.__version__.split("+")[0]}
        path = checkpoints.save(name, model, command=f"make checkpoints NAME={name}", **header)
        print(f"{name}: {header['results']}, {header['seconds']} s, {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
