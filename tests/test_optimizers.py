"""One update: who is moved by which optimizer, how far, and what is refused."""

import pytest
import torch
from torch import nn

from helpers.models.transformer import GPT, EncoderDecoder
from helpers.optimizers import updater


def cost(model: GPT) -> torch.Tensor:
    ids = torch.arange(8).repeat(4, 1)
    return nn.functional.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())


def moved(steps: int, updates: int, **options: float) -> dict[str, float]:
    """The largest change of each parameter in the last of some updates."""
    torch.manual_seed(0)
    model = GPT(8, 8, 16, 2, 2)
    update = updater(model, steps, **options)
    for _ in range(updates):
        before = {name: part.detach().clone() for name, part in model.named_parameters()}
        update(cost(model))
    return {name: (part.detach() - before[name]).abs().max().item() for name, part in model.named_parameters()}


def test_every_parameter_moves_and_the_gradients_are_gone():
    model = EncoderDecoder(8, 8, 8, d_model=16, n_heads=2, n_layers=1)
    before = {name: part.detach().clone() for name, part in model.named_parameters()}
    update, ids = updater(model, 30), torch.arange(8)[None]
    for _ in range(3):
        loss = nn.functional.cross_entropy(model(ids, ids)[0], ids[0].roll(1))
        assert update(loss) == {"loss": loss}
    still = [name for name, part in model.named_parameters() if torch.equal(part, before[name])]
    assert all("key.bias" in name for name in still)  # a bias of all keys changes nothing
    assert all(part.grad is None for part in model.parameters())


def test_a_small_model_learns_by_heart():
    torch.manual_seed(0)
    model = GPT(8, 8, 16, 2, 2)
    update, first = updater(model, 200), cost(model).item()
    for _ in range(200):
        update(cost(model))
    assert first > 2 and cost(model) < 0.1


def test_rates_rise_stay_and_fall_to_nothing():
    at = {i: moved(100, i)["tokens.weight"] for i in (1, 2, 30, 100)}
    assert at[1] == pytest.approx(5e-3 / 20, rel=0.05)  # Adam's first step is as long as its rate
    assert at[2] > 1.5 * at[1] and at[100] < at[30] / 20


@pytest.mark.parametrize(("warm_up", "fall"), [(20, 0.6), (3, 1.0), (1, 0.25), (12, 1.0)])
def test_rates_follow_the_formula(warm_up, fall):
    torch.manual_seed(0)
    n, model = 24, GPT(8, 8, 16, 2, 2)
    update, parts = updater(model, n, warm_up=warm_up, fall=fall), dict(model.named_parameters())
    steps = {"tokens.weight": [], "blocks.0.attention.query.weight": []}
    for _ in range(n):
        before = {name: parts[name].detach().clone() for name in steps}
        update(sum(part.sum() for part in parts.values()))  # gradients stay the same, so a step is as long as its rate
        for name, lengths in steps.items():
            lengths.append((parts[name].detach() - before[name]).norm().item())
    rates = torch.tensor([min(1, (i + 1) / warm_up, (1 - i / n) / fall) for i in range(n)])
    adam, muon = (torch.tensor(lengths) for lengths in steps.values())
    torch.testing.assert_close(adam / parts["tokens.weight"].numel() ** 0.5, 5e-3 * rates, rtol=1e-2, atol=0)
    torch.testing.assert_close(muon / muon.max(), rates / rates.max(), rtol=2e-2, atol=0)


def test_matrices_have_a_rate_of_their_own():
    plain = moved(1, 1)
    slow = moved(1, 1, matrix_lr=0.002)
    matrices = [name for name in plain if "blocks." in name and name.endswith("weight") and "norm" not in name]
    assert len(matrices) == 12
    assert all(plain[name] == pytest.approx(10 * slow[name], rel=1e-2) for name in matrices)
    assert all(plain[name] == slow[name] for name in plain if name not in matrices)


def test_long_gradients_are_cut():
    short, long = moved(1, 1), moved(1, 1, clip=1e-12)
    assert long["tokens.weight"] < short["tokens.weight"] / 2


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: updater(nn.Linear(2, 2), 10), "Linear has no blocks with matrices"),
        (lambda: updater(GPT(8, 8, 16, 2, 2), 0), "steps is 0"),
        (lambda: updater(GPT(8, 8, 16, 2, 2), 10, warm_up=0), "warm_up is 0 and fall 0.6"),
        (lambda: updater(GPT(8, 8, 16, 2, 2), 10, fall=0.0), "warm_up is 20 and fall 0.0"),
        (lambda: updater(GPT(8, 8, 16, 2, 2), 10, fall=-0.5), "fall -0.5"),
    ],
)
def test_what_it_cannot_train_is_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
