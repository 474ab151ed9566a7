"""One update of a Transformer's weights: Muon for the matrices of its blocks, AdamW for the rest."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


def updater(
    model: nn.Module,
    steps: int,
    *,
    lr: float = 5e-3,
    matrix_lr: float = 0.02,
    newton_steps: int = 3,
    clip: float = 1.0,
    warm_up: int = 20,
    fall: float = 0.6,
) -> Callable[[Tensor], dict[str, Tensor]]:
    r"""Make the function that turns a loss into one update of the model and returns `{"loss": loss}`.

    The rates rise over the first w steps, stay, and fall in a straight line to 0 over the last share f of n steps:

    $$\min\left(1,\; \frac{i + 1}{w},\; \frac{1 - i / n}{f}\right)$$

    Args:
        model: What learns; the matrices are its parameters of two dimensions inside a part called `blocks`.
        steps: Updates in all, n, at least 1.
        lr: AdamW's highest rate: for token vectors, heads, biases, norms, convolutions.
        matrix_lr: Muon's highest rate.
        newton_steps: Rounds that make the directions of a gradient matrix alike; three are cheaper than torch's five.
        clip: Longest gradient, over all parameters.
        warm_up, fall: w, at least 1, and f, above 0; a model that is trained on wants a long rise and fall.
    Raises:
        ValueError: If the model has no blocks with matrices, or steps, warm_up or fall is too small; the message
            quotes it.
    Source: Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks".
    """
    if steps < 1:
        raise ValueError(f"steps is {steps}; give the number of updates, 1 or more.")
    if warm_up < 1 or fall <= 0:
        raise ValueError(f"warm_up is {warm_up} and fall {fall}; give a step, 1 or later, and a share above 0.")
    optimizers = [*adamw_and_muon(model, lr, matrix_lr, newton_steps)]
    schedules = [
        torch.optim.lr_scheduler.LambdaLR(each, lambda i: min(1.0, (i + 1) / warm_up, (1 - i / steps) / fall))
        for each in optimizers
    ]

    def update(loss: Tensor) -> dict[str, Tensor]:
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), clip)
        for part in (*optimizers, *schedules):
            part.step()
        model.zero_grad()
        return {"loss": loss}

    return update


def adamw_and_muon(
    model: nn.Module, lr: float, matrix_lr: float, newton_steps: int = 3
) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
    """The two optimizers behind `updater`, for who sets their rates by another clock; arguments and errors as there."""
    named = dict(model.named_parameters())
    inner = {name for name, part in named.items() if part.ndim == 2 and "blocks." in name}
    if not inner:
        raise ValueError(f"{type(model).__name__} has no blocks with matrices; train it with torch.optim.AdamW alone.")
    rest = [part for name, part in named.items() if name not in inner]
    matrices = [named[name] for name in named if name in inner]
    return (
        torch.optim.AdamW(rest, lr=lr, betas=(0.9, 0.95), weight_decay=0.0, fused=True),
        torch.optim.Muon(matrices, lr=matrix_lr, weight_decay=0.0, ns_steps=newton_steps),
    )
