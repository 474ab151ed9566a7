"""Sampling: the distribution is the one asked for, draws follow it, settings out of range are refused."""

import pytest
import torch
from torch import nn

from helpers.models.transformer import GPT
from helpers.sampling import generate, next_probs, sample_next

LOGITS = torch.tensor([[2.0, 1.0, 0.0, -1.0], [0.0, 3.0, 0.0, -torch.inf]])


class Counter(nn.Module):
    """Knows one rule: the next token is the last one plus 1; remembers how long its inputs were."""

    def __init__(self, vocab_size: int = 10, context_length: int = 4) -> None:
        super().__init__()
        self.config = {"vocab_size": vocab_size, "context_length": context_length}
        self.lengths, self.modes = [], []

    def forward(self, ids):
        self.lengths.append(ids.shape[1])
        self.modes.append(self.training)
        return 30.0 * nn.functional.one_hot((ids + 1) % self.config["vocab_size"], self.config["vocab_size"]).float()


def test_plain_settings_are_the_softmax():
    assert torch.allclose(next_probs(LOGITS), LOGITS.softmax(-1))
    assert torch.allclose(next_probs(LOGITS, top_k=4, top_p=1.0), LOGITS.softmax(-1))


@pytest.mark.parametrize("temperature", [0.1, 0.5, 2.0])
def test_temperature_divides_the_logits(temperature):
    assert torch.allclose(next_probs(LOGITS, temperature), (LOGITS / temperature).softmax(-1))


def test_temperature_zero_and_nearly_zero_keep_the_likeliest_token():
    want = torch.tensor([[1.0, 0, 0, 0], [0, 1.0, 0, 0]])
    assert torch.equal(next_probs(LOGITS, 0.0), want)
    assert torch.allclose(next_probs(LOGITS, 1e-30), want)


def test_top_k_keeps_k_tokens_in_their_proportions():
    probs = next_probs(LOGITS[:1], top_k=2)
    assert torch.allclose(probs, torch.tensor([[2.0, 1.0, -torch.inf, -torch.inf]]).softmax(-1))
    assert torch.equal(next_probs(LOGITS, top_k=1), next_probs(LOGITS, 0.0))


@pytest.mark.parametrize(("top_p", "kept"), [(0.3, 1), (0.5, 1), (0.55, 2), (0.79, 2), (0.81, 3), (0.99, 4), (1.0, 4)])
def test_top_p_keeps_the_fewest_tokens_that_reach_p(top_p, kept):
    logits = torch.tensor([[0.1, 0.5, 0.1, 0.3]]).log()
    probs = next_probs(logits, top_p=top_p)
    assert int((probs > 0).sum()) == kept
    assert torch.allclose(probs.sum(-1), torch.ones(1))
    assert probs.argmax() == 1


def test_draws_follow_the_distribution():
    rows = LOGITS[:1].expand(40_000, -1)
    drawn = sample_next(rows, temperature=1.5, top_k=3, generator=torch.Generator().manual_seed(0))
    share = torch.bincount(drawn, minlength=4) / len(drawn)
    assert torch.allclose(share, next_probs(LOGITS, 1.5, 3)[0], atol=0.01)  # 4 standard deviations


def test_the_same_generator_gives_the_same_draws():
    a, b = (sample_next(LOGITS.repeat(50, 1), generator=torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(a, b)


def test_generate_appends_and_cuts_to_the_context():
    model = Counter().train()
    out = generate(model, torch.tensor([[1, 2], [5, 6]]), 5)
    assert out.tolist() == [[1, 2, 3, 4, 5, 6, 7], [5, 6, 7, 8, 9, 0, 1]]
    assert model.lengths == [2, 3, 4, 4, 4]
    assert model.modes == [False] * 5
    assert model.training
    assert torch.equal(generate(model, out, 0), out)


class NoCache(nn.Module):
    """The same model without its cache."""

    def __init__(self, model: GPT) -> None:
        super().__init__()
        self.model, self.config = model, model.config

    def forward(self, ids):
        return self.model(ids)


@pytest.fixture
def gpt() -> GPT:
    """A Transformer with a context of 12 tokens; its matrices are large, so that what it writes is not all the same."""
    torch.manual_seed(0)
    model = GPT(17, 12, d_model=16, n_heads=4, n_layers=2)
    for weight in model.parameters():
        if weight.ndim == 2:
            nn.init.normal_(weight, std=0.5)
    return model


@pytest.mark.parametrize("begin", [1, 5, 12, 15])
@pytest.mark.parametrize("settings", [{"temperature": 0}, {"temperature": 0.7, "top_k": 5}])
def test_generate_writes_the_same_with_and_without_a_cache(gpt, begin, settings):
    ids = torch.randint(17, (3, begin))
    with_cache, without = (
        generate(model, ids, 30, generator=torch.Generator().manual_seed(1), **settings)
        for model in (gpt, NoCache(gpt))
    )
    assert with_cache.tolist() == without.tolist()
    assert len(with_cache[:, begin:].unique()) > 5


def test_generate_reads_each_token_once_until_the_context_is_full(gpt, monkeypatch):
    lengths, forward = [], gpt.forward
    monkeypatch.setattr(gpt, "forward", lambda ids, *cache: lengths.append(ids.shape[1]) or forward(ids, *cache))
    generate(gpt, torch.zeros(1, 9, dtype=torch.long), 6)
    assert lengths == [9, 1, 1, 1, 12, 12]


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"temperature": -1.0}, "temperature is -1.0"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"top_k": 0}, "top_k is 0; give a whole number from 1 to 4"),
        ({"top_k": 5}, "top_k is 5"),
        ({"top_p": 0.0}, "top_p is 0.0"),
        ({"top_p": 1.1}, "top_p is 1.1"),
    ],
)
def test_settings_out_of_range_are_refused(settings, part):
    with pytest.raises(ValueError, match=part):
        sample_next(LOGITS, **settings)


def test_an_empty_beginning_and_a_negative_count_are_refused():
    with pytest.raises(ValueError, match=r"shape \(1, 0\)"):
        generate(Counter(), torch.zeros(1, 0, dtype=torch.long), 3)
    with pytest.raises(ValueError, match="n is -1"):
        generate(Counter(), torch.zeros(1, 1, dtype=torch.long), -1)
