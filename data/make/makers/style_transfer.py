"""The checkpoints of lesson 13: the judge of fonts, the CycleGAN, and the same without its cycle loss."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers import checkpoints
from helpers.datasets import ImageSet, load_glyphs
from helpers.models.classifier import Classifier
from helpers.models.cyclegan import (
    CycleGame,
    StyleTransfer,
    content_kept,
    style_exact,
    style_flipped,
    style_fonts,
    style_sets,
)
from makers.common import Maker, accuracy, train

STEPS, BATCH = 700, 32
FULL = {"cycle": 10.0, "identity": 5.0}


def make_style_judge(seed: int) -> tuple[nn.Module, dict]:
    """Tells the 16 fonts apart, all characters, real pictures only: the judge of style. Half a minute."""
    data, model, steps = load_glyphs(n=40_000, seed=7), Classifier(classes=16), 2_000
    fonts, optimizer = data.factors["font"], torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)

    def step(i: int) -> dict[str, Tensor]:
        index = torch.randint(len(data), (128,))
        loss = F.cross_entropy(model(data.images[index]), fonts[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        return {"loss": loss}

    history = train(step, steps, "style_judge", seed)
    test = load_glyphs("test")
    known = ImageSet(test.images, test.factors["font"], test.factor_names["font"])
    results = {"accuracy_test": accuracy(model.eval(), known)}
    return model, {"steps": steps, "seconds": history.seconds, "data_sha256": data.sha256(), "results": results}


def make_style_transfer(seed: int) -> tuple[nn.Module, dict]:
    """The CycleGAN of lesson 13. 5 min a seed on one core."""
    return _play(FULL, seed)


def make_style_transfer_no_cycle(seed: int) -> tuple[nn.Module, dict]:
    """The same nets, steps, seeds and identity loss without the cycle loss. 4 min a seed on one core."""
    return _play(FULL | {"cycle": 0.0}, seed)


def _play(weights: dict[str, float], seed: int) -> tuple[StyleTransfer, dict]:
    """Train one CycleGAN on the characters that are not held out, and measure its averaged weights."""
    data = load_glyphs(n=30_000)
    x, y = style_sets(data, held_out=False)
    torch.manual_seed(seed)
    game = CycleGame(weights)

    def step(i: int) -> dict[str, Tensor]:
        game.schedule(i / STEPS)
        return game.step(*(part.images[torch.randint(len(part), (BATCH,))] for part in (x, y)))

    history = train(step, STEPS, f"style_transfer {weights}", seed)
    model, digest = game.average.eval(), data.sha256()
    return model, {"steps": STEPS, "seconds": history.seconds, "data_sha256": digest, "results": measure(model)}


@torch.no_grad()
def measure(model: StyleTransfer) -> dict[str, float]:
    """What the judges read in translated test pictures: of held-out characters, and of those seen in training."""
    reader, fonts = (checkpoints.load(name)[0] for name in ("classifier", "style_judge"))
    test, results = load_glyphs("test", n=20_000), {}
    sans, serif = style_fonts(test)
    for which, held_out in (("held_out", True), ("seen", False)):
        x, y = style_sets(test, held_out)
        for way, part, source, target in (("there", x, sans, serif), ("back", y, serif, sans)):
            made = model.translate(part.images, back=way == "back")
            read, seen = reader(made), fonts(made)
            results |= {
                f"{which}_{way}_content": content_kept(read, part.labels),
                f"{which}_{way}_style": style_flipped(seen, source, target),
                f"{which}_{way}_exact": style_exact(seen, target),
            }
    return {name: round(value, 4) for name, value in results.items()}


MAKERS = {
    "style_judge": Maker(make_style_judge),
    "style_transfer": Maker(make_style_transfer, seeds=(0, 1, 2)),
    "style_transfer_no_cycle": Maker(make_style_transfer_no_cycle, seeds=(0, 1, 2)),
}
