"""The Transformer of 2017: equal to torch's, blind where it must be; beam search; lesson 33's pictures and twins."""

from itertools import pairwise, product
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from twins import from_notebook

from helpers.exercises import core
from helpers.models.attention import MultiHeadAttention, attention_maps, causal_mask, padding_mask
from helpers.models.designs import DESIGNS
from helpers.models.transformer import Block, EncoderDecoder, Stack
from helpers.plots import png
from helpers.plots.encoder_decoder import alignment, word_tree
from helpers.sampling import beam_search
from helpers.text import Words
from helpers.widgets.encoder_decoder import translator_view

LESSON = "33_encoder_decoder"
BOS, EOS = 1, 2
D, HEADS, D_FF = 16, 4, 24


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def small(**options) -> EncoderDecoder:
    sizes = {"d_model": D, "n_heads": HEADS, "n_layers": 2, "d_ff": D_FF}
    return EncoderDecoder(13, 11, 12, **{**sizes, **options}).eval()


def shaken(model: nn.Module) -> nn.Module:
    """Random norms and biases as well, so that a forgotten or misplaced one shows."""
    for weight in model.parameters():
        if weight.ndim == 1:
            nn.init.normal_(weight, 0.5, 0.5)
    return model


def batch() -> tuple[Tensor, Tensor]:
    """Three sources and targets of different lengths, filled up with 0."""
    source, target = torch.randint(3, 13, (3, 9)), torch.randint(3, 11, (3, 7))
    source[1, 5:], source[2, 3:], target[1, 6:], target[2, 4:] = 0, 0, 0, 0
    target[:, 0] = BOS
    return source, target


def copy_attention(theirs: nn.MultiheadAttention, ours: MultiHeadAttention) -> None:
    parts = [ours.query, ours.key, ours.value]
    theirs.in_proj_weight.data = torch.cat([part.weight.data for part in parts])
    theirs.in_proj_bias.data = torch.cat([part.bias.data for part in parts])
    theirs.out_proj.load_state_dict(ours.out.state_dict())


def torchs_layer(ours: Block, cross: bool) -> nn.Module:
    """PyTorch's layer with the same weights."""
    kind = nn.TransformerDecoderLayer if cross else nn.TransformerEncoderLayer
    theirs = kind(D, HEADS, D_FF, activation="relu", batch_first=True, norm_first=False).eval()
    copy_attention(theirs.self_attn, ours.attention)
    pairs = [(theirs.linear1, ours.mlp[0]), (theirs.linear2, ours.mlp[2]), (theirs.norm1, ours.norm1)]
    if cross:
        copy_attention(theirs.multihead_attn, ours.cross)
        pairs += [(theirs.norm2, ours.norm_cross), (theirs.norm3, ours.norm2)]
    else:
        pairs += [(theirs.norm2, ours.norm2)]
    for a, b in pairs:
        a.load_state_dict(b.state_dict())
    return theirs


# ---- the model


def test_post_norm_block_equals_torchs_encoder_layer():
    ours = shaken(Block(D, HEADS, D_FF, design=DESIGNS["2017"]).eval())
    theirs, x = torchs_layer(ours, cross=False), torch.randn(3, 9, D)
    source, _ = batch()
    want = theirs(x, src_key_padding_mask=source == 0)
    got = ours(x, padding_mask(source, 0))
    assert (got - want)[source != 0].abs().max() < 1e-5
    assert (ours(x, causal_mask(9)) - theirs(x, src_mask=~causal_mask(9))).abs().max() < 1e-5


def test_cross_block_equals_torchs_decoder_layer():
    ours = shaken(Block(D, HEADS, D_FF, design=DESIGNS["2017"], cross=True).eval())
    theirs, x, memory = torchs_layer(ours, cross=True), torch.randn(3, 7, D), torch.randn(3, 9, D)
    source, _ = batch()
    got = ours(x, causal_mask(7), memory=memory, memory_mask=padding_mask(source, 0))
    want = theirs(x, memory, tgt_mask=~causal_mask(7), memory_key_padding_mask=source == 0)
    assert (got - want).abs().max() < 1e-5


