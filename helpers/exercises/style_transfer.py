"""Exercises of lesson 13, style transfer."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from helpers.exercises.core import Exercise, Wrong, register
from helpers.models import cyclegan

LESSON = "13_style_transfer"
Net = Callable[[Tensor], Tensor]


def _numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def _pictures(n: int, seed: int) -> Tensor:
    return torch.rand(n, 1, 4, 4, generator=torch.Generator().manual_seed(seed))


def _there(x: Tensor) -> Tensor:
    """A made-up translator: turns pictures on their side and darkens them."""
    return 0.8 * x.transpose(-1, -2)


def _back(y: Tensor) -> Tensor:
    """Its partner, which goes back nearly: flips instead of turning."""
    return 1.1 * y.flip(-1)


def _scores() -> list[tuple[Tensor, Tensor]]:
    return [(_numbers(3, 1), _numbers(4, 1, seed=1)), (1 + _numbers(5, 1, seed=2), 0.3 * _numbers(2, 1, seed=3))]


register(
    Exercise(
        "lsgan_discriminator_loss", LESSON, 1, 5, cyclegan.lsgan_discriminator_loss,
        cases=_scores,
        mistakes={
            "Real and made are swapped: real pictures should score 1, made ones 0.":
                lambda real, fake: (fake - 1).square().mean() + real.square().mean(),
            "You pulled both to 1: made pictures should score 0.":
                lambda real, fake: (real - 1).square().mean() + (fake - 1).square().mean(),
            "Those are distances without the square: least squares wants (score - target) ** 2.":
                lambda real, fake: (real - 1).abs().mean() + fake.abs().mean(),
            "You added over the pictures: take the mean of each group.":
                lambda real, fake: (real - 1).square().sum() + fake.square().sum(),
            "You halved the sum: this loss adds the two means.":
                lambda real, fake: cyclegan.lsgan_discriminator_loss(real, fake) / 2,
            "You took a sigmoid first: least squares works on the plain scores.":
                lambda real, fake: cyclegan.lsgan_discriminator_loss(real.sigmoid(), fake.sigmoid()),
            "That is the loss of lesson 11, with logarithms: here the scores themselves should be 1 and 0.":
                lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(),
        },
        hints=(
            "Two means: one over real scores, one over made ones.",
            "How far is a real score from 1, a made score from 0? Square it.",
            "(real_scores - 1).square().mean() + fake_scores.square().mean()",
        ),
    )
)  # fmt: skip


def _trip(i: int) -> tuple[Net, Net, Tensor, Tensor, Tensor, Tensor]:
    x, y = _pictures(3, i), _pictures(3, i + 10)
    return _there, _back, x, y, _there(x), _back(y)


register(
    Exercise(
        "cycle_loss", LESSON, 2, 10, cyclegan.cycle_loss,
        cases=lambda: [_trip(1), _trip(2)],
        mistakes={
            "Only the trip from X is there: the pictures of Y travel, too.":
                lambda g, f, x, y, made_y, made_x: (f(made_y) - x).abs().mean(),
            "Only the trip from Y is there: the pictures of X travel, too.":
                lambda g, f, x, y, made_y, made_x: (g(made_x) - y).abs().mean(),
            "You compare the translations with the originals; that forbids any change. Go back first.":
                lambda g, f, x, y, made_y, made_x: (made_y - x).abs().mean() + (made_x - y).abs().mean(),
            "The wrong translator goes back: a made y returns through `back`, a made x through `there`.":
                lambda g, f, x, y, made_y, made_x: (g(made_y) - x).abs().mean() + (f(made_x) - y).abs().mean(),
            "x and y are not pairs: compare each round trip with the picture it began with.":
                lambda g, f, x, y, made_y, made_x: (f(made_y) - y).abs().mean() + (g(made_x) - x).abs().mean(),
            "You squared the differences: this loss takes their absolute values.":
                lambda g, f, x, y, made_y, made_x: (f(made_y) - x).square().mean() + (g(made_x) - y).square().mean(),
            "Without absolute values, too bright and too dark cancel.":
                lambda g, f, x, y, made_y, made_x: (f(made_y) - x).mean() + (g(made_x) - y).mean(),
            "You averaged the two trips: add them.":
                lambda *a: cyclegan.cycle_loss(*a) / 2,
        },
        hints=(
            "x went there and is now made_y. Which translator brings it back, and what should it equal?",
            "back(made_y) should equal x, and there(made_x) should equal y.",
            "(back(made_y) - x).abs().mean() + (there(made_x) - y).abs().mean()",
        ),
    )
)  # fmt: skip

register(
    Exercise(
        "identity_loss", LESSON, 2, 5, cyclegan.identity_loss,
        cases=lambda: [(_there, _back, _pictures(3, i), _pictures(3, i + 10)) for i in (3, 4)],
        mistakes={
            "That asks `there` to leave X as it is, and it has to change X: feed it what is already in style Y.":
                lambda g, f, x, y: (g(x) - x).abs().mean() + (f(y) - y).abs().mean(),
            "Only `there` is asked: `back` gets pictures of X.":
                lambda g, f, x, y: (g(y) - y).abs().mean(),
            "Only `back` is asked: `there` gets pictures of Y.":
                lambda g, f, x, y: (f(x) - x).abs().mean(),
            "That is the round trip, the cycle loss: here each picture passes one translator.":
                lambda g, f, x, y: (f(g(x)) - x).abs().mean() + (g(f(y)) - y).abs().mean(),
            "You squared the differences: this loss takes their absolute values.":
                lambda g, f, x, y: (g(y) - y).square().mean() + (f(x) - x).square().mean(),
        },
        hints=(
            "`there` writes style Y. What should it do with a picture that already is in style Y?",
            "there(y) should equal y, back(x) should equal x.",
            "(there(y) - y).abs().mean() + (back(x) - x).abs().mean()",
        ),
    )
)  # fmt: skip


def history_pool(pool: Tensor, new: Tensor, show_old: Tensor) -> tuple[Tensor, Tensor]:
    """Mix old translations into what the discriminator sees, so that it does not forget what it once caught.

    Args:
        pool: Earlier translations, shape (B, ...), one for each place.
        new: Those just made, same shape.
        show_old: For each place, whether the discriminator sees the old one, bool (B,). The new one then
            takes its place in the pool; elsewhere the new one is shown, and the pool stays as it is.
    Returns:
        What is shown, and the pool afterwards, both (B, ...).
    Source: Shrivastava et al. 2017, arXiv:1612.07828, section 2.3; used by CycleGAN.
    """
    swap = show_old.view(-1, *[1] * (new.ndim - 1))  # (B, 1, ...)
    return torch.where(swap, pool, new), torch.where(swap, new, pool)


def _pool_cases() -> list[tuple[Tensor, Tensor, Tensor]]:
    return [
        (_pictures(4, 5), _pictures(4, 6), torch.tensor([True, False, True, True])),
        (_numbers(3, 2, seed=7), _numbers(3, 2, seed=8), torch.tensor([False, False, True])),
    ]


def _where(pool: Tensor, new: Tensor, mask: Tensor) -> Tensor:
    return history_pool(pool, new, mask)[0]


register(
    Exercise(
        "history_pool", LESSON, 3, 10, history_pool,
        cases=_pool_cases,
        mistakes={
            "The mask is turned around: where it is true the old picture is shown.":
                lambda pool, new, m: history_pool(pool, new, ~m),
            "The pool never changes: where the old one was shown, the new one takes its place.":
                lambda pool, new, m: (_where(pool, new, m), pool),
            "The whole pool is replaced: only the places whose old picture was shown get the new one.":
                lambda pool, new, m: (_where(pool, new, m), new),
            "The new picture enters the pool where it was shown: it should enter where it was held back.":
                lambda pool, new, m: (_where(pool, new, m), _where(pool, new, m)),
            "You show the new ones only: the discriminator never sees an old one.":
                lambda pool, new, m: (new, _where(new, pool, m)),
        },
        hints=(
            "torch.where(condition, a, b) takes a where the condition is true.",
            "The mask is (B,) and the pictures have more dimensions: add a one at the end for each.",
            "swap = show_old.view(-1, *[1] * (new.ndim - 1)), then where(swap, pool, new), where(swap, new, pool)",
        ),
    )
)  # fmt: skip


def _font_cases() -> list[tuple[Tensor, Tensor, Tensor]]:
    source, target = torch.tensor([0]), torch.tensor([2, 3])
    close = torch.tensor([[2.0, 4.0, 1.5, 1.6], [1.0, 0.0, 0.8, -5.0], [0.0, 5.0, -1.0, -2.0], [1.0, 2.0, 0.9, 0.9]])
    return [(2 * _numbers(200, 6), source, target), (close, source, target), (close - 3, target, source)]


def _share(yes: Tensor) -> float:
    return yes.float().mean().item()


register(
    Exercise(
        "style_flipped", LESSON, 3, 10, cyclegan.style_flipped,
        cases=_font_cases,
        mistakes={
            "Source and target are swapped: that is the share whose style did not change.":
                lambda logits, s, t: cyclegan.style_flipped(logits, t, s),
            "That asks whether the likeliest of all fonts is a target font; the question is target or source.":
                lambda logits, s, t: cyclegan.style_exact(logits, t),
            "You added logits: turn them into probabilities first.":
                lambda logits, s, t: _share(logits[:, t].sum(1) > logits[:, s].sum(1)),
            "You compared the best font of each style: add the probabilities of a style's fonts.":
                lambda logits, s, t: _share(logits[:, t].amax(1) > logits[:, s].amax(1)),
            "You averaged over the fonts of a style: a style with two fonts has both their probabilities, add them.":
                lambda logits, s, t: _share(logits.softmax(1)[:, t].mean(1) > logits.softmax(1)[:, s].mean(1)),
            "You asked for more than one half of all probability; it only has to beat the source's.":
                lambda logits, s, t: _share(logits.softmax(1)[:, t].sum(1) > 0.5),
        },
        hints=(
            "A softmax over all fonts, then add the probabilities that belong to each style.",
            "probs[:, target].sum(1) is one number for each picture.",
            "(probs[:, target].sum(1) > probs[:, source].sum(1)).float().mean().item()",
        ),
    )
)  # fmt: skip


def missing_term() -> tuple[str, str, str]:
    """Which of "adversarial", "cycle" and "identity" three runs A, B, C left out."""
    return "adversarial", "cycle", "identity"


def _names_all(answer: Callable[[], tuple]) -> None:
    given = answer()
    if not isinstance(given, tuple | list) or set(given) != set(missing_term()):
        raise Wrong('name each of "adversarial", "cycle" and "identity" once, in the order A, B, C')


register(
    Exercise(
        "missing_term", LESSON, 2, 5, missing_term,
        mistakes={
            "A and B are swapped: without a cycle nothing asks A to keep its letters, yet A keeps them all.":
                lambda: ("cycle", "adversarial", "identity"),
            "B and C are swapped: the identity loss shows only pictures that are in the target style already.":
                lambda: ("adversarial", "identity", "cycle"),
            "A and C are swapped: C does translate, so something tells it what the other style looks like.":
                lambda: ("identity", "cycle", "adversarial"),
            "Who asks for the other style at all? Only the adversarial loss; find the run that never gets there.":
                lambda: ("cycle", "identity", "adversarial"),
            "Which run does not change the style of anything? It cannot have an adversarial loss.":
                lambda: ("identity", "adversarial", "cycle"),
        },
        laws=[_names_all],
        hints=(
            "Ask of each term what it would have forbidden.",
            "Doing nothing at all has no cycle loss and no identity loss.",
        ),
    )
)  # fmt: skip
