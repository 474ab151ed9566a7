"""The checkpoints of the first lessons. Minutes on two cores stand beside each function."""

import copy
import hashlib
import random
import re
import string

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers import checkpoints
from helpers.datasets import ImageSet, load_glyphs, load_text, load_world
from helpers.game import Game, blend
from helpers.losses import bernoulli_nll, gaussian_kl
from helpers.metrics import frechet_distance
from helpers.models.classifier import Classifier
from helpers.models.gan import GlyphDiscriminator, GlyphGenerator, PointDiscriminator, PointGenerator
from helpers.models.transformer import GPT
from helpers.models.vae import ConditionalVAE
from helpers.points import modes_found, ring, share_near
from helpers.sampling import generate
from helpers.text import Characters
from helpers.training import History
from helpers.world import is_sentence
from helpers.world.lexicon import NAMES
from makers.common import Maker, accuracy, train


def make_classifier(seed: int) -> tuple[nn.Module, dict]:
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

    history = train(step, steps, "classifier", seed)
    model.eval()
    results = {f"accuracy_{split}": accuracy(model, load_glyphs(split)) for split in ("test", "new_fonts")}
    return model, {"steps": steps, "seconds": history.seconds, "data_sha256": data.sha256(), "results": results}


def make_glyph_vae(seed: int) -> tuple[nn.Module, dict]:
    """The first lesson's VAE, told which character to draw. 4 min."""
    data, model, steps = load_glyphs(n=40_000), ConditionalVAE(latent_dim=8, hidden_dim=460), 20_000
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-3, total_steps=steps)

    def step(i: int) -> dict[str, Tensor]:
        index = torch.randint(len(data), (128,))
        x = data.images[index]
        logits, mu, logvar = model(x, data.labels[index])
        recon, kl = bernoulli_nll(logits, x).mean(), gaussian_kl(mu, logvar).mean()
        optimizer.zero_grad()
        (recon + kl).backward()
        optimizer.step()
        schedule.step()
        return {"recon": recon, "kl": kl}

    history = train(step, steps, "glyph_vae", seed)
    return model, _drawing_facts(model.eval(), data, history, seed)


def make_glyph_gan(seed: int) -> tuple[nn.Module, dict]:
    """The first lesson's GAN: hinge loss, spectral norm, averaged weights. 15 min."""
    data, model, steps = load_glyphs(n=40_000), GlyphGenerator(), 8_000
    judge, average = GlyphDiscriminator(), copy.deepcopy(model)
    options = {"betas": (0.0, 0.99)}
    optimizer_g = torch.optim.Adam(model.parameters(), lr=2e-4, **options)
    optimizer_d = torch.optim.Adam(judge.parameters(), lr=4e-4, **options)

    def step(i: int) -> dict[str, Tensor]:
        index, wanted = torch.randint(len(data), (64,)), torch.randint(62, (64,))
        x, labels = data.images[index], data.labels[index]
        fake = model(model.noise(64), wanted)
        both, named = torch.cat([x, fake.detach()]), torch.cat([labels, wanted])
        real, forged = judge(both, named).chunk(2)
        loss_d = F.relu(1 - real).mean() + F.relu(1 + forged).mean()
        optimizer_d.zero_grad()
        loss_d.backward()
        optimizer_d.step()
        loss_g = -judge(fake, wanted).mean()
        optimizer_g.zero_grad()
        loss_g.backward()
        optimizer_g.step()
        blend(average, model, keep=min(0.999, i / (i + 10)))
        return {"loss_d": loss_d, "loss_g": loss_g}

    history = train(step, steps, "glyph_gan", seed)
    return average, _drawing_facts(average.eval(), data, history, seed)


def _drawing_facts(model: nn.Module, data: ImageSet, history: History, seed: int) -> dict:
    """How often the classifier reads what was asked for, and the Fréchet distance beside real against real."""
    judge, _ = checkpoints.load("classifier")
    torch.manual_seed(seed + 1)
    wanted = torch.arange(62).repeat(64)
    drawn, real = model.sample(wanted), load_glyphs("test", n=2 * len(wanted)).images
    drawn_f, real_f, other_f = (judge.describe(x) for x in (drawn, *real.chunk(2)))
    read = torch.cat([judge(x).argmax(1) for x in drawn.split(1000)]) == wanted
    results = {
        "read_correctly": round(read.float().mean().item(), 4),
        "frechet": round(frechet_distance(drawn_f, real_f), 3),
        "frechet_real_vs_real": round(frechet_distance(other_f, real_f), 3),
    }
    return {"steps": history.steps, "seconds": history.seconds, "data_sha256": data.sha256(), "results": results}