def test_whole_model_equals_torchs_stacks():
    model, (source, target) = shaken(small()), batch()
    hidden, target_hidden = source == 0, target == 0

    def read(stack: Stack, ids: Tensor) -> Tensor:
        return stack.tokens(ids) * D**0.5 + stack.waves[: ids.shape[1]]

    memory = read(model.encoder, source)
    for block in model.encoder.blocks:
        memory = torchs_layer(block, cross=False)(memory, src_key_padding_mask=hidden)
    x = read(model.decoder, target)
    for block in model.decoder.blocks:
        masks = {"tgt_mask": ~causal_mask(7), "tgt_key_padding_mask": target_hidden}
        x = torchs_layer(block, cross=True)(x, memory, **masks, memory_key_padding_mask=hidden)
    want = x @ model.decoder.tokens.weight.T
    got = model(source, target)
    assert (got - want)[~target_hidden].abs().max() < 1e-5
    assert got[~target_hidden].std() > 0.1  # not equal because all is zero


def test_what_must_not_matter_changes_nothing_and_what_must_does():
    model, (source, target) = shaken(small()), batch()
    before = model(source, target)
    more = F.pad(source, (0, 3))
    assert (model(more, target) - before).abs().max() < 1e-5
    later = target.clone()
    later[:, 4:] = 5
    after = model(source, later)
    assert (after - before)[:, :4].abs().max() < 1e-5
    assert (after - before)[:, 4].abs().max() > 1e-3
    for changed in range(3):  # the row that is changed, and no other
        other = source.clone()
        other[changed, 0] = 3 + (source[changed, 0] - 2) % 10
        moved = (model(other, target) - before).abs().amax((1, 2))
        assert moved[changed] > 1e-3
        assert moved[torch.arange(3) != changed].max() < 1e-5
    blind = small(cross=False)
    assert torch.equal(blind(source, target), blind(other, target))


def test_a_cache_gives_the_logits_of_the_full_pass():
    model, (source, target) = shaken(small()), batch()
    want, seen, cache = model(source, target), model.encode(source), model.decoder.new_cache()
    got = torch.cat([model.decode(part, *seen, cache) for part in target.split([1, 2, 4], 1)], 1)
    assert (got - want).abs().max() < 1e-5


# ---- beam search


class Tree(nn.Module):
    """A hand-made model: a table says which words follow which text, for each source's first word."""

    def __init__(self, tables: dict[int, dict[tuple, dict[int, float]]], vocab_size: int = 8) -> None:
        super().__init__()
        self.tables, self.vocab_size, self.config = tables, vocab_size, {"pad": 0}
        self.decoder = SimpleNamespace(new_cache=lambda: [Seen()])

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        return source, source

    def decode(self, target: Tensor, memory: Tensor, mask: Tensor, cache: list) -> Tensor:
        texts = cache[0].extend(target)
        probs = torch.full((len(texts), 1, self.vocab_size), 1e-9)
        for row, (text, first) in enumerate(zip(texts.tolist(), memory[:, 0].tolist(), strict=True)):
            for word, p in self.tables[first].get(tuple(text[1:]), {EOS: 1.0}).items():
                probs[row, 0, word] = p
        return probs.log()


class Seen:
    """Stands for a cache: the words read so far."""

    texts: Tensor | None = None

    def extend(self, new: Tensor) -> Tensor:
        self.texts = new if self.texts is None else torch.cat([self.texts, new], 1)
        return self.texts

    def select(self, rows: Tensor) -> None:
        self.texts = self.texts[rows]


A, B, X, Y, Z = 3, 4, 5, 6, 7
LATE = {(): {A: 0.6, B: 0.4}, (A,): {X: 0.5, Y: 0.5}, (B,): {Z: 0.9, X: 0.1}}
SHORT = {(): {EOS: 0.5, A: 0.5 - 1e-3}, (A,): {B: 0.9, X: 0.1}, (A, B): {X: 0.9, Y: 0.1}}


