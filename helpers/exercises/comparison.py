"""Exercises of lesson 41, a fair comparison."""

import torch
from torch import Tensor

from helpers import comparison, race
from helpers.exercises.core import Exercise, register
from helpers.models import patch_gpt

LESSON = "41_comparison"
CURVE = [(1, 0.0), (2, 0.3), (4, 0.55), (8, 0.48), (15, 0.9)]
MIXED = [CURVE[i] for i in (2, 4, 0, 1, 3)]


def _guesses(seed: int = 0) -> tuple[Tensor, Tensor]:
    chance = torch.Generator().manual_seed(seed)
    return torch.randn(2, 3, 4, 5, generator=chance), torch.randint(5, (2, 3, 4), generator=chance)


register(
    Exercise(
        "earlier_mask", LESSON, 2, 6, patch_gpt.earlier_mask,
        cases=lambda: [(3,), (5,)],
        mistakes={
            "The diagonal is 1: a pixel would be guessed from itself, and cost nothing.":
                lambda n: torch.ones(n, n).triu(),
            "Rows and columns are swapped: a pixel would see only those that come after it.":
                lambda n: torch.ones(n, n).tril(-1),
            "That is lesson 31's mask: there row t says what t may see, itself included; here row f is the pixel seen.":
                lambda n: torch.ones(n, n).tril(),
            "Everything is 1: nothing is hidden.":
                lambda n: torch.ones(n, n),
            "Only the neighbour before is seen: all earlier pixels may be.":
                lambda n: torch.ones(n, n).triu(1).tril(1),
        },
        hints=(
            "For three pixels: the first is seen by the second and third, the second by the third, the third by none.",
            "torch.triu keeps what lies on and above a diagonal; its second argument says which.",
            "torch.ones(n, n).triu(1)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "picture_nats", LESSON, 3, 10, patch_gpt.picture_nats,
        cases=lambda: [_guesses(), _guesses(1)],
        mistakes={
            "That is the mean over the pixels: a picture costs the sum of what its pixels cost.":
                lambda logits, patches: patch_gpt.picture_nats(logits, patches) / patches[0].numel(),
            "That is log p(x), which is never positive; the cost is its negative.":
                lambda logits, patches: -patch_gpt.picture_nats(logits, patches),
            "You added up the whole batch: one number for each picture.":
                lambda logits, patches: patch_gpt.picture_nats(logits, patches).sum(),
            "The logits are not logarithms of probabilities yet: log_softmax over the shades comes first.":
                lambda logits, patches: -logits.gather(-1, patches[..., None]).flatten(1).sum(1),
            "The softmax runs over the pixels: it belongs to the shades, the last dimension.":
                lambda logits, patches: -logits.log_softmax(2).gather(-1, patches[..., None]).flatten(1).sum(1),
        },
        hints=(
            "log_softmax over the last dimension turns logits into log probabilities.",
            "gather(-1, patches[..., None]) picks, at each pixel, that of the shade which is really there.",
            "-logits.log_softmax(-1).gather(-1, patches[..., None]).flatten(1).sum(1)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "first_good", LESSON, 1, 6, comparison.first_good,
        cases=lambda: [(CURVE, 0.5), (CURVE, 0.95), (MIXED, 0.2), (CURVE, 0.3)],
        mistakes={
            "You gave the last time at which the bar was reached: the first is asked for.":
                lambda curve, bar: max((s for s, share in curve if share >= bar), default=None),
            "You gave the share, not the seconds.":
                lambda curve, bar: next((share for _, share in sorted(curve) if share >= bar), None),
            "A share that equals the bar has reached it: >=, not >.":
                lambda curve, bar: next((s for s, share in sorted(curve) if share > bar), None),
            "If the bar is never reached, say None: the last look is not a success.":
                lambda curve, bar: next((s for s, share in sorted(curve) if share >= bar), max(curve)[0]),
            "The looks may come in any order: sort them by their seconds.":
                lambda curve, bar: next((s for s, share in curve if share >= bar), None),
        },
        hints=(
            "Go through the pairs in order of seconds and stop at the first share that is high enough.",
            "next(generator, None) gives the first, or None if there is none.",
            "next((s for s, share in sorted(curve) if share >= bar), None)",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "win_share", LESSON, 2, 8, comparison.win_share,
        cases=lambda: [([1.0, 2.0, 3.0], [2.0, 5.0]), ([4.0, 4.0], [1.0, 4.0, 6.0]), ([1.0], [9.0])],
        mistakes={
            "Larger counted as better: of distances, the lower wins.":
                lambda a, b: 1 - comparison.win_share(a, b),
            "Ties count nothing in yours: give one half, or the shares of a and b do not add up to 1.":
                lambda a, b: sum(x < y for x in a for y in b) / (len(a) * len(b)),
            "Ties count as wins in yours: give one half.":
                lambda a, b: sum(x <= y for x in a for y in b) / (len(a) * len(b)),
            "You compared run by run in order: seeds of different models are no pairs, so take all of them.":
                lambda a, b: sum(x < y for x, y in zip(a, b, strict=False)) / min(len(a), len(b)),
            "That is the number of wins: divide by the number of pairs.":
                lambda a, b: comparison.win_share(a, b) * len(a) * len(b),
        },
        hints=(
            "Compare every run of a with every run of b.",
            "A win counts 1, a tie one half, a loss 0; take the mean.",
            "sum((x < y) + 0.5 * (x == y) for x in a for y in b) / (len(a) * len(b))",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "evenness", LESSON, 2, 8, race.evenness,
        cases=lambda: [(torch.tensor([[1.0, 1.0], [1.0, 2.0], [1.0, 6.0]]),), (_guesses()[0][0, 0].abs(),)],
        mistakes={
            "You took one longest step for all walks: each walk has its own, amax(0).":
                lambda steps: (steps.mean() / steps.max()).item(),
            "You compared walks, not steps: the steps of a walk lie along dimension 0.":
                lambda steps: (steps.mean(1) / steps.amax(1)).mean().item(),
            "Upside down: the mean step over the longest lies between 0 and 1.":
                lambda steps: (steps.amax(0) / steps.mean(0)).mean().item(),
            "That is the shortest step over the longest: the mean one is asked for.":
                lambda steps: (steps.amin(0) / steps.amax(0)).mean().item(),
        },
        hints=(
            "For each walk, a column: its mean step divided by its longest step.",
            "steps.mean(0) and steps.amax(0) both have one number for each walk.",
            "(steps.mean(0) / steps.amax(0)).mean().item()",
        ),
    )
)  # fmt: skip
