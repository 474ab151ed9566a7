"""Exercises of lesson 24, molecules, and the measures that they ask for."""

from collections.abc import Callable, Collection, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from helpers.exercises.core import Exercise, register
from helpers.models.molecule_vae import PAD

LESSON = "24_drug_discovery"


def tanimoto(a: Tensor, b: Tensor) -> Tensor:
    r"""How alike two molecules are: of all the fragments that either has, the share that both have.

    $$\frac{|A\cap B|}{|A\cup B|}$$

    Args:
        a, b: Fingerprints, one boolean for each fragment, shape (B, D).
    Returns:
        From 0 (nothing shared) to 1 (the same fragments), shape (B,).
    Source: Tanimoto 1958; Jaccard 1901.
    """
    return (a & b).sum(1) / (a | b).sum(1)


def generation_scores(made: Sequence[str | None], known: Collection[str]) -> tuple[float, float, float]:
    """Judge a set of made-up molecules.

    Args:
        made: Each one's canonical SMILES, or None for a text that is no molecule; at least one is valid.
        known: Canonical SMILES of the training molecules.
    Returns:
        Validity (of all texts), uniqueness (different ones among the valid), novelty (unknown ones among those).
    """
    valid = [smiles for smiles in made if smiles is not None]
    different = set(valid)
    return len(valid) / len(made), len(different) / len(valid), len(different - set(known)) / len(different)


def token_nll(logits: Tensor, targets: Tensor) -> Tensor:
    r"""What it costs to tell each text, token by token; padding is free.

    $$-\log p(x\mid z) = -\sum_t \log p(x_t \mid x_{<t}, z)$$

    Args:
        logits: One row for each next token, shape (B, T, V).
        targets: The tokens that came, int64, shape (B, T); 0 is padding.
    Returns:
        Nats for each text, shape (B,).
    """
    return F.cross_entropy(logits.mT, targets, ignore_index=PAD, reduction="none").sum(1)


def kl_weight(step: int, steps: int, share: float) -> float:
    """Weight of the KL during training: it rises evenly from 0 and stays at 1.

    Args:
        step: The step under way, from 0.
        steps: How many there are.
        share: After this share of them the weight is 1, in (0, 1].
    Source: Bowman et al. 2016, arXiv:1511.06349, section 3.1.
    """
    return min(1.0, step / (share * steps))


