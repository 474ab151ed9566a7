"""Lesson 14's checkpoints: the generator that reads captions, and the judge that reads its pictures."""

import copy

import torch
from torch import Tensor, nn

from helpers import checkpoints
from helpers.captions import ATTRIBUTES, VOCABULARY
from helpers.colour_glyphs import load_captioned
from helpers.game import blend
from helpers.models.text_to_image import (
    CaptionDiscriminator,
    CaptionGenerator,
    CaptionJudge,
    all_right,
    matching_loss,
    reading_loss,
)
from makers.common import Maker, train


def make_caption_judge(seed: int) -> tuple[nn.Module, dict]:
    """The judge of lesson 14, trained on real pictures of all combinations of attributes. 1 min."""
    data, model, steps = load_captioned("judge"), CaptionJudge(), 2_500
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=steps)

    def step(i: int) -> dict[str, Tensor]:
        index = torch.randint(len(data), (64,))
        loss = reading_loss(model(data.batch(index)), data.attributes[index])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        return {"loss": loss}

    history = train(step, steps, "caption_judge", seed)
    model.eval()
    results = {}
    for split in ("test", "unseen"):
        real = load_captioned(split)
        read = model.read(real.images.float() / 255)
        results[f"all_right_{split}"] = round(all_right(read, real.attributes), 4)
        rates = (read == real.attributes).float().mean(0).tolist()
        results |= {f"{name}_{split}": round(rate, 4) for name, rate in zip(ATTRIBUTES, rates, strict=True)}
    return model, {"steps": steps, "seconds": history.seconds, "data_sha256": data.sha256(), "results": results}


def make_caption_gan(seed: int) -> tuple[nn.Module, dict]:
    """Lesson 14's generator: matching-aware hinge loss, reading heads, averaged weights."""
    data, steps, batch_size, lr = load_captioned("train"), STEPS, 32, 1e-3
    model, opponent = CaptionGenerator(), CaptionDiscriminator()
    average = copy.deepcopy(model)
    optimizer_g, optimizer_d = (
        torch.optim.Adam(player.parameters(), lr=lr, betas=(0.0, 0.99)) for player in (model, opponent)
    )

    def step(i: int) -> dict[str, Tensor]:
        for optimizer in (optimizer_g, optimizer_d):
            optimizer.param_groups[0]["lr"] = lr * min(1.0, 2 * (1 - i / steps))
        index, asked = torch.randint(len(data), (2, batch_size))
        x, tokens = data.batch(index), data.tokens[index]
        fake = model(model.noise(batch_size), data.tokens[asked])
        loss_d = discriminator_step(opponent, x, tokens, data.attributes[index], fake.detach(), data.tokens[asked])
        optimizer_d.zero_grad()
        loss_d.backward()
        optimizer_d.step()
        opponent.requires_grad_(False)
        score, logits = opponent(fake, data.tokens[asked])
        loss_g = READING * reading_loss(logits, data.attributes[asked]) - score.mean()
        optimizer_g.zero_grad()
        loss_g.backward()
        optimizer_g.step()
        opponent.requires_grad_(True)
        blend(average, model, keep=min(0.998, i / (i + 10)))
        return {"loss_d": loss_d, "loss_g": loss_g}

    history = train(step, steps, "caption_gan", seed)
    facts = {"steps": steps, "seconds": history.seconds, "data_sha256": data.sha256(), "vocabulary": list(VOCABULARY)}
    return average.eval(), facts | {"results": _reading_rates(average, seed)}


STEPS = 2_500
READING = 2.0  # weight of the reading heads


def discriminator_step(
    opponent: nn.Module, x: Tensor, tokens: Tensor, attributes: Tensor, fake: Tensor, asked: Tensor
) -> Tensor:
    """The discriminator's loss: real with its caption, real with the next one's, fake; and what it reads on real."""
    h_real, h_fake = opponent.body(torch.cat([x, fake])).chunk(2)
    right, wrong = opponent.score(h_real, tokens), opponent.score(h_real, tokens.roll(1, 0))
    loss = matching_loss(right, wrong, opponent.score(h_fake, asked))
    return loss + READING * reading_loss(opponent.read(h_real), attributes)


@torch.no_grad()
def _reading_rates(model: nn.Module, seed: int) -> dict[str, float]:
    """How often the judge reads what was asked for, beside what it reads on real pictures of the same captions."""
    judge, _ = checkpoints.load("caption_judge")
    generator, results = torch.Generator().manual_seed(seed + 1), {}
    for split in ("test", "unseen"):
        real = load_captioned(split)
        read = judge.read(model(model.noise(len(real), generator), real.tokens))
        ceiling = all_right(judge.read(real.images.float() / 255), real.attributes)
        results[f"all_right_{split}"] = round(all_right(read, real.attributes), 4)
        results[f"of_real_{split}"] = round(all_right(read, real.attributes) / ceiling, 4)
        rates = (read == real.attributes).float().mean(0).tolist()
        results |= {f"{name}_{split}": round(rate, 4) for name, rate in zip(ATTRIBUTES, rates, strict=True)}
    return results


MAKERS = {"caption_judge": Maker(make_caption_judge), "caption_gan": Maker(make_caption_gan, seeds=(0, 1, 2))}