def written(model: nn.Module, firsts: list[int], **options) -> list[list[int]]:
    rows = beam_search(model, torch.tensor(firsts)[:, None], BOS, EOS, options.pop("n", 9), **options).tolist()
    return [row[: row.index(EOS)] if EOS in row else row for row in rows]


def test_two_beams_find_what_greedy_misses():
    model = Tree({0: LATE})
    assert written(model, [0]) in ([[A, X]], [[A, Y]])
    assert written(model, [0], beams=2) == [[B, Z]]


@pytest.mark.parametrize("beams", [1, 2, 3])
def test_sources_do_not_disturb_each_other(beams):
    model = Tree({0: LATE, 1: SHORT, 2: {(): {Z: 1.0}}})
    alone = [written(model, [i], beams=beams)[0] for i in range(3)]
    for order in ([0, 1, 2], [2, 0, 1], [1, 1, 0]):
        assert written(model, order, beams=beams) == [alone[i] for i in order]


def test_length_penalty_forgives_length():
    """The empty text has log 0.5 = -0.69, the long one 0.4 = -0.90 over four words instead of one."""
    model = Tree({0: SHORT})
    assert written(model, [0], beams=2, alpha=0.0) == [[]]
    assert written(model, [0], beams=2, alpha=1.0) == [[A, B, X]]
    score = [-0.693 / (6 / 6) ** 1.0, -0.905 / (9 / 6) ** 1.0]
    assert score[1] > score[0]


def test_enough_beams_find_the_best_of_all_texts():
    """Against trying every text of up to three words, with random tables."""
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        words = [EOS, A, B, X]
        table = {}
        for depth in range(3):
            for text in product([A, B, X], repeat=depth):
                probs = torch.rand(4, generator=generator).softmax(0).tolist()
                table[text] = dict(zip(words, probs, strict=True))

        def p(text, table=table) -> float:
            whole = [*text, EOS]
            return torch.tensor(
                [table.get(tuple(whole[:i]), {EOS: 1.0}).get(w, 0.0) for i, w in enumerate(whole)]
            ).prod()

        texts = [list(text) for depth in range(4) for text in product([A, B, X], repeat=depth)]
        assert written(Tree({0: table}), [0], beams=40, alpha=0.0) == [max(texts, key=p)]


def greedy(model: EncoderDecoder, source: Tensor, n: int) -> Tensor:
    """A plain loop without a cache."""
    texts = torch.full((len(source), 1), BOS)
    for _ in range(n):
        following = model(source, texts)[:, -1].argmax(-1)
        ended = (texts == EOS).any(1)
        texts = torch.cat([texts, following.where(~ended, 0)[:, None]], 1)
        if (texts == EOS).any(1).all():
            break
    return texts[:, 1:]


def random_model() -> EncoderDecoder:
    """Wide weights, so that texts differ and some end."""
    model = small()
    for weight in model.parameters():
        if weight.ndim == 2:
            nn.init.normal_(weight, std=0.4)
    return model


def log_prob(model: EncoderDecoder, source: Tensor, texts: Tensor) -> Tensor:
    """Of the words up to the end."""
    given = F.pad(texts[:, :-1], (1, 0), value=BOS)
    each = model(source, given).log_softmax(-1).gather(2, texts[..., None])[..., 0]
    before_end = (texts == EOS).cumsum(1) - (texts == EOS).long() == 0
    return (each * before_end).sum(1)


@torch.no_grad()
def test_one_beam_is_greedy_whatever_the_penalty():
    model, source = random_model(), torch.randint(3, 13, (40, 6))
    want = greedy(model, source, 11)
    assert 0 < (want == EOS).any(1).sum() < 40  # some end, some do not
    for penalty in (0.0, 0.6, 2.0):
        assert torch.equal(beam_search(model, source, BOS, EOS, 11, 1, penalty), want)


