"""Positions: without them nothing minds the order; waves and turns see distance; the lesson's model is its twin's."""

import math

import pytest
import torch
from torch import nn
from twins import from_notebook

from helpers import sequences
from helpers.models.attention import MultiHeadAttention, causal_mask, padding_mask
from helpers.models.designs import DESIGNS, POSITIONS
from helpers.models.positions import rotate, sinusoidal
from helpers.models.transformer import Block, SequenceModel
from helpers.plots import png
from helpers.plots.position_encoding import heat_maps, reply_grid

LESSON = "32_position_encoding"
ORDERS = [torch.arange(7).flip(0), torch.arange(7).roll(1), torch.tensor([3, 1, 0, 6, 2, 5, 4])]


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def small_model(positions: str, **options) -> SequenceModel:
    """With places for 8 of 11 tokens."""
    return SequenceModel(11, 8, 16, 2, 2, positions=positions, **options).eval()


def gap(f, x, order) -> float:
    """Largest difference between f of the reordered x, (B, T, ...), and the reordered f of x."""
    return (f(x[:, order]) - f(x)[:, order]).abs().max().item()


# ---- without positions a sentence is a bag ----


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("keep_weights", [False, True])
def test_heads_do_not_mind_the_order(order, keep_weights):
    heads, x = MultiHeadAttention(16, 4), torch.randn(2, 7, 16)
    heads.keep_weights = keep_weights
    assert gap(heads, x, order) < 1e-5
    if keep_weights:
        heads(x)
        before = heads.weights
        heads(x[:, order])
        torch.testing.assert_close(heads.weights, before[:, :, order][..., order])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", DESIGNS)
def test_a_block_without_positions_does_not_mind_the_order_and_a_causal_mask_makes_it(order, name):
    block, x = Block(16, 4, design=DESIGNS[name]._replace(positions="none")), torch.randn(2, 7, 16)
    assert gap(block, x, order) < 1e-5
    assert gap(lambda x: block(x, causal_mask(7)), x, order) > 1e-3


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("design", ["2017", "gpt2"])
def test_a_model_minds_the_order_only_if_it_is_told_positions(order, design):
    ids = torch.randperm(10)[None, :7]
    for positions in POSITIONS:
        found = gap(small_model(positions, design=design), ids, order)
        assert found < 1e-5 if positions == "none" else found > 1e-3, positions


def test_padding_that_moves_along_does_not_matter_either():
    model, ids, order = small_model("none"), torch.randint(10, (2, 7)), ORDERS[2]
    ids[:, 5:] = sequences.PAD
    before = model(ids, padding_mask(ids, sequences.PAD))
    after = model(ids[:, order], padding_mask(ids[:, order], sequences.PAD))
    torch.testing.assert_close(after, before[:, order])


@pytest.mark.parametrize("positions", POSITIONS)
def test_equal_tokens_look_equal_unless_places_are_absolute(positions):
    answers = small_model(positions)(torch.full((1, 8), 7))[0]
    differs = (answers - answers[0]).abs().max().item()
    assert differs < 1e-5 if positions in ("none", "rotary") else differs > 1e-3


# ---- waves and turns ----


