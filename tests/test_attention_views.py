"""Pictures and live views of attention: they show what was computed, and a view redraws as a fresh one would."""

import html

import pytest
import torch
from matplotlib.figure import Figure

from helpers.models.attention import attention_weights, causal_mask
from helpers.plots import png
from helpers.plots.transformer import attention_maps, lookup_lines, lookup_view, show_lookup
from helpers.widgets.transformer import digit_reader, lookup

WORDS, MEANING = ["a", "cat", "drank", "milk"], ["creature", "drink"]
X = torch.tensor([[0.1, 0.1], [2.0, 0.3], [1.0, 1.6], [0.1, 1.6]])


@pytest.fixture
def view():
    return lookup(WORDS, MEANING, X)


def test_the_lookup_begins_as_scaled_self_attention(view):
    assert torch.allclose(view.weights(), attention_weights(X, X))
    assert view.still().startswith(b"\x89PNG")


def test_the_quick_picture_is_the_one_drawn_afresh(view):
    view.word.value = 1
    view.q[1].value = 1.7
    weights, fig = view.weights(), lookup_view(WORDS, MEANING)
    show_lookup(fig, WORDS, weights, 1, X[1], weights[1] @ X)
    afresh = lookup(WORDS, MEANING, X)
    afresh.word.value = 1
    afresh.q[1].value = 1.7
    assert view.still() == afresh.still()
    assert fig.axes[0].texts[4].get_text() == f"{weights[1, 0]:.2f}"
    assert fig.axes[1].patches[2].get_height() == pytest.approx((weights[1] @ X)[0].item())
    assert png(fig).startswith(b"\x89PNG")


def test_a_query_changes_one_row_and_a_key_changes_the_others_too(view):
    before = view.weights()
    view.q[0].value = 2.0
    assert (view.weights() != before).any(1).tolist() == [False, False, False, True]
    view.q[0].value = float(X[3, 0])
    view.k[0].value = 2.0
    assert (view.weights() != before).any(1).all()


def test_edits_of_a_word_are_kept_while_others_are_looked_at(view):
    view.q[0].value = 2.0
    edited = view.weights()
    view.word.value = 0
    assert view.q[0].value == pytest.approx(0.1)
    assert torch.equal(view.weights(), edited)
    view.word.value = 3
    assert view.q[0].value == 2.0


def test_mask_scaling_and_temperature_act(view):
    view.masked.value = True
    assert view.weights().masked_select(~causal_mask(4)).max() == 0
    view.masked.value, view.scaled.value = False, False
    assert torch.allclose(view.weights(), (X @ X.T).softmax(-1))
    view.temperature.value = 2.0
    assert torch.allclose(view.weights(), (X @ X.T / 2).softmax(-1))


@pytest.fixture
def reader():
    """Two layers that look everywhere, and hand the input back."""
    return digit_reader(lambda ids: ([torch.full((ids.shape[1],) * 2, 0.5)] * 2, ids[0]), longest=5, digits="12")


def test_the_reader_answers_and_redraws(reader):
    pictures = {reader.still()}
    for digits in ("1", "12345", " 9 "):
        reader.field.value = digits
        assert f"{digits.strip()} → {digits.strip()}" in reader.text.value
        pictures.add(reader.still())
    assert len(pictures) == 4


@pytest.mark.parametrize(
    ("typed", "says"),
    [("", "the text is empty"), ("1a", "'a' is unknown here"), ("123456", "6 digits are too many: this model has 5")],
)
def test_the_reader_says_what_is_wrong_and_shows_no_stale_picture(reader, typed, says):
    before = reader.still()
    reader.field.value = typed
    assert says in html.unescape(reader.text.value)
    wrong = reader.still()
    assert wrong != before
    reader.field.value = "12"
    assert reader.still() == before


def test_what_is_typed_is_escaped(reader):
    reader.field.value = "<b>"
    assert "<b>" not in reader.text.value


def test_pictures_of_weights():
    weights = torch.eye(3)
    fig = attention_maps([weights, weights], "abc", "abc", ["one", "two"], numbers=True)
    assert isinstance(fig, Figure)
    assert [t.get_text() for t in fig.axes[1].texts] == ["1.00", "0.00", "0.00", "0.00", "1.00", *["0.00"] * 3, "1.00"]
    assert len(lookup_lines("q", ["a", "b"], torch.tensor([0.25, 0.75])).axes[0].lines) == 2
