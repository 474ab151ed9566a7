"""The Transformer's parts: equal to torch's own, blind where they must be, exact in size, and able to learn."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from twins import from_notebook

from helpers.models.attention import attention, causal_mask, masked_softmax, merge_heads, padding_mask, split_heads
from helpers.models.transformer import GPT, Block, MultiHeadAttention, SequenceModel, attention_maps

CAUSAL = causal_mask(7)
RANDOM = torch.rand(2, 1, 7, 7, generator=torch.Generator().manual_seed(0)) > 0.5
RANDOM[..., 0] = True  # every query may look somewhere
MASKS = [None, CAUSAL, RANDOM]


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def small_gpt(**options) -> GPT:
    return GPT(**{"vocab_size": 11, "context_length": 8, "d_model": 16, "n_heads": 4, "n_layers": 2, **options})


def block_count(d: int, d_ff: int) -> int:
    """Four d x d maps with biases, two norms with scale and shift, and the network's two maps with biases."""
    return 4 * (d * d + d) + 2 * 2 * d + (d * d_ff + d_ff) + (d_ff * d + d)


@pytest.mark.parametrize("mask", MASKS)
def test_attention_equals_torch(mask):
    q, k, v = torch.randn(2, 3, 7, 8), torch.randn(2, 3, 7, 8), torch.randn(2, 3, 7, 5)
    ours, weights = attention(q, k, v, mask)
    assert (ours - F.scaled_dot_product_attention(q, k, v, mask)).abs().max() < 1e-6
    assert torch.allclose(weights.sum(-1), torch.ones(2, 3, 7), atol=1e-6)
    if mask is not None:
        assert weights.masked_select(~mask).abs().max() == 0


def test_a_query_that_may_look_nowhere_gets_zeros_and_finite_gradients():
    mask = CAUSAL.clone()
    mask[2] = False
    x = torch.randn(1, 7, 8, requires_grad=True)
    ours, weights = attention(x, x, x, mask)
    assert torch.equal(ours[0, 2], torch.zeros(8))
    assert torch.equal(weights[0, 2], torch.zeros(7))
    assert torch.allclose(ours, F.scaled_dot_product_attention(x, x, x, mask), atol=1e-6)
    ours.sum().backward()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("keep_weights", [False, True])
@pytest.mark.parametrize("cross", [False, True])
def test_heads_equal_torch_with_the_same_weights(mask, keep_weights, cross):
    ours, theirs = MultiHeadAttention(16, 4), nn.MultiheadAttention(16, 4, batch_first=True)
    parts = [ours.query, ours.key, ours.value]
    theirs.in_proj_weight.data = torch.cat([part.weight.data for part in parts])
    theirs.in_proj_bias.data = torch.cat([part.bias.data for part in parts])
    theirs.out_proj.load_state_dict(ours.out.state_dict())
    ours.keep_weights = keep_weights
    x = torch.randn(2, 7, 16)
    memory = torch.randn(2, 7, 16) if cross else x
    flat = None if mask is None else ~mask.expand(2, 4, 7, 7).reshape(8, 7, 7)
    want, want_weights = theirs(x, memory, memory, attn_mask=flat, average_attn_weights=False)
    assert (ours(x, mask, memory if cross else None) - want).abs().max() < 1e-5
    if keep_weights:
        assert (ours.weights - want_weights).abs().max() < 1e-5


def test_block_equals_torch_with_the_same_weights():
    ours = Block(16, 4, 24).eval()
    theirs = nn.TransformerEncoderLayer(
        16, 4, 24, activation=nn.GELU(approximate="tanh"), batch_first=True, norm_first=True
    ).eval()
    parts = [ours.attention.query, ours.attention.key, ours.attention.value]
    theirs.self_attn.in_proj_weight.data = torch.cat([part.weight.data for part in parts])
    theirs.self_attn.in_proj_bias.data = torch.cat([part.bias.data for part in parts])
    theirs.self_attn.out_proj.load_state_dict(ours.attention.out.state_dict())
    pairs = [(theirs.linear1, ours.mlp[0]), (theirs.linear2, ours.mlp[2])]
    for a, b in [*pairs, (theirs.norm1, ours.norm1), (theirs.norm2, ours.norm2)]:
        a.load_state_dict(b.state_dict())
    x = torch.randn(2, 7, 16)
    assert (ours(x, CAUSAL) - theirs(x, src_mask=~CAUSAL)).abs().max() < 1e-5


def test_split_and_merge_undo_each_other_and_keep_tokens_apart():
    x = torch.randn(2, 5, 12)
    heads = split_heads(x, 3)
    assert heads.shape == (2, 3, 5, 4)
    assert torch.equal(heads[:, 1, 2], x[:, 2, 4:8])
    assert torch.equal(merge_heads(heads), x)


