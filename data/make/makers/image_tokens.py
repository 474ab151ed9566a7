"""Lesson 38's checkpoints: the VQ-VAE that turns colour glyphs into codes, and the GPT that writes the codes."""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers import checkpoints
from helpers.captions import ATTRIBUTES, VOCABULARY, held_out
from helpers.colour_glyphs import CaptionedSet, load_captioned
from helpers.image_tokens import code_logits, draw_codes, drop_captions, new_gpt, pack
from helpers.models.text_to_image import CaptionJudge, all_right
from helpers.models.vq_vae import VQVAE, code_perplexity, revive, share_used
from helpers.optimizers import updater
from helpers.session import device
from makers.common import Maker, rounded, train

CODES, CODE_DIM, CHANNELS = 256, 16, 32
STEPS = {"vq_vae": 8_000, "image_gpt": 7_000}
SIZES = {"d_model": 96, "n_heads": 4, "n_layers": 4}
KEPT = 19_000  # of the training pictures; the others are for choices
SCALE, TEMPERATURE = 1.5, 0.0  # chosen on those with three seeds, among scales from 1 to 3 and temperatures from 0 to 1


def make_vq_vae(seed: int) -> tuple[nn.Module, dict]:
    """Pictures to 64 codes and back. About 7 min a seed on one core, 2 on a GPU."""
    data, steps = load_captioned("train"), STEPS["vq_vae"]
    torch.manual_seed(seed)
    model = VQVAE(CODES, CODE_DIM, CHANNELS).to(device())
    history = train(vq_step(model, data, steps), steps, "vq_vae", seed)
    model.eval()
    facts = {"steps": steps, "seconds": history.seconds, "data_sha256": data.sha256()}
    return model.cpu(), facts | {"results": vq_scores(model)}


def vq_step(model: VQVAE, data: CaptionedSet, steps: int) -> Callable[[int], dict[str, Tensor]]:
    """One step: the picture's error and the codebook's two losses; at times, new places for codes out of use.

    The first WARM_UP steps do without codes. Then all of them are out of use, and begin on vectors of the encoder.
    """
    rates = [LR, 10 * LR]  # of the networks and of the codebook
    networks = [*model.encoder.parameters(), *model.decoder.parameters()]
    groups = [{"params": part, "lr": lr} for part, lr in zip((networks, [model.codebook]), rates, strict=True)]
    optimizer = torch.optim.Adam(groups, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rates, total_steps=steps, pct_start=0.15)
    counts = torch.zeros(CODES, device=device())
    images = data.images[:KEPT].to(device())

    def step(i: int) -> dict[str, Tensor]:
        x = images[torch.randint(KEPT, (32,)).to(images.device)].float() / 255
        model.chooses = i >= WARM_UP
        if i >= WARM_UP and (i - WARM_UP) % 50 == 0 and i <= 0.7 * steps:
            with torch.no_grad():
                revive(model.codebook, counts, model.vectors(x))
            counts.zero_()
        x_hat, of_codes, codes = model(x)
        if model.chooses:
            counts.add_(torch.bincount(codes.flatten(), minlength=CODES))
        error = F.mse_loss(x_hat, x)
        optimizer.zero_grad()
        (PICTURE * error + model.chooses * of_codes).backward()
        optimizer.step()
        schedule.step()
        return {"picture": error, "codes": of_codes}

    return step


LR, WARM_UP = 2e-3, 80
PICTURE = 30.0  # weight of the picture's error: about one over the variance of the pixels


@torch.no_grad()
def vq_scores(model: VQVAE) -> dict[str, float]:
    """On test pictures: codes in use, error, and what the judge reads on reconstructions beside the pictures."""
    judge, _ = checkpoints.load("caption_judge")
    results = {}
    for split in ("test", "unseen"):
        real = load_captioned(split)
        x = real.images.float() / 255
        codes = encode_all(model, real)
        x_hat = torch.cat([model.decode(part) for part in codes.split(500)])
        read = judge.read(x_hat)
        results |= {
            f"used_{split}": share_used(codes, len(model.codebook)),
            f"perplexity_{split}": code_perplexity(codes, len(model.codebook)),
            f"error_{split}": F.mse_loss(x_hat, x).item(),
            f"of_real_{split}": all_right(read, real.attributes) / all_right(judge.read(x), real.attributes),
        }
    return {name: round(value, 6) for name, value in results.items()}


