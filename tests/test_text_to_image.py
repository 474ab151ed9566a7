"""Lesson 14: captions and their parser, colour glyphs, held-out pairs, models, twins."""

import pytest
import torch
from twins import from_notebook

from helpers import captions, checkpoints
from helpers.captions import ATTRIBUTES, PHRASINGS, VOCABULARY, complete, describe, encode, held_out, parse
from helpers.colour_glyphs import INKS, PAPERS, load_captioned, paint
from helpers.models import text_to_image as t2i

FIRST = {name: values[0] for name, values in ATTRIBUTES.items()}
VALUES = [(name, value) for name, values in ATTRIBUTES.items() for value in values]


# ---- captions ----


@pytest.mark.parametrize("way", range(len(PHRASINGS)))
@pytest.mark.parametrize(("name", "value"), VALUES)
def test_every_value_comes_back_from_every_phrasing(name, value, way):
    attributes = FIRST | {name: value}
    assert parse(describe(attributes, way)) == attributes
    assert captions.to_names(captions.to_numbers(attributes)) == attributes


@pytest.mark.parametrize(
    ("caption", "parts"),
    [
        ("a huge A", ["'huge'", "small, large", "black, red"]),
        ("a red k", ["'k'", "character: A, E"]),
        ("a blue red A", ["colour", "blue and red"]),
        ("the characters A", ["'characters'"]),
        ("draw an A and T", ["character", "A and T"]),
        ("an A at the top", ["'top'", "top left"]),
        ("an A at the top bottom left", ["'top bottom left'"]),
        ("an A in the middle at the top left", ["place"]),
    ],
)
def test_what_a_caption_cannot_say_is_refused_with_the_way_out(caption, parts):
    with pytest.raises(ValueError) as error:
        parse(caption)
    assert all(part in str(error.value) for part in parts)


def test_a_leading_capital_a_is_the_article_if_a_character_follows():
    assert parse("A red T") == {"character": "T", "colour": "red"}
    assert parse("A, red") == {"character": "A", "colour": "red"}


def test_open_attributes_are_drawn_and_said_ones_kept():
    said = parse("a red T")
    assert said == {"character": "T", "colour": "red"}
    whole = complete(said, seed=1)
    assert list(whole) == list(ATTRIBUTES)
    assert whole | said == whole == complete(said, seed=1)
    assert len({tuple(complete(said, seed).values()) for seed in range(10)}) > 5


def test_describe_refuses_what_it_does_not_know():
    for wrong, part in (({"mood": "glad"}, "'mood'"), ({"colour": "pink"}, "'pink'.*purple")):
        with pytest.raises(ValueError, match=part):
            describe(FIRST | wrong)
    with pytest.raises(ValueError, match="size is None"):
        describe({name: value for name, value in FIRST.items() if name != "size"})


def test_words_become_numbers_filled_up_with_padding():
    tokens = encode(["a red A", "A red T, small"], length=5)
    assert [VOCABULARY[i] for i in tokens[0]] == ["a", "red", "A", "<pad>", "<pad>"]
    assert [VOCABULARY[i] for i in tokens[1]] == ["a", "red", "T", "small", "<pad>"]
    assert len(set(VOCABULARY)) == len(VOCABULARY)
    for caption, part in (("a red A", "has 3"), ("", "has 0")):
        with pytest.raises(ValueError, match=part):
            encode([caption], length=2)


def test_a_part_hears_only_the_words_of_its_attributes():
    tokens = encode(["a small red A in the middle", "at the top left on grey: a large T in blue"])
    heard = [[VOCABULARY[i] for i in row if i] for row in captions.only(tokens, "size", "place")]
    assert heard == [["small", "middle"], ["top", "left", "large"]]
    assert captions.only(tokens, "family").count_nonzero() == 0
    with pytest.raises(ValueError, match=r"'mood'.*character"):
        captions.only(tokens, "mood")


# ---- pictures ----