def make_story_gpt(seed: int) -> tuple[nn.Module, dict]:
    """The first lesson's Transformer: the tiny world's stories, character by character. 15 min.

    In three stories of ten the names are made up, so that it learns to repeat any name it is given.
    """
    stories, dice = [story["text"] for story in load_world("stories")], random.Random(seed)
    stories = [_rename(text, dice) if dice.random() < 0.3 else text for text in stories]
    alphabet = Characters("\n ,." + string.ascii_letters)
    ids = alphabet.encode("\n" + "\n".join(stories) + "\n")
    held_out = alphabet.encode("\n" + load_text("stories", "test"))
    model, steps = GPT(len(alphabet), 128, d_model=128, n_heads=4, n_layers=3), 2_500
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.05, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=steps, pct_start=0.1)

    def step(i: int) -> dict[str, Tensor]:
        loss = _next_character_loss(model, ids, torch.randint(len(ids) - 129, (32,)))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        return {"loss": loss}

    history = train(step, steps, "story_gpt", seed)
    model.eval()
    torch.manual_seed(seed + 1)
    beginnings = torch.stack([held_out[start : start + 60] for start in _story_starts(held_out)[:64]])
    texts = [alphabet.decode(row[60:]) for row in generate(model, beginnings, 200)]
    whole = [part.strip() + " ." for text in texts for part in text.replace("\n", " ").split(" .")[1:-1]]
    with torch.no_grad():
        nats = _next_character_loss(model, held_out, torch.arange(0, len(held_out) - 129, 128)[:500]).item()
    results = {
        "nats_per_character": round(nats, 4),
        "correct_sentences": round(sum(map(is_sentence, whole)) / len(whole), 4),
    }
    digest = hashlib.sha256("\n".join(stories).encode()).hexdigest()
    facts = {"steps": steps, "seconds": history.seconds, "data_sha256": digest, "results": results}
    return model, facts | {"alphabet": alphabet.known}


def _next_character_loss(model: nn.Module, ids: Tensor, starts: Tensor) -> Tensor:
    """Mean cost of the next character, in nats, over windows of the whole context that begin at the given places."""
    window = ids[starts[:, None] + torch.arange(model.config["context_length"] + 1)]
    return F.cross_entropy(model(window[:, :-1]).flatten(0, 1), window[:, 1:].flatten())


def _story_starts(ids: Tensor) -> list[int]:
    """Places of the line breaks that begin a story."""
    return (ids[:-200] == 0).nonzero()[:, 0].tolist()


def _rename(text: str, dice: random.Random) -> str:
    """Give every person of a story a made-up name of one to three syllables."""
    for name in sorted(set(re.findall(r"\b[A-Z]\w+", text)) & set(NAMES)):
        made_up = "".join(
            dice.choice("bcdfghjklmnpqrstvwxyz") + dice.choice("aeiouy") for _ in range(dice.randint(1, 3))
        )
        text = re.sub(rf"\b{name}\b", (made_up + dice.choice(["", *"lmnrsx"])).capitalize(), text)
    return text


def make_ring_gan(seed: int) -> tuple[nn.Module, dict]:
    """Lesson 11's generator of a ring of eight clouds: its game, its averaged weights. 10 seconds."""
    data, steps = ring(), 1_500
    game = Game(PointGenerator(), PointDiscriminator())
    history = train(lambda i: game.step(data.sample), steps, "ring_gan", seed)
    torch.manual_seed(seed + 1)
    made, facts = game.average.eval().sample(10_000), (data.centres, data.sigma)
    results = {"modes": modes_found(made, *facts), "share_near": round(share_near(made, *facts), 3)}
    digest = hashlib.sha256(data.centres.numpy().tobytes()).hexdigest()
    return game.average, {"steps": steps, "seconds": history.seconds, "data_sha256": digest, "results": results}


MAKERS = {
    "classifier": Maker(make_classifier),
    "glyph_gan": Maker(make_glyph_gan),
    "glyph_vae": Maker(make_glyph_vae),
    "ring_gan": Maker(make_ring_gan),
    "story_gpt": Maker(make_story_gpt),
}