@pytest.mark.parametrize(("length", "d", "base"), [(20, 8, 10_000.0), (5, 2, 100.0)])
def test_waves_are_the_papers(length, d, base):
    got = sinusoidal(length, d, base)
    assert got.shape == (length, d)
    for t in range(length):
        for i in range(d // 2):
            angle = t / base ** (2 * i / d)
            assert got[t, 2 * i].item() == pytest.approx(math.sin(angle), abs=1e-5)
            assert got[t, 2 * i + 1].item() == pytest.approx(math.cos(angle), abs=1e-5)


def test_dot_products_of_waves_see_distance_alone():
    waves = sinusoidal(60, 32)
    products, speeds = waves @ waves.T, 10_000.0 ** (-torch.arange(0, 32, 2) / 32)
    for distance in (0, 1, 7, 40):
        along = products.diagonal(distance)
        assert along.max() - along.min() < 1e-4
        assert along[0].item() == pytest.approx((distance * speeds).cos().sum().item(), abs=1e-4)


@pytest.mark.parametrize("base", [10_000.0, 100.0])
def test_a_turn_is_a_product_of_complex_numbers(base):
    x = torch.randn(2, 3, 9, 8)
    angles = torch.arange(4, 13)[:, None] * base ** (-torch.arange(0, 8, 2) / 8)
    want = torch.complex(x[..., :4], x[..., 4:]) * torch.polar(torch.ones(9, 4), angles)
    torch.testing.assert_close(rotate(x, 4, base), torch.cat([want.real, want.imag], -1))


@pytest.mark.parametrize(("t", "s"), [(0, 0), (3, 5), (5, 3), (0, 40)])
def test_turned_queries_and_keys_see_distance_alone_and_keep_their_length(t, s):
    q, k = torch.randn(2, 1, 64)
    scores = [rotate(q, t + shift) @ rotate(k, s + shift).T for shift in (0, 1, 100)]
    assert max(scores) - min(scores) < 1e-3
    if s >= t:
        assert (scores[0] - q @ rotate(k, s - t).T).abs() < 1e-3
    assert rotate(q, t).norm().item() == pytest.approx(q.norm().item(), rel=1e-5)


def test_the_side_counts_as_well_as_the_distance():
    q, k = torch.randn(2, 1, 64)
    assert (rotate(q, 3) @ rotate(k, 5).T - rotate(q, 5) @ rotate(k, 3).T).abs() > 0.1


@pytest.mark.parametrize("call", [lambda: sinusoidal(4, 5), lambda: rotate(torch.ones(4, 5))])
def test_an_odd_width_is_quoted(call):
    with pytest.raises(ValueError, match="5 features make no pairs; give an even number"):
        call()


# ---- what the notebook builds ----


@pytest.mark.parametrize("positions", POSITIONS)
def test_notebook_model_equals_helpers(positions):
    mine = from_notebook(LESSON, "SequenceModel").SequenceModel(11, 8, 16, 2, 2, positions)
    ours = small_model(positions)
    mine.load_state_dict(ours.state_dict())  # strict: the same names and shapes
    ids = torch.randint(11, (3, 7))
    for mask in (None, causal_mask(7), padding_mask(ids, 10)):
        torch.testing.assert_close(mine(ids, mask), ours(ids, mask))


def test_words_and_waves_start_at_about_the_same_size():
    model = from_notebook(LESSON, "SequenceModel").SequenceModel(11, 24, 32, 1, 1, "sinusoidal")
    words = model.tokens.weight * math.sqrt(32)
    assert 0.5 < words.std() / model.waves.std() < 2


@pytest.mark.parametrize("positions", POSITIONS)
def test_a_later_start_changes_absolute_places_only(positions):
    model = from_notebook(LESSON, "SequenceModel").SequenceModel(11, 24, 16, 2, 1, positions)
    ids = torch.randint(11, (2, 8))
    moved = (model(ids) - model(ids, start=5)).abs().max()
    assert moved > 1e-3 if positions in ("learned", "sinusoidal") else moved == 0


def test_wanderers_begin_anywhere_in_training_and_at_0_in_a_test():
    space = from_notebook(LESSON, "SequenceModel", "Wanderer")
    model, ids = space.Wanderer(11, 10, 16, 2, 1, "learned"), torch.randint(11, (1, 8))
    begun = [space.SequenceModel.forward(model, ids, start=start) for start in range(3)]
    drawn = [model(ids) for _ in range(40)]
    found = [[torch.equal(logits, want) for want in begun].index(True) for logits in drawn]
    assert set(found) == {0, 1, 2}
    model.eval()
    assert all(torch.equal(model(ids), begun[0]) for _ in range(5))


def test_models_that_race_side_by_side_learn_what_each_learns_alone():
    space = from_notebook(LESSON, "SequenceModel", "race")

    def build(seed):
        torch.manual_seed(seed)
        return space.SequenceModel(11, 14, 16, 1, 1, "learned")

    together = space.race("copy", {("learned", 0): build(0), ("learned", 1): build(1)}, steps=5)
    alone = build(1)
    sequences.train(alone, "copy", 5, length=12, lr=5e-3, seed=1, live=False)
    for mine, ours in zip(together["learned", 1].parameters(), alone.parameters(), strict=True):
        torch.testing.assert_close(mine, ours, rtol=1e-4, atol=1e-4)
    assert not any(model.training for model in together.values())


def test_places_that_training_does_not_reach_stay_as_they_were():
    model = small_model("learned")
    before = model.places.weight.detach().clone()
    sequences.train(model, "previous", 3, length=5, live=False)
    moved = (model.places.weight != before).any(1)
    assert moved.tolist() == [True] * 5 + [False] * 3


def test_minds_order_tells_both_kinds_apart():
    minds_order = from_notebook(LESSON, "minds_order").minds_order
    x = torch.randn(1, 9, 4)
    assert not minds_order(nn.Linear(4, 4), x)
    assert minds_order(lambda x: x.cumsum(1), x)


# ---- pictures ----


def test_heat_maps_share_a_scale_if_asked():
    a, b = torch.rand(4, 6), 5 * torch.rand(4, 6)
    for limits, want in (((-1.0, 1.0), (-1.0, 1.0)), (None, (float(b.min()), float(b.max())))):
        fig = heat_maps([a, b], ["a", "b"], "feature", "place", limits)
        pictures = [ax.images[0] for ax in fig.axes if ax.images]
        assert pictures[1].get_clim() == pytest.approx(want)
        assert [ax.get_title() for ax in fig.axes[:2]] == ["a", "b"]
        assert png(fig).startswith(b"\x89PNG")


def test_wrong_digits_are_marked_by_more_than_colour_and_free_places_are_blank():
    fig = reply_grid("314", {"a": "231", "b": "011"}, "·31", seen=2)
    texts = [text.get_text() for text in fig.axes[0].texts]
    assert texts == ["3", "1", "4", "3", "1", "(1)", "1"]
    assert fig.axes[0].images[0].get_array().tolist() == [[1, 1, 1], [1, 1, 1], [1, 0, 1]]
    assert [label.get_text() for label in fig.axes[0].get_yticklabels()] == ["typed", "a", "b"]
    with pytest.raises(ValueError, match="b has 2 characters for 3 typed"):
        reply_grid("314", {"a": "231", "b": "01"}, "·31")