def test_no_held_out_pair_is_in_train_or_test_and_every_unseen_caption_has_one():
    for split in ("train", "test"):
        assert not held_out(load_captioned(split, 3000).attributes).any()
    unseen = held_out(load_captioned("unseen", 500).attributes)
    assert unseen.any(1).all() and unseen.any(0).all()
    assert held_out(load_captioned("judge", 500).attributes).any()


def test_a_value_is_missing_from_no_set():
    for split in ("train", "unseen"):
        rows = load_captioned(split, 2000).attributes
        assert [len(column.unique()) for column in rows.unbind(1)] == list(t2i.SIZES)


def test_captions_say_what_the_numbers_say():
    data = load_captioned("train", 200)
    for caption, row in zip(data.captions, data.attributes, strict=True):
        assert parse(caption) == captions.to_names(row)
    assert torch.equal(data.tokens, encode(data.captions))


def test_sets_repeat_with_their_seed_and_differ_otherwise():
    a, b, c = load_captioned("train", 50), load_captioned("train", 50), load_captioned("train", 50, seed=1)
    assert a.sha256() == b.sha256() != c.sha256()
    assert a.batch(torch.tensor([3])).max() <= 1
    assert a.images.shape == (50, 3, 32, 32) and a.images.dtype == torch.uint8


def test_unknown_splits_and_numbers_are_refused():
    for arguments, part in ((("valid",), "'valid'"), (("train", 0), "0")):
        with pytest.raises(ValueError, match=part):
            load_captioned(*arguments)


def test_place_size_and_colours_are_where_the_caption_puts_them():
    rows = torch.tensor(
        [captions.to_numbers(FIRST | {"place": place, "size": "small"}) for place in ATTRIBUTES["place"]]
    )
    ink = 1 - paint(rows, torch.Generator().manual_seed(0)).float().mean(1) / 255  # (5, 32, 32)
    ink = (ink - ink.flatten(1).median(1).values[:, None, None]).clamp(min=0)
    down = (ink.sum(2) * torch.arange(32)).sum(1) / ink.sum((1, 2)) - 15.5
    right = (ink.sum(1) * torch.arange(32)).sum(1) / ink.sum((1, 2)) - 15.5
    assert down[[1, 2]].max() < -2 < 2 < down[[3, 4]].min()
    assert right[[1, 3]].max() < -2 < 2 < right[[2, 4]].min()
    assert set(INKS) == set(ATTRIBUTES["colour"]) and set(PAPERS) == set(ATTRIBUTES["background"])
    assert all(sum(ink) + 0.5 < sum(paper) for ink in INKS.values() for paper in PAPERS.values())


# ---- models ----


def test_shapes_noise_and_captions_matter():
    torch.manual_seed(0)
    model, opponent = t2i.CaptionGenerator().eval(), t2i.CaptionDiscriminator()
    x = model.sample(["a red A", "a blue T"], torch.Generator().manual_seed(0))
    assert x.shape == (2, 3, 32, 32) and x.min() >= 0 and x.max() <= 1
    assert torch.equal(x, model.sample(["a red A", "a blue T"], torch.Generator().manual_seed(0)))
    assert not torch.equal(x, model.sample(["a red A", "a red T"], torch.Generator().manual_seed(0)))
    score, logits = opponent(x, encode(["a red A", "a blue T"]))
    assert score.shape == (2,) and logits.shape == (2, sum(t2i.SIZES))
    with pytest.raises(ValueError, match=r"\(2, 3\)"):
        model(torch.zeros(2, 3), encode(["a red A"]))


def test_gradients_reach_every_parameter():
    model, opponent = t2i.CaptionGenerator(), t2i.CaptionDiscriminator()
    tokens = encode(["a red A", "a blue T", "a green K"])
    score, logits = opponent(model(model.noise(3), tokens), tokens)
    (score.sum() + logits.square().sum()).backward()
    for part in (model, opponent):
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in part.parameters())


def test_losses_by_hand():
    assert t2i.matching_loss(torch.tensor([0.5]), torch.tensor([-2.0]), torch.tensor([1.0])).item() == pytest.approx(
        1.5
    )
    assert t2i.all_right(torch.tensor([[1, 2], [1, 3]]), torch.tensor([[1, 2], [1, 2]])) == 0.5
    even = t2i.reading_loss(torch.zeros(4, sum(t2i.SIZES)), torch.zeros(4, 8, dtype=torch.int64))
    assert even.item() == pytest.approx(sum(torch.tensor(n).log().item() for n in t2i.SIZES), rel=1e-5)