def slerp(a: Tensor, b: Tensor, t: float) -> Tensor:
    r"""A code on the way from a to b along the arc between them, not along the chord.

    $$\frac{\sin((1-t)\,\omega)}{\sin\omega}\,a + \frac{\sin(t\,\omega)}{\sin\omega}\,b, \qquad
    \cos\omega = \frac{a\cdot b}{\lVert a\rVert\,\lVert b\rVert}$$

    Args:
        a, b: Codes that do not lie on one line through zero, shape (Z,).
        t: 0 at a, 1 at b.
    Returns:
        Shape (Z,); as long as a and b where these are equally long.
    Source: Shoemake 1985; for codes White 2016, arXiv:1609.04468.
    """
    omega = torch.acos(F.cosine_similarity(a, b, dim=0))
    return (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / torch.sin(omega)


def climb(z: Tensor, objective: Callable[[Tensor], Tensor], steps: int, rate: float) -> Tensor:
    r"""Move codes uphill, each by its own slope: $z \leftarrow z + \eta\,\nabla_z f(z)$, again and again.

    Args:
        z: Where to begin, shape (B, Z).
        objective: Gives each code a number, (B, Z) -> (B,).
        steps: How often, at least 1.
        rate: Eta, how far a slope of 1 carries.
    Returns:
        Where the codes end, shape (B, Z), without gradients.
    """
    for _ in range(steps):
        z = z.detach().requires_grad_()
        (slope,) = torch.autograd.grad(objective(z).sum(), z)
        z = z + rate * slope
    return z.detach()


def _numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _hill(z: Tensor) -> Tensor:
    """A bent hill with its top at (1, -2, 1, ...), (B, Z) -> (B,)."""
    top = torch.tensor([1.0, -2.0]).repeat(z.shape[1])[: z.shape[1]]
    return -(z - top).pow(4).sum(1).add(1).log()


def _descend(z: Tensor, objective: Callable[[Tensor], Tensor], steps: int, rate: float) -> Tensor:
    return climb(z, lambda x: -objective(x), steps, rate)


def _one_slope(z: Tensor, objective: Callable[[Tensor], Tensor], steps: int, rate: float) -> Tensor:
    return z + steps * (climb(z, objective, 1, rate) - z)


def _made() -> list[tuple]:
    made = ["CCO", "CCN", None, "CCO", "c1ccccc1", "CCN", None]
    return [(made, ["CCO", "CCC"]), (["C", "CC", "CCC", "CC"], ["O"]), (["C", None, "C"], ["C", "CC"])]


def _told_by(scores: Tensor, targets: Tensor) -> Tensor:
    """Minus the sum of the scores of the tokens that came."""
    return -(scores.gather(2, targets[..., None])[..., 0] * (targets != PAD)).sum(1)


def _sieved(made: list, known: list) -> tuple[int, int, int]:
    """How many are valid, different, and new."""
    different = {m for m in made if m}
    return sum(m is not None for m in made), len(different), len(different - set(known))


def _with_none(made: list, known: list) -> tuple[float, float]:
    """Uniqueness and novelty where None counts as one more molecule."""
    return len(set(made)) / sum(m is not None for m in made), len(set(made) - set(known)) / len(set(made))


def _share(made: list, wanted: Callable[[str], bool]) -> float:
    valid = [m for m in made if m]
    return sum(map(wanted, valid)) / len(valid)


def _scores_but(place: int, value: float, made: list, known: list) -> tuple[float, ...]:
    """The right scores with one of them replaced."""
    scores = list(generation_scores(made, known))
    scores[place] = value
    return tuple(scores)


def _cosine_as_angle(a: Tensor, b: Tensor, t: float) -> Tensor:
    omega = F.cosine_similarity(a, b, dim=0)
    return (torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / torch.sin(omega)


def _piled_up(z: Tensor, objective: Callable[[Tensor], Tensor], steps: int, rate: float) -> Tensor:
    """Each step adds the slopes of all steps before, as `.backward()` without zeroing does."""
    pile = torch.zeros_like(z)
    for _ in range(steps):
        pile = pile + climb(z, objective, 1, 1.0) - z
        z = z + rate * pile
    return z


def _unit_slopes(z: Tensor, objective: Callable[[Tensor], Tensor], steps: int, rate: float) -> Tensor:
    for _ in range(steps):
        z = z + rate * F.normalize(climb(z, objective, 1, 1.0) - z)
    return z


def _told() -> list[tuple[Tensor, Tensor]]:
    return [
        (_numbers(3, 4, 6), torch.tensor([[1, 5, 3, 2], [4, 2, 0, 0], [3, 2, 0, 0]])),
        (_numbers(2, 3, 5, seed=1), torch.tensor([[4, 1, 2], [2, 0, 0]])),
    ]


register(
    Exercise(
        "tanimoto", LESSON, 1, 5, tanimoto,
        cases=lambda: [
            (torch.tensor([[1, 1, 0, 0, 1], [1, 0, 0, 0, 0]]) > 0,
             torch.tensor([[1, 0, 0, 1, 1], [1, 0, 1, 0, 0]]) > 0),
            (_numbers(4, 20) > 0.4, _numbers(4, 20, seed=1) > 0.1),
        ],
        mistakes={
            "You counted places that are off in both as shared: what neither molecule has says nothing.":
                lambda a, b: (a == b).float().mean(1),
            "You divided by all places: divide by those that are on in at least one of the two.":
                lambda a, b: (a & b).float().mean(1),
            "You added the two counts: what both have counts once in the union.":
                lambda a, b: (a & b).sum(1) / (a.sum(1) + b.sum(1)),
            "That is twice the shared ones over the sum of both (Dice): Tanimoto divides by the union.":
                lambda a, b: 2 * (a & b).sum(1) / (a.sum(1) + b.sum(1)),
            "You divided by what the first one has: asked the other way round, you would get another number.":
                lambda a, b: (a & b).sum(1) / a.sum(1),
            "That is a number of shared fragments: divide by those that either has.":
                lambda a, b: (a & b).sum(1).float(),
        },
        hints=(
            "Two counts for each row: fragments in both, fragments in at least one.",
            "For booleans & is `both` and | is `at least one`; sum(1) counts along a row.",
            "(a & b).sum(1) / (a | b).sum(1)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "token_nll", LESSON, 3, 10, token_nll,
        cases=_told,
        mistakes={
            "You counted the padding: after its end a text costs nothing.":
                lambda logits, targets: F.cross_entropy(logits.mT, targets, reduction="none").sum(1),
            "You averaged over the tokens: a longer text costs more, so add them up.":
                lambda logits, targets: token_nll(logits, targets) / (targets != PAD).sum(1),
            "You averaged over the batch: return one cost for each text.":
                lambda logits, targets: token_nll(logits, targets).mean(),
            "The sign is flipped: a cost is minus the logarithm of a probability.":
                lambda logits, targets: -token_nll(logits, targets),
            "The softmax runs over the tokens of the vocabulary, the last dimension, not over time.":
                lambda logits, targets: _told_by(logits.log_softmax(1), targets),
            "cross_entropy takes logits: it does the softmax itself.":
                lambda logits, targets: token_nll(logits.softmax(2), targets),
            "Those are logits, not logarithms of probabilities: log_softmax first.":
                lambda logits, targets: _told_by(logits, targets),
        },
        hints=(
            "A sum over the places of a text of minus log p(the token that came); skip places that are padding.",
            "F.cross_entropy(..., reduction='none') gives each place its cost; it wants (B, V, T): pass logits.mT.",
            "F.cross_entropy(logits.mT, targets, ignore_index=0, reduction='none').sum(1)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "kl_weight", LESSON, 1, 5, kl_weight,
        cases=lambda: [(0, 100, 0.5), (50, 100, 0.5), (90, 100, 0.5), (30, 120, 0.75), (1, 50, 1e-9)],
        mistakes={
            "It goes on rising beyond 1: from there on it stays, and the loss is minus the ELBO itself.":
                lambda step, steps, share: step / (share * steps),
            "The share is not used: the weight is 1 only at the end.":
                lambda step, steps, share: step / steps,
            "That is a jump: the weight should rise evenly from 0.":
                lambda step, steps, share: float(step >= share * steps),
            "You counted steps from 1: at step 0 the weight is 0.":
                lambda step, steps, share: min(1.0, (step + 1) / (share * steps)),
            "It falls: the code is free at the beginning, and paid for later.":
                lambda step, steps, share: max(0.0, 1 - step / (share * steps)),
        },
        hints=(
            "A straight line from 0, cut off at 1.",
            "The line reaches 1 at step share * steps.",
            "min(1.0, step / (share * steps))",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "generation_scores", LESSON, 2, 10, generation_scores,
        cases=_made,
        mistakes={
            "Uniqueness asks the valid ones only: a broken text is not another molecule.":
                lambda made, known: _scores_but(1, len(set(made)) / len(made), made, known),
            "None is no molecule: leave it out before you count different ones.":
                lambda made, known: (*generation_scores(made, known)[:1], *_with_none(made, known)),
            "You counted repetitions in the novelty: ask it of the different molecules.":
                lambda made, known: _scores_but(2, _share(made, lambda m: m not in known), made, known),
            "That is the share of known ones: novel are the others.":
                lambda made, known: _scores_but(2, 1 - generation_scores(made, known)[2], made, known),
            "You divided by all texts each time: each score asks those that passed the one before.":
                lambda made, known: tuple(n / len(made) for n in _sieved(made, known)),
            "Those are counts: give shares.":
                lambda made, known: _sieved(made, known),
        },
        hints=(
            "Three sieves, one after the other; each score is what passes over what came.",
            "valid = [m for m in made if m is not None]; different = set(valid)",
            "len(valid) / len(made), len(different) / len(valid), len(different - set(known)) / len(different)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "slerp", LESSON, 3, 10, slerp,
        cases=lambda: [
            (_numbers(5), _numbers(5, seed=1), 0.3), (_numbers(5), _numbers(5, seed=1), 0.0),
            (torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0]), 0.5), (_numbers(8, seed=2), _numbers(8, seed=3), 0.9),
        ],
        mistakes={
            "That is the straight line: it cuts through the middle, where the prior has hardly any codes.":
                lambda a, b, t: (1 - t) * a + t * b,
            "The ends are swapped: t = 0 is a.":
                lambda a, b, t: slerp(b, a, t),
            "The angle needs the cosine: divide the dot product by both lengths.":
                lambda a, b, t: (
                    (torch.sin((1 - t) * torch.acos((a @ b).clamp(-0.999, 0.999))) * a
                     + torch.sin(t * torch.acos((a @ b).clamp(-0.999, 0.999))) * b)
                    / torch.sin(torch.acos((a @ b).clamp(-0.999, 0.999)))
                ),
            "You used the cosine as the angle: take torch.acos of it.": _cosine_as_angle,
            "The codes came out as if both were 1 long: use the directions for the angle alone.":
                lambda a, b, t: slerp(F.normalize(a, dim=0), F.normalize(b, dim=0), t),
            "You forgot to divide by sin(omega): at t = 0 the result has to be a.":
                lambda a, b, t: slerp(a, b, t) * torch.sin(torch.acos(F.cosine_similarity(a, b, dim=0))),
            "You made the result 1 long: codes keep their length.":
                lambda a, b, t: F.normalize(slerp(a, b, t), dim=0),
        },
        hints=(
            "First the angle between a and b, then the two weights.",
            "omega = torch.acos(F.cosine_similarity(a, b, dim=0))",
            "(torch.sin((1 - t) * omega) * a + torch.sin(t * omega) * b) / torch.sin(omega)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "climb", LESSON, 3, 15, climb,
        cases=lambda: [(_numbers(4, 3), _hill, 3, 0.1), (_numbers(2, 2, seed=1), _hill, 1, 0.5)],
        mistakes={
            "You walk downhill: add the slope.": _descend,
            "You averaged over the batch before the slope, so each code moves B times too little: take the sum.":
                lambda z, objective, steps, rate: climb(z, objective, steps, rate / len(z)),
            "You used the first slope for every step: ask for a new one where the code stands now.": _one_slope,
            "The slopes pile up: after .backward() set z.grad to None, or ask torch.autograd.grad.": _piled_up,
            "You made every slope 1 long: a flat place should move a code less.": _unit_slopes,
            "That is a single step: repeat it.":
                lambda z, objective, steps, rate: climb(z, objective, 1, rate),
            "You went one step too far.":
                lambda z, objective, steps, rate: climb(z, objective, steps + 1, rate),
        },
        hints=(
            "Each code's number depends on its own row alone, so the slope of the *sum* holds every code's slope.",
            "z = z.detach().requires_grad_(); (slope,) = torch.autograd.grad(objective(z).sum(), z)",
            "for _ in range(steps): the two lines above, then z = z + rate * slope. At the end return z.detach().",
        ),
    )
)  # fmt: skip
