"""The checkpoint of lesson 12, the GAN of printed digits. Minutes on one thread stand beside the function."""

import copy

import torch
from torch import Tensor, nn

from helpers import checkpoints
from helpers.datasets import ImageSet, load_glyphs
from helpers.game import blend
from helpers.losses import hinge_loss
from helpers.metrics import quality_report
from helpers.models.gan import DCDiscriminator, DCGenerator
from makers.common import Maker, rounded, train

DIGITS = "0123456789"


def make_digit_gan(seed: int) -> tuple[nn.Module, dict]:
    """The players of lesson 12 for longer, with spectral norm, the hinge loss and more pictures. 10 min."""
    torch.manual_seed(seed)
    data, steps = load_glyphs(n=100_000, characters=DIGITS), 16_000
    groups = groups_of(data)
    model, judge = DCGenerator(160), DCDiscriminator(160, spectral=True)
    average, options = copy.deepcopy(model), {"betas": (0.0, 0.99), "fused": True}
    optimizer_g = torch.optim.Adam(model.parameters(), lr=2e-3, **options)
    optimizer_d = torch.optim.Adam(judge.parameters(), lr=3e-3, **options)

    def step(i: int) -> dict[str, Tensor]:
        for optimizer, lr in ((optimizer_g, 2e-3), (optimizer_d, 3e-3)):
            optimizer.param_groups[0]["lr"] = lr * min(1.0, 2 * (1 - i / steps))
        index = torch.randint(len(data), (64,))
        wanted = groups[torch.randint(len(data), (64,))]
        fake = model(model.noise(64), wanted)
        both, named = torch.cat([data.images[index], fake.detach()]), torch.cat([groups[index], wanted])
        loss_d = hinge_loss(*judge(both, named).chunk(2))
        optimizer_d.zero_grad()
        loss_d.backward()
        optimizer_d.step()
        judge.requires_grad_(False)
        loss_g = -judge(fake, wanted).mean()
        optimizer_g.zero_grad()
        loss_g.backward()
        optimizer_g.step()
        judge.requires_grad_(True)
        blend(average, model, keep=min(0.999, i / (i + 10)))
        return {"loss_d": loss_d, "loss_g": loss_g}

    history = train(step, steps, "digit_gan", seed)
    facts = {"steps": steps, "seconds": history.seconds, "data_sha256": data.sha256()}
    return average.eval(), facts | {"results": digit_facts(average, seed)}


def groups_of(data: ImageSet) -> Tensor:
    """One number for each digit in each font, ordered by digit, then font."""
    return torch.unique(100 * data.labels + data.factors["font"], return_inverse=True)[1]


def digit_facts(model: nn.Module, seed: int) -> dict[str, float]:
    """Every measure on 2,000 test pictures, beside what 2,000 other test pictures get."""
    judge, _ = checkpoints.load("classifier")
    test = load_glyphs("test", characters=DIGITS)
    (real, floor), wanted = test.images.chunk(2), groups_of(test).chunk(2)[1]
    fake = model.eval().sample(wanted, torch.Generator().manual_seed(seed + 1))
    near = load_glyphs(characters=DIGITS).images[:8000]
    made, best = (quality_report(judge.describe, real, x, near) for x in (fake, floor))
    results = made | {f"{name}_floor": value for name, value in best.items()}
    results["frechet_over_floor"] = made["frechet"] / best["frechet"]
    return rounded(results)


MAKERS = {"digit_gan": Maker(make_digit_gan, seeds=(0, 1, 2))}