@pytest.mark.parametrize("place", range(1, 8))
def test_the_future_does_not_change_the_past(place):
    model, ids = small_gpt().eval(), torch.randint(11, (3, 8))
    changed = ids.clone()
    changed[:, place:] = (ids[:, place:] + 1) % 11
    before, after = model(ids), model(changed)
    assert torch.allclose(before[:, :place], after[:, :place], atol=1e-6)
    assert (before[:, place] - after[:, place]).abs().max() > 1e-4  # and the present does change it


@pytest.mark.parametrize("d_ff", [None, 24])
def test_parameters_are_counted_by_formula(d_ff):
    def count(module):
        return sum(p.numel() for p in module.parameters())

    assert count(Block(16, 4, d_ff)) == block_count(16, d_ff or 64)
    model = small_gpt(d_ff=d_ff)
    assert count(model) == 11 * 16 + 8 * 16 + 2 * block_count(16, d_ff or 64) + 2 * 16  # no head: it is tied


def test_config_builds_the_same_model_again():
    model = small_gpt(dropout=0.1)
    twin = GPT(**model.config)
    twin.load_state_dict(model.state_dict())
    ids = torch.randint(11, (2, 8))
    assert torch.equal(model.eval()(ids), twin.eval()(ids))
    assert GPT(11, 8, 16, 4, 2).config == {**model.config, "dropout": 0.0}


def test_gradients_reach_every_parameter():
    model = small_gpt()
    ids = torch.randint(11, (4, 8))
    F.cross_entropy(model(ids).flatten(0, 1), ids.flatten()).backward()
    for name, weight in model.named_parameters():
        if not name.endswith("key.bias"):  # the same number added to all scores of a query changes nothing
            assert weight.grad.abs().max() > 0, name


def test_one_batch_overfits():
    model, ids = small_gpt(), torch.randint(11, (4, 9))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for _ in range(150):
        loss = F.cross_entropy(model(ids[:, :-1]).flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.02


def test_dropout_acts_in_training_only():
    model, ids = small_gpt(dropout=0.5), torch.randint(11, (2, 8))
    assert not torch.equal(model(ids), model(ids))
    assert torch.equal(model.eval()(ids), model(ids))


@pytest.mark.parametrize("pieces", [[1] * 8, [3, 1, 4], [5, 2, 1], [8]])
def test_a_cache_gives_the_logits_of_the_full_pass(pieces):
    model, ids = small_gpt().eval(), torch.randint(11, (3, 8))
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.3)  # GPT-2's start is so small that a wrong place would hardly show
    want, cache = model(ids), model.new_cache()
    got = torch.cat([model(piece, cache) for piece in ids.split(pieces, 1)], 1)
    assert (got - want).abs().max() < 1e-5
    assert [len(of_block) for of_block in cache] == [8, 8]
    assert cache[1].values.shape == (3, 4, 8, 4)
    assert torch.equal(model(ids), want)  # and a call without it is as before
    assert (model(ids[:, 5:]) - want[:, 5:]).abs().max() > 0.1  # the comparison above could have failed


def test_caches_of_two_texts_do_not_mix():
    model, (a, b) = small_gpt().eval(), torch.randint(11, (2, 1, 8))
    of_a, of_b = model.new_cache(), model.new_cache()
    model(a[:, :5], of_a)
    model(b[:, :3], of_b)
    assert torch.allclose(model(a[:, 5:], of_a), model(a)[:, 5:], atol=1e-5)
    assert torch.allclose(model(b[:, 3:], of_b), model(b)[:, 3:], atol=1e-5)


def test_a_refused_call_leaves_the_cache_as_it_was():
    model, ids = small_gpt().eval(), torch.randint(11, (2, 8))
    cache = model.new_cache()
    model(ids[:, :6], cache)
    for bad, part in [
        (ids[:, :3], "6 cached and 3 new tokens are longer than the context of 8"),
        (ids[:1, :2], "batch has size 1, the cache 2"),
        (ids[:, :0], r"ids have shape \(2, 0\)"),
    ]:
        with pytest.raises(ValueError, match=part):
            model(bad, cache)
    assert torch.allclose(model(ids[:, 6:], cache), model(ids)[:, 6:], atol=1e-5)


def test_attention_maps_are_read_without_leaving_a_trace():
    model, ids = small_gpt(), torch.randint(11, (3, 8))
    want = model(ids)
    maps = attention_maps(model, ids)
    assert [m.shape for m in maps] == [(3, 4, 8, 8)] * 2
    assert all(torch.allclose(m.sum(-1), torch.ones(3, 4, 8), atol=1e-6) for m in maps)
    assert all(m.masked_select(~causal_mask(8)).max() == 0 for m in maps)
    assert model.training
    assert not any(part.keep_weights for part in model.modules() if isinstance(part, MultiHeadAttention))
    assert torch.equal(model(ids), want)