@torch.no_grad()
def encode_all(model: VQVAE, data: CaptionedSet) -> Tensor:
    """The codes of all pictures, (N, 64)."""
    return torch.cat([model.encode(data.batch(part)) for part in torch.arange(len(data)).split(500)])


def make_image_gpt(seed: int) -> tuple[nn.Module, dict]:
    """The GPT that writes the shipped VQ-VAE's codes after a caption. About 65 min a seed on one core, 5 on a GPU."""
    data, (vq_vae, _) = load_captioned("train"), checkpoints.load("vq_vae")
    steps, words = STEPS["image_gpt"], data.tokens[:KEPT].to(device())
    codes = encode_all(vq_vae, data)[:KEPT].to(device())
    torch.manual_seed(seed)
    model = new_gpt(CODES, **SIZES).to(device())
    history = train(gpt_step(model, words, codes, steps), steps, "image_gpt", seed)
    facts = {"steps": steps, "seconds": history.seconds, "data_sha256": data.sha256(), "vocabulary": list(VOCABULARY)}
    facts |= {"scale": SCALE, "temperature": TEMPERATURE}
    results = gpt_scores(model.eval(), vq_vae, seed)
    return model.cpu(), facts | {"results": results}


def gpt_scores(model: nn.Module, vq_vae: VQVAE, seed: int) -> dict[str, float]:
    """Nats per code, and what the judge reads on what is drawn for the captions of both test splits."""
    judge, _ = checkpoints.load("caption_judge")
    results = {}
    for split in ("test", "unseen"):
        real = load_captioned(split)
        results[f"nats_per_code_{split}"] = nats(model, real.tokens.to(device()), encode_all(vq_vae, real).to(device()))
        results |= drawing_scores(model, vq_vae, judge, real, split, seed)
    return rounded(results)


def gpt_step(
    model: nn.Module, words: Tensor, codes: Tensor, steps: int, batch_size: int = 64
) -> Callable[[int], dict[str, Tensor]]:
    """Guess each code from those before it; a tenth of the captions is left out."""
    update = updater(model, steps)

    def step(i: int) -> dict[str, Tensor]:
        index = torch.randint(len(codes), (batch_size,)).to(codes.device)
        ids = pack(drop_captions(words[index], 0.1), codes[index])
        return update(F.cross_entropy(code_logits(model, ids).flatten(0, 1), codes[index].flatten()))

    return step


@torch.no_grad()
def nats(model: nn.Module, words: Tensor, codes: Tensor) -> float:
    """Mean nats per code, captions given."""
    parts = zip(words.split(250), codes.split(250), strict=True)
    costs = [F.cross_entropy(code_logits(model, pack(w, c)).movedim(-1, 1), c, reduction="sum") for w, c in parts]
    return (sum(costs) / codes.numel()).item()


def drawing_scores(
    model: nn.Module, vq_vae: VQVAE, judge: CaptionJudge, real: CaptionedSet, split: str, seed: int
) -> dict[str, float]:
    """How often the judge reads what was asked for, as lesson 14 measures it; and by the kind of unseen pair."""
    generator = torch.Generator(device()).manual_seed(seed + 1)
    how = {"scale": SCALE, "temperature": TEMPERATURE, "generator": generator}
    with torch.no_grad():
        drawn = [vq_vae.decode(draw_codes(model, words, **how).cpu()) for words in real.tokens.to(device()).split(250)]
    read, results = judge.read(torch.cat(drawn)), {}
    ceiling = all_right(judge.read(real.images.float() / 255), real.attributes)
    results[f"all_right_{split}"] = all_right(read, real.attributes)
    results[f"of_real_{split}"] = all_right(read, real.attributes) / ceiling
    results |= _rates(read, real.attributes, split)
    held = held_out(real.attributes)
    for i, pair in enumerate(("character_colour", "character_place", "family_background")):
        alone = held[:, i] & (held.sum(1) == 1)
        if alone.any():
            results[f"all_right_only_{pair}"] = all_right(read[alone], real.attributes[alone])
    return results


def _rates(read: Tensor, wanted: Tensor, split: str) -> dict[str, float]:
    rates: Sequence[float] = (read == wanted).float().mean(0).tolist()
    return {f"{name}_{split}": rate for name, rate in zip(ATTRIBUTES, rates, strict=True)}


MAKERS = {name: Maker(make, (0, 1, 2)) for name, make in {"vq_vae": make_vq_vae, "image_gpt": make_image_gpt}.items()}