@torch.no_grad()
def test_more_beams_find_likelier_texts():
    """No law for each sentence, but on the whole; and what comes back has the score that the model gives it."""
    model, source = random_model(), torch.randint(3, 13, (40, 6))
    found = [log_prob(model, source, beam_search(model, source, BOS, EOS, 11, k, 0.0)) for k in (1, 2, 4, 8)]
    assert all(b.mean() > a.mean() for a, b in pairwise(found))
    assert (found[3] >= found[0] - 1e-4).float().mean() > 0.9


@torch.no_grad()
def test_rows_are_translated_as_if_alone_and_padding_is_not_read():
    model, (source, _) = random_model(), batch()
    together = beam_search(model, source, BOS, EOS, 11, 3)
    assert torch.equal(beam_search(model, F.pad(source, (0, 3)), BOS, EOS, 11, 3), together)
    for i, row in enumerate(source):
        alone = beam_search(model, row[row != 0][None], BOS, EOS, 11, 3)[0]
        assert torch.equal(together[i, : len(alone)], alone)
        assert (together[i, len(alone) :] == 0).all()


def test_after_the_end_comes_padding_only():
    rows = beam_search(random_model(), torch.randint(3, 13, (40, 6)), BOS, EOS, 11, 4)
    ended = (rows == EOS).cumsum(1) - (rows == EOS).long() > 0
    assert ended.any()
    assert (rows[ended] == 0).all()
    assert ((rows == EOS).sum(1) <= 1).all()


def test_beam_search_leaves_the_model_in_its_mode_and_refuses_nonsense():
    model, source = small(dropout=0.5).train(), torch.randint(3, 13, (2, 6))
    first = beam_search(model, source, BOS, EOS, 5, 2)
    assert model.training
    assert torch.equal(beam_search(model, source, BOS, EOS, 5, 2), first)  # no dropout in it
    with pytest.raises(ValueError, match="beams is 0 and n is 5"):
        beam_search(model, source, BOS, EOS, 5, 0)
    with pytest.raises(ValueError, match="beams is 1 and n is -1"):
        beam_search(model, source, BOS, EOS, -1)
    with pytest.raises(ValueError, match="longer than the context of 12"):
        beam_search(model, source.repeat(1, 3), BOS, EOS, 5)
    assert model.training


# ---- pictures and the view


def test_alignment_marks_the_largest_weight_of_each_row():
    weights = torch.tensor([[0.1, 0.9], [0.7, 0.3], [0.5, 0.5]])
    for quick in (False, True):
        fig = alignment(weights, ["the", "dog"], ["der", "Hund", "."], "block 2", quick=quick)
        assert fig.axes[0].lines[0].get_xdata().tolist() == [1, 0, 0]
        assert [t.get_text() for t in fig.axes[0].get_xticklabels()] == ["the", "dog"]
        assert len(png(fig)) < 100_000
    with pytest.raises(ValueError, match=r"shape \(3, 2\); the words ask for \(3, 1\)"):
        alignment(weights, ["dog"], ["der", "Hund", "."])


def test_word_tree_multiplies_along_its_branches():
    fig = word_tree({"": {"A": 0.6, "B": 0.4}, "B": {"z": 0.9, "w": 0.1}}, "start")
    texts = [text.get_text() for text in fig.axes[0].texts]
    assert {"start", "A  0.60", "B  0.40", "z  0.36", "w  0.04"} <= set(texts)