def test_the_stamp_puts_a_drawing_where_it_is_told():
    mask = torch.ones(1, 1, 32, 32)
    assert torch.allclose(t2i.stamp(mask, torch.zeros(1, 3)), mask, atol=1e-5)
    moved = t2i.stamp(mask, torch.tensor([[-0.6931, 0.5, -0.5]]))[0, 0]
    assert moved[:16, 16:].min() > 0.4 and moved[18:, :].max() == 0 and moved[:, :14].max() == 0


def test_the_centre_of_ink_is_its_mean_place():
    mask = torch.zeros(2, 1, 4, 4)
    mask[0, 0, 0, 3] = 1  # the upper right pixel, whose middle lies 3/4 from the picture's
    mask[1, 0, 1:3, 2:] = 0.5
    torch.testing.assert_close(t2i.centre(mask)[:, :, 0], torch.tensor([[0.75, -0.75], [0.5, 0.0]]), atol=1e-3, rtol=0)


def test_where_a_shape_was_drawn_is_forgotten():
    drawn = torch.zeros(1, 1, 32, 32)
    drawn[0, 0, 12:18, 10:20] = 1
    where = torch.tensor([[-0.2, 0.3, -0.1]])
    here, there = (t2i.stamp(mask, where) for mask in (drawn, drawn.roll((5, -4), (2, 3))))
    torch.testing.assert_close(here, there, atol=2e-3, rtol=0)
    assert (t2i.stamp(drawn, where + torch.tensor([[0.0, 0.1, 0.0]])) - here).abs().max() > 0.2


@torch.no_grad()
def test_each_word_changes_only_the_part_that_hears_it():
    model = t2i.CaptionGenerator().eval()
    codes = model.codes(encode(["a small red A", "a small blue A", "a large red A", "a small red T"]))
    plain, *others = zip(*(code.unbind(0) for code in codes), strict=True)
    same = [[torch.equal(a, b) for a, b in zip(plain, other, strict=True)] for other in others]
    assert same == [[True, True, False], [True, False, True], [False, True, True]]
    heard = [name for names in t2i.HEARS for name in names]
    assert sorted(heard) == sorted(ATTRIBUTES)


@pytest.mark.parametrize("split", ["test", "unseen"])
def test_the_judge_reads_real_pictures_and_the_painter_is_read(split):
    judge, _ = checkpoints.load("caption_judge")
    painter, header = checkpoints.load("caption_gan")
    data = load_captioned(split, 500)
    right = (judge.read(data.images.float() / 255) == data.attributes).float().mean(0)
    assert right.min() > 0.95
    made = painter.sample(list(data.captions), torch.Generator().manual_seed(0))
    read = t2i.all_right(judge.read(made), data.attributes)
    assert read > header["by_seed"]["0"][f"all_right_{split}"] - 0.08
    assert t2i.all_right(judge.read(made), data.attributes.roll(1, 0)) < 0.05


# ---- what the notebook builds equals what helpers keeps ----


def test_the_notebooks_models_are_the_twins_of_ours():
    lesson = from_notebook("14_text_to_image", "TextEncoder", "HEARS", "centre", "stamp", "Generator", "Discriminator")
    tokens, z, x = encode(["a red A", "a small blue T"]), torch.randn(2, 16), torch.rand(2, 3, 32, 32)
    mine, ours = lesson.Generator(len(VOCABULARY)), t2i.CaptionGenerator()
    mine.load_state_dict(ours.state_dict())
    torch.testing.assert_close(mine(z, tokens), ours(z, tokens))
    mine, ours = lesson.Discriminator(len(VOCABULARY)).eval(), t2i.CaptionDiscriminator().eval()
    mine.load_state_dict(ours.state_dict())
    h = mine.body(x)
    torch.testing.assert_close((mine.score(h, tokens), mine.read(h)), ours(x, tokens))