@pytest.mark.parametrize(
    ("call", "error", "part"),
    [
        (lambda: MultiHeadAttention(10, 4), ValueError, "d_model is 10, which 4 heads cannot share"),
        (lambda: MultiHeadAttention(10, 0), ValueError, "0 heads"),
        (lambda: split_heads(torch.ones(1, 2, 10), 3), ValueError, "10 features cannot be shared by 3 heads"),
        (lambda: attention(torch.ones(2, 3), torch.ones(2, 4), torch.ones(2, 4)), ValueError, "k .2, 4.; their"),
        (lambda: attention(torch.ones(2, 3), torch.ones(2, 3), torch.ones(4, 3)), ValueError, "v .4, 3.; they"),
        (lambda: attention(*[torch.ones(2, 3)] * 3, torch.ones(2, 2)), TypeError, "mask is torch.float32"),
        (lambda: MultiHeadAttention(4, 2)(torch.ones(1, 2, 4), torch.ones(2, 2)), TypeError, "mask is torch.float32"),
        (lambda: small_gpt()(torch.ones(2, 3)), TypeError, "ids are torch.float32"),
        (lambda: small_gpt()(torch.ones(3, dtype=torch.long)), ValueError, r"ids have shape \(3,\)"),
        (lambda: small_gpt()(torch.ones(2, 0, dtype=torch.long)), ValueError, r"ids have shape \(2, 0\)"),
        (lambda: small_gpt()(torch.tensor([[0, 11]])), ValueError, "id 11 is not in the vocabulary; ids run from 0"),
        (lambda: small_gpt()(torch.tensor([[0, -1]])), ValueError, "id -1 is not in the vocabulary"),
        (lambda: small_gpt()(torch.ones(1, 9, dtype=torch.long)), ValueError, "9 tokens are longer than the context"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_with_its_value(call, error, part):
    with pytest.raises(error, match=part):
        call()


# ---- the lesson's model and what its notebook builds ----

LESSON = "31_self_attention"


def small_sequence_model(**options) -> SequenceModel:
    return SequenceModel(
        **{"vocab_size": 11, "context_length": 8, "d_model": 16, "n_heads": 2, "n_layers": 2, **options}
    )


def test_padding_is_not_seen():
    model = small_sequence_model().eval()
    ids = torch.randint(10, (3, 8))
    ids[:, 5:] = 10
    mask, changed = padding_mask(ids, 10), ids.clone()
    changed[:, 5:] = 3
    assert mask.shape == (3, 1, 1, 8)
    assert torch.allclose(model(ids, mask)[:, :5], model(changed, mask)[:, :5], atol=1e-6)
    assert (model(ids) - model(changed))[:, :5].abs().max() > 1e-4  # without the mask it is seen


def test_sequence_model_sees_both_sides_and_is_counted():
    model, ids = small_sequence_model().eval(), torch.randint(11, (2, 8))
    changed = ids.clone()
    changed[:, -1] = (ids[:, -1] + 1) % 11
    assert (model(ids) - model(changed))[:, 0].abs().max() > 1e-4
    want = 11 * 16 + 8 * 16 + 2 * block_count(16, 64) + 2 * 16 + (16 * 11 + 11)
    assert sum(p.numel() for p in model.parameters()) == want


def test_masked_softmax_rows():
    scores = torch.tensor([[1.0, 2.0, 3.0]]).expand(3, 3)
    mask = torch.tensor([[True, True, False], [False, False, False], [False, True, False]])
    rows = masked_softmax(scores, mask)
    assert torch.allclose(rows[0], torch.tensor([1 / (1 + math.e), math.e / (1 + math.e), 0.0]))
    assert rows[1:].tolist() == [[0, 0, 0], [0, 1, 0]]


def test_notebook_attention_equals_helpers():
    mine = from_notebook(LESSON, "attention").attention
    q, k, v = torch.randn(3, 2, 4, 7, 8)
    for mask in MASKS:
        for a, b in zip(mine(q, k, v, mask), attention(q, k, v, mask), strict=True):
            torch.testing.assert_close(a, b)


def test_notebook_model_equals_helpers():
    space = from_notebook(LESSON, "attention", "MultiHeadAttention", "Block", "SequenceModel")
    mine = space.SequenceModel(vocab_size=11, context_length=8, d_model=16, n_heads=4, n_layers=2)
    ours = small_sequence_model(n_heads=4)
    mine.load_state_dict(ours.state_dict())  # strict: the same names and shapes
    ids = torch.randint(11, (3, 8))
    for mask in (None, causal_mask(8), padding_mask(ids, 10)):
        torch.testing.assert_close(mine(ids, mask), ours(ids, mask))
    want = attention_maps(ours, ids)
    mine(ids)
    for block, weights in zip(mine.blocks, want, strict=True):
        torch.testing.assert_close(block.attention.weights, weights)


def test_the_lessons_leak_leaks():
    late = from_notebook(LESSON, "mask_after_softmax").mask_after_softmax
    x = torch.randn(1, 7, 8)
    changed = x.clone()
    changed[:, -1] += 1
    for attend, moves in ((late, True), (attention, False)):
        before, after = (attend(some, some, some, CAUSAL)[0] for some in (x, changed))
        assert bool((before - after)[:, :-1].abs().max() > 1e-4) is moves