def test_translator_view_shows_text_picture_and_what_is_wrong():
    words, asked = Words(["the dog ."]), []

    def translate(sentence, beams, length_penalty):
        asked.append((sentence, beams, length_penalty))
        return "der Hund .", torch.eye(4, 3), -0.25

    view = translator_view(translate, words, "the dog .")
    assert view.still().startswith(b"\x89PNG")
    assert "der Hund ." in view.text.value and "-0.25 nats" in view.text.value
    view.controls["beams"].value = 3
    view.controls["length_penalty"].value = 1.0
    assert asked[-1] == ("the dog .", 3, 1.0)
    view.controls["sentence"].value = "the cat ."
    assert "that the model knows: &#x27;cat&#x27;" in view.text.value
    view.controls["sentence"].value = "the dog " * 20
    assert "41 words are too many to draw; delete some, down to 30." in view.text.value


# ---- what the notebook builds


def test_notebook_model_equals_helpers():
    space = from_notebook(LESSON, "Block", "Stack", "Translator")
    mine = space.Translator(13, 11, d_model=D, n_heads=HEADS, d_ff=D_FF).eval()
    ours = shaken(small())
    mine.load_state_dict(ours.state_dict())  # strict: the same names and shapes
    inputs = batch()
    torch.testing.assert_close(mine(*inputs), ours(*inputs))
    got, want = (attention_maps(m, *inputs) for m in (mine, ours))
    assert [m.shape for m in want[3::2]] == [(3, HEADS, 7, 9)] * 2  # every second one from the fourth is the cross one
    for a, b in zip(got, want, strict=True):
        torch.testing.assert_close(a, b)
    mine.causal = False  # the lesson's slip
    assert (mine(*inputs) - ours(*inputs))[:, 0].abs().max() > 1e-3


@torch.no_grad()
@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.5])
@pytest.mark.parametrize("beams", [1, 2, 4])
def test_notebook_search_equals_helpers(beams, alpha):
    space = from_notebook(LESSON, "greedy", "beam", "Translator", "Stack", "Block")
    for function in (space.greedy, space.beam):
        function.__wrapped__.__globals__.update(bos=BOS, eos=EOS, pad=0)
    ours, mine = random_model(), space.Translator(13, 11, d_model=D, n_heads=HEADS, d_ff=D_FF)
    mine.load_state_dict(ours.state_dict())
    source = torch.randint(3, 13, (12, 6))
    want = beam_search(ours, source, BOS, EOS, 10, beams, alpha).tolist()
    for i, row in enumerate(want):
        text, total = space.beam(mine, source[i : i + 1], beams, alpha, longest=10)
        row = row[: row.index(EOS) + 1] if EOS in row else row
        assert text == row
        assert total == pytest.approx(log_prob(ours, source[i : i + 1], torch.tensor([row])).item(), abs=1e-3)
    if beams == 1:
        rows = space.greedy(mine, source, longest=10).tolist()
        assert [r[: r.index(EOS) + 1] if EOS in r else r for r in rows] == [
            r[: r.index(EOS) + 1] if EOS in r else r for r in want
        ]


def test_notebook_loss_and_floor():
    space = from_notebook(LESSON, "loss_of", "smoothed_floor")
    space.loss_of.__globals__["pad"] = 0
    model, (source, target) = small(), batch()
    logits, wanted = model(source, target[:, :-1]), target[:, 1:]
    real = wanted != 0
    smoothed = core.find("label_smoothing").reference
    want = smoothed(logits[real], wanted[real], 0.1)
    torch.testing.assert_close(space.loss_of(model, source, target), want)
    perfect = torch.full((420,), 0.1 / 420)
    perfect[5] += 0.9
    best = smoothed(perfect.log()[None], torch.tensor([5]), 0.1).item()
    assert space.smoothed_floor(420) == pytest.approx(best, abs=1e-4)


def test_decoder_mask_is_what_the_model_sees():
    """With the exercise's mask in the place of the causal one, real words get the same logits."""
    model, (source, target) = shaken(small()), batch()
    mask = core.find("decoder_mask").reference(target, 0)
    memory, memory_mask = model.encode(source)
    got = model.decoder.hidden(target, mask, None, memory, memory_mask) @ model.decoder.tokens.weight.T
    assert (got - model(source, target))[target != 0].abs().max() < 1e-5
