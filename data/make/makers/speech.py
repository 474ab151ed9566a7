"""The checkpoint of lesson 37: a model that writes down spoken digits. No recording is in it, all voices are made."""

import hashlib
import json
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers import voices
from helpers.audio import log_mel, word_error_rate
from helpers.models.attention import attention_maps
from helpers.models.speech import Listener
from helpers.sampling import beam_search
from helpers.session import device
from helpers.spoken import WORDS, Bank, Spoken, babble, make_bank, some_speakers, strings, white
from helpers.text import BOS, EOS
from makers.common import Maker, train

STEPS, BATCH_WORDS, LONGEST = 600, 60, 6
SPEAKERS = {"train": 60, "test": 40, "children": 40}
LEVELS = (20, 10, 5, 0)  # dB


def make_listener(seed: int) -> tuple[nn.Module, dict]:
    """The Transformer that listens, trained with noise. 2 min a seed."""
    bank = make_bank(some_speakers(SPEAKERS["train"], "train", seed), 2, seed)
    g = torch.Generator().manual_seed(seed)
    tapes = [white(60, g), babble(bank, 60, g)]
    torch.manual_seed(seed)
    model = Listener(len(WORDS)).to(device())
    for name, weight in model.named_parameters():
        if name.endswith(("out.weight", "mlp.2.weight")):
            nn.init.zeros_(weight)
    history = train(listening_step(model, bank, tapes, STEPS, g), STEPS, "listener", seed)
    model.eval()
    results = {name: round(value, 5) for name, value in listening_scores(model).items()}
    recipe = json.dumps([voices.VOWELS, voices.CONSONANTS, voices.SOUNDS, SPEAKERS, seed])
    digest = hashlib.sha256(recipe.encode()).hexdigest()
    return model.cpu(), {"steps": STEPS, "seconds": history.seconds, "data_sha256": digest, "results": results}


def listening_step(model: Listener, bank: Bank, tapes: list[Tensor], steps: int, g: torch.Generator) -> Callable:
    """Strings that grow from 1 to 6 digits, with noise 0 to 30 dB below the voice; Muon for the blocks' matrices."""
    matrices = [p for p in [*model.blocks.parameters(), *model.decoder.blocks.parameters()] if p.ndim == 2]
    inside = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in inside]
    muon = torch.optim.Muon(matrices, lr=0.02, weight_decay=0.01)
    adam = torch.optim.AdamW(rest, lr=5e-3, betas=(0.9, 0.95), weight_decay=0.01)

    def step(i: int) -> dict[str, Tensor]:
        longest = min(LONGEST, 1 + int(LONGEST * i / (0.3 * steps)))
        size = int(torch.randint(1, longest + 1, (), generator=g))
        batch = strings(bank, max(8, BATCH_WORDS // size), (size, size), g)
        waves = batch.noisy(tapes[i % 2], 30 * torch.rand(len(batch.waves), generator=g), g)
        frames, target = (part.to(device()) for part in (log_mel(waves, batch.lengths), batch.targets()))
        logits = model(frames, target[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=0)
        height = min(1.0, (i + 1) / 20, (1 - i / steps) / 0.6)
        for optimizer, peak in ((muon, 0.02), (adam, 5e-3)):
            optimizer.param_groups[0]["lr"] = peak * height
        loss.backward()
        for optimizer in (muon, adam):
            optimizer.step()
            optimizer.zero_grad()
        return {"loss": loss}

    return step


def listening_scores(model: Listener) -> dict[str, float]:
    """Word error rates on voices that training never had, in silence and in noise; the share of attention inside."""
    g = torch.Generator().manual_seed(1000)
    banks = {split: make_bank(some_speakers(SPEAKERS[split], split), 1, 1000) for split in ("test", "children")}
    unseen = strings(banks["test"], 300, (1, LONGEST), g)
    results = {
        "unseen": error_rate(model, unseen),
        "one_digit": error_rate(model, strings(banks["test"], 400, (1, 1), g)),
        "long": error_rate(model, strings(banks["test"], 100, (LONGEST + 1, 10), g)),
        "children": error_rate(model, strings(banks["children"], 200, (1, LONGEST), g)),
    }
    for kind, tape in (("white", white(60, g)), ("babble", babble(banks["test"], 60, g))):
        for snr in LEVELS:
            results[f"{kind}_{snr}"] = error_rate(model, unseen, unseen.noisy(tape, float(snr), g))
    for block, share in enumerate(attention_inside(model, strings(banks["test"], 150, (1, LONGEST), g))):
        results[f"attention_inside_{block}"] = share
    return results


@torch.no_grad()
def error_rate(model: Listener, spoken: Spoken, waves: Tensor | None = None) -> float:
    """Word error rate of what the model writes alone."""
    heard = []
    waves = spoken.waves if waves is None else waves
    for part, n in zip(waves.split(50), spoken.lengths.split(50), strict=True):
        frames = log_mel(part[:, : int(n.max())], n).to(device())
        heard += [WORDS.decode(row) for row in beam_search(model, frames, WORDS[BOS], WORDS[EOS], 20).tolist()]
    return word_error_rate(spoken.texts, heard)


def attention_inside(model: Listener, spoken: Spoken) -> list[float]:
    """Of each decoder block, the mean share of cross-attention that falls inside the word being written."""
    frames, target = (part.to(device()) for part in (log_mel(spoken.waves, spoken.lengths), spoken.targets()))
    maps = [m.mean(1).cpu() for m in attention_maps(model, frames, target[:, :-1])[model.config["n_layers"] + 1 :: 2]]
    times = 0.016 + 0.04 * torch.arange(maps[0].shape[2])  # seconds, the middle of each place
    shares = [
        [float(m[row, place, (times >= begin) & (times <= end)].sum()) for m in maps]
        for row, spans in enumerate(spoken.spans)
        for place, (begin, end) in enumerate(spans)
    ]
    return torch.tensor(shares).mean(0).tolist()


MAKERS = {"listener": Maker(make_listener, seeds=(0, 1, 2))}
