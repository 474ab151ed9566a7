"""Digits to reverse, sort, copy or shift: tasks that tell what attention and positions are for, learned in seconds."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.attention import padding_mask
from helpers.text import Characters
from helpers.training import History, fit

DIGITS = Characters("0123456789")  # a digit's token is the digit itself
PAD = 10  # one more token, which fills short sequences up
TASKS = ("reverse", "sort", "copy", "previous")


def make_digits(
    n: int, length: int, generator: torch.Generator, shortest: int | None = None, held_out: bool = False
) -> Tensor:
    """Draw sequences of digits, filled up at the end with PAD.

    A sequence whose digits add up to a multiple of ten is held out: training never draws it, a test draws no other.

    Args:
        n: How many.
        length: Places, int64 of shape (n, length) come back.
        generator: Where the chances come from.
        shortest: Fewest digits; the number is then drawn from shortest..length. All have `length` if not given.
        held_out: Draw sequences for a test.
    Raises:
        ValueError: If shortest is not in 1..length; the message quotes both.
    """
    shortest = length if shortest is None else shortest
    if not 1 <= shortest <= length:
        raise ValueError(f"shortest is {shortest}; give a number from 1 to the length, {length}.")
    spare = (20 if held_out else 2) * n + 200  # one sequence in ten is held out
    digits = torch.randint(10, (spare, length), generator=generator)
    sizes = torch.randint(shortest, length + 1, (len(digits), 1), generator=generator)
    real = torch.arange(length) < sizes
    kept = ((digits * real).sum(1) % 10 == 0) == held_out
    return digits.where(real, PAD)[kept][:n]


def answer(task: str, ids: Tensor) -> Tensor:
    """The right answers, (B, T) -> (B, T); padding stays at the end.

    "previous" wants at each place the digit before it; the first place has none, and gets PAD, which never counts.

    Raises:
        ValueError: If the task is unknown; the message lists the known ones.
    """
    if task == "copy":
        return ids
    if task == "sort":
        return ids.sort(1).values  # PAD is the largest token
    if task == "reverse":
        sizes = (ids != PAD).sum(1, keepdim=True)
        places = (sizes - 1 - torch.arange(ids.shape[1])) % ids.shape[1]  # the padding's places come last again
        return ids.gather(1, places)
    if task == "previous":
        before = F.pad(ids[:, :-1], (1, 0), value=PAD)
        return before.where(ids != PAD, PAD)
    raise ValueError(f"There is no task {task!r}; known are: {', '.join(TASKS)}.")


def to_text(ids: Tensor) -> str:
    """Write one sequence, shape (T,), as text; padding is a dot."""
    return "".join(f"{DIGITS.known}·"[i] for i in ids.tolist())


def train(
    model: nn.Module,
    task: str,
    steps: int = 200,
    *,
    length: int | None = None,
    shortest: int | None = None,
    batch_size: int = 128,
    lr: float = 3e-3,
    seed: int = 0,
    live: bool = True,
    name: str | None = None,
) -> History:
    """Train on fresh sequences, never on held-out ones, with a learning rate that falls from `lr` to 0.

    Args:
        model: Takes ids and a mask, and gives logits; its config names its context_length.
        task: One of TASKS.
        steps: Updates.
        length: Places of a sequence, if shorter than the model's context_length.
        shortest: As in `make_digits`; if given, the padding is masked.
        batch_size: Sequences in an update.
        lr: First learning rate.
        seed: Of the sequences.
        live: Show the loss curve as well as the bar.
        name: Shown beside the bar; the task if not given.
    Returns:
        The history of "loss", in nats per digit.
    """
    length = model.config["context_length"] if length is None else length
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam((p for p in model.parameters() if p.requires_grad), lr=lr)

    def step(i: int) -> dict[str, Tensor]:
        ids = make_digits(batch_size, length, generator, shortest)
        logits = model(ids, padding_mask(ids, PAD) if shortest else None)
        loss = F.cross_entropy(logits.flatten(0, 1), answer(task, ids).flatten(), ignore_index=PAD)
        optimizer.param_groups[0]["lr"] = lr * (1 - i / steps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss}

    return fit(step, steps, seed=seed, name=name or task, live=live)


@torch.no_grad()
def accuracy(predict: Callable[[Tensor], Tensor], task: str, ids: Tensor) -> tuple[float, float]:
    """Shares of digits and of whole sequences that are right; `predict` maps ids to ids, (B, T) -> (B, T)."""
    want = answer(task, ids)
    real, right = want != PAD, predict(ids) == want
    return float(right[real].float().mean()), float((right | ~real).all(1).float().mean())
