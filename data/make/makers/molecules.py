"""The checkpoints of lesson 24: the same VAE of molecules on SELFIES and on SMILES. 12 min a seed on one thread."""

import hashlib
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from helpers.exercises.molecules import climb, generation_scores, kl_weight, token_nll
from helpers.losses import gaussian_kl, reparameterize
from helpers.models.molecule_vae import PAD, MoleculeVAE
from helpers.molecules import PROPERTIES, MoleculeSet, Tokens, canonical, load_molecules, qed_of
from makers.common import Maker, rounded, train

BETA, WARM_UP = 0.4, 0.5  # weight of the KL at the end, and the share of the steps after which it is reached
SHARPNESS = 0.25  # standard deviation, in those of the data, to which properties are to be guessed
N_JUDGED = 2000  # molecules written from the prior, and held-out ones
STARTS, DECODES = 200, 5  # codes that a search begins with, and how often each may be written
PULL, RATE, STEPS = 0.05, 0.2, 8  # of the climb between two decodes
REACHES = (0.3, 0.6, 1.0)  # of a random step


def make_molecule_vae(seed: int, kind: str) -> tuple[nn.Module, dict]:
    """Train it on the library's 36,000 molecules."""
    torch.manual_seed(seed)
    data, steps = load_molecules(), 4_000
    tokens, y = Tokens.of(kind, data.smiles), torch.stack([data.properties[name] for name in PROPERTIES], 1)
    model = MoleculeVAE(len(tokens))
    step = training_step(model, tokens.encode(data.smiles), (y - y.mean(0)) / y.std(0), steps)
    history = train(step, steps, f"molecules, {kind}", seed)
    results = written_facts(model.eval(), tokens, data, seed)
    if kind == "selfies":
        results |= search_facts(model, tokens, y, seed)
    return model, {
        "steps": steps,
        "seconds": history.seconds,
        "data_sha256": hashlib.sha256("\n".join(data.smiles).encode()).hexdigest(),
        "tokens": {"kind": kind, "known": list(tokens.known)},
        "property_mean": y.mean(0).tolist(),
        "property_std": y.std(0).tolist(),
        "results": rounded(results),
    }


def training_step(model: MoleculeVAE, ids: Tensor, y: Tensor, steps: int, batch_size: int = 128) -> Callable:
    """One update on texts of about the same length, so that little of a batch is padding."""
    lengths = (ids != PAD).sum(1)
    by_length = lengths.argsort()
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps, pct_start=0.1)

    def step(i: int) -> dict[str, Tensor]:
        begin = int(torch.randint(len(ids) - batch_size + 1, ()))
        chosen = by_length[begin : begin + batch_size]
        x = ids[chosen, : lengths[chosen].max()]
        logits, guessed, mu, logvar = model(x)
        recon, kl = token_nll(logits, x[:, 1:]).mean(), gaussian_kl(mu, logvar).mean()
        off = 0.5 * ((guessed - y[chosen]) / SHARPNESS).square().sum(1).mean()
        optimizer.zero_grad()
        (recon + off + BETA * kl_weight(i, steps, WARM_UP) * kl).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        return {"recon": recon, "kl": kl, "properties": off}

    return step


def written_facts(model: MoleculeVAE, tokens: Tokens, data: MoleculeSet, seed: int) -> dict[str, float]:
    """Nats on held-out molecules, the share of them that comes back, and the scores of 2,000 written from the prior."""
    torch.manual_seed(seed + 1)
    some = load_molecules(split="test", n=N_JUDGED).smiles
    ids = tokens.encode(some)
    with torch.no_grad():
        logits, _, mu, logvar = model(ids)
    back = tokens.decode(model.write(mu))
    facts = {
        "recon": token_nll(logits, ids[:, 1:]).mean().item(),
        "kl": gaussian_kl(mu, logvar).mean().item(),
        "reconstructed": sum(canonical(a) == canonical(b) for a, b in zip(back, some, strict=True)) / len(some),
    }
    z, known = torch.randn(N_JUDGED, mu.shape[1]), {canonical(s) for s in data.smiles}
    for way, temperature in (("", 0.0), ("_drawn", 1.0)):
        made = [canonical(s) for s in tokens.decode(model.write(z, temperature=temperature))]
        scores = generation_scores(made, known)
        facts |= {f"{n}{way}": v for n, v in zip(("validity", "uniqueness", "novelty"), scores, strict=True)}
        facts[f"qed{way}"] = qed_of(s for s in made if s).mean().item()
    return facts


def objective(model: MoleculeVAE, z: Tensor, pull: float = PULL) -> Tensor:
    """What a climb rises on, (B, Z) -> (B,): guessed QED in standard deviations, less a price for leaving the prior."""
    return model.predict(z)[:, 0] - pull * 0.5 * z.square().sum(1)


def search_facts(model: MoleculeVAE, tokens: Tokens, y: Tensor, seed: int) -> dict[str, float]:
    """How well properties are guessed, and the mean QED that each search hands in, from one set of starts."""
    held_out = load_molecules(split="test")
    torch.manual_seed(seed + 2)
    with torch.no_grad():
        mu, logvar = model.encode(tokens.encode(held_out.smiles))
        guessed = model.predict(reparameterize(mu, logvar, torch.randn_like(mu))) * y.std(0) + y.mean(0)
    true = torch.stack([held_out.properties[name] for name in PROPERTIES], 1)
    r2 = 1 - (guessed - true).square().mean(0) / (true - y.mean(0)).square().mean(0)

    def qed(z: Tensor) -> Tensor:
        return qed_of(tokens.decode(model.write(z)))

    noise = torch.randn(DECODES, STARTS, mu.shape[1])
    drawn = torch.stack([qed(z) for z in noise])  # (DECODES, STARTS)
    way = [noise[0]]
    for _ in range(DECODES - 1):
        way.append(climb(way[-1], partial(objective, model), STEPS, RATE))
    risen = torch.stack([qed(z) for z in way])
    facts = {f"r2_{name}": value for name, value in zip(PROPERTIES, r2.tolist(), strict=True)}
    facts |= {"search_prior": drawn.mean().item(), "search_best_of": drawn.max(0).values.mean().item()}
    for reach in REACHES:
        z, best = noise[0], drawn[0]
        for direction in noise[1:]:
            tried = z + reach * direction
            found = qed(tried)
            z, best = torch.where((found > best)[:, None], tried, z), torch.maximum(found, best)
        facts[f"search_random_{reach}"] = best.mean().item()
    facts |= {"search_uphill_end": risen[-1].mean().item(), "search_uphill": risen.max(0).values.mean().item()}
    facts["search_uphill_unique"] = len({canonical(s) for s in tokens.decode(model.write(way[-1]))}) / STARTS
    return facts | {"search_lift": facts["search_uphill_end"] - facts["search_prior"]}


MAKERS = {
    "molecule_vae": Maker(partial(make_molecule_vae, kind="selfies"), seeds=(0, 1, 2)),
    "smiles_vae": Maker(partial(make_molecule_vae, kind="smiles"), seeds=(0, 1, 2)),
}
