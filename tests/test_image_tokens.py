"""Lesson 38: codes and their gradients, sentences, guidance, drawing with a cache, the studio, the lesson's twins."""

import math

import pytest
import torch
from torch import Tensor, nn
from twins import from_notebook

from helpers import captions, checkpoints
from helpers import image_tokens as tokens
from helpers.captions import ATTRIBUTES, CAPTION_LENGTH, VOCABULARY
from helpers.colour_glyphs import load_captioned
from helpers.models import vq_vae
from helpers.models.transformer import GPT
from helpers.widgets.captions import caption_studio, studio_picture

LESSON = "38_image_tokens"
WORDS = captions.encode(["a red A", "a small blue T at the top left"])


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def small_gpt(n_codes: int = 12) -> GPT:
    """With random weights everywhere, so that what it reads matters."""
    model = tokens.new_gpt(n_codes, d_model=16, n_heads=2, n_layers=2)
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.3)
    return model.eval()


# ---- codes


def test_nearest_codes_are_those_of_cdist():
    z, book = torch.randn(3, 5, 4), torch.randn(9, 4) * torch.arange(1, 10)[:, None]
    got = vq_vae.nearest_codes(z, book)
    assert got.dtype == torch.int64
    assert torch.equal(got, torch.cdist(z, book).argmin(-1))


def test_gradients_of_the_two_losses_go_to_their_own_side():
    z, e = torch.randn(6, 4, requires_grad=True), torch.randn(6, 4, requires_grad=True)
    vq_vae.vq_loss(z, e, beta=0.5).backward()
    torch.testing.assert_close(e.grad, 2 * (e - z).detach() / 24)
    torch.testing.assert_close(z.grad, 0.5 * 2 * (z - e).detach() / 24)


def test_the_encoder_learns_through_the_choice_and_the_book_does_not():
    model, x = vq_vae.VQVAE(16), torch.rand(2, 3, 32, 32)
    x_hat, _, _ = model(x)
    (x_hat - x).square().mean().backward()
    assert model.encoder[0].weight.grad.abs().sum() > 0
    assert model.codebook.grad is None


def test_codes_and_pictures_agree_with_the_forward_pass():
    model, x = vq_vae.VQVAE(16).eval(), torch.rand(3, 3, 32, 32)
    with torch.no_grad():
        x_hat, _, codes = model(x)
        assert codes.shape == (3, 64)
        assert torch.equal(model.encode(x), codes)
        torch.testing.assert_close(model.decode(codes), x_hat)
        z = model.vectors(x)
        torch.testing.assert_close(z.square().mean(-1), torch.ones(3, 8, 8), rtol=1e-3, atol=1e-3)
        model.chooses = False
        torch.testing.assert_close(model(x)[0], model.draw(z))
    with pytest.raises(ValueError, match=r"shape \(3, 1, 28, 28\); this model reads"):
        model.encode(torch.rand(3, 1, 28, 28))


def test_usage_and_perplexity_of_known_codes():
    codes = torch.tensor([[0, 0, 1, 1], [3, 3, 5, 5]])
    assert vq_vae.share_used(codes, 8) == 0.5
    assert vq_vae.code_perplexity(codes, 8) == pytest.approx(4, abs=1e-4)
    assert vq_vae.code_perplexity(torch.zeros(7, dtype=torch.long), 8) == pytest.approx(1)


def test_revive_moves_the_dead_alone():
    book, z = torch.zeros(4, 3), torch.randn(2, 5, 3)
    moved = vq_vae.revive(book, torch.tensor([0, 2, 0, 7]), z)
    assert moved == 2
    assert (book[[1, 3]] == 0).all()
    assert all((z.flatten(0, 1) == row).all(1).any() for row in book[[0, 2]])


# ---- sentences


def test_packed_sentences_keep_words_and_codes_apart():
    codes = torch.randint(12, (2, 64))
    ids = tokens.pack(WORDS, codes)
    assert ids.shape == (2, CAPTION_LENGTH + 1 + 64)
    assert torch.equal(ids[:, :CAPTION_LENGTH], WORDS)
    assert (ids[:, CAPTION_LENGTH] == len(VOCABULARY)).all()
    assert torch.equal(ids[:, CAPTION_LENGTH + 1 :] - len(VOCABULARY) - 1, codes)


@torch.no_grad()
def test_each_codes_logits_see_what_stands_before_it_alone():
    gpt, codes = small_gpt(), torch.randint(12, (2, 64))
    before = tokens.code_logits(gpt, tokens.pack(WORDS, codes))
    assert before.shape == (2, 64, 12)
    changed = codes.clone()
    changed[:, 10] = (codes[:, 10] + 1) % 12
    moved = (tokens.code_logits(gpt, tokens.pack(WORDS, changed)) - before).abs().amax((0, 2))
    assert moved[:11].max() < 1e-5
    assert moved[11] > 1e-4
    other = WORDS.clone()
    other[:, 1] = VOCABULARY.index("green")
    assert (tokens.code_logits(gpt, tokens.pack(other, codes)) - before)[:, 0].abs().max() > 1e-4


def test_captions_are_dropped_whole_and_as_often_as_asked():
    words = WORDS.repeat(2000, 1)
    dropped = tokens.drop_captions(words, 0.1)
    gone = (dropped == 0).all(1)
    assert torch.equal(dropped[~gone], words[~gone])
    assert 0.08 < gone.float().mean() < 0.12


def test_guidance_has_its_two_fixed_points():
    told, untold = torch.randn(2, 3, 5)
    torch.testing.assert_close(tokens.guided(told, untold, 1.0), told)
    torch.testing.assert_close(tokens.guided(told, untold, 0.0), untold)


@torch.no_grad()
@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_drawing_with_the_cache_is_drawing_without(scale):
    gpt = small_gpt()
    codes = tokens.draw_codes(gpt, WORDS, scale, temperature=0)
    told, untold = (tokens.code_logits(gpt, tokens.pack(w, codes)) for w in (WORDS, 0 * WORDS))
    assert torch.equal(codes, tokens.guided(told, untold, scale).argmax(-1))


def test_draws_follow_the_generator_and_top_k():
    gpt = small_gpt()
    a, b, c = (tokens.draw_codes(gpt, WORDS, generator=torch.Generator().manual_seed(s)) for s in (0, 0, 1))
    assert torch.equal(a, b) and not torch.equal(a, c)
    assert torch.equal(tokens.draw_codes(gpt, WORDS, top_k=1), tokens.draw_codes(gpt, WORDS, temperature=0))


def test_pictures_come_from_captions_in_any_number():
    gpt, speller = small_gpt(16), vq_vae.VQVAE(16)
    x = tokens.draw_pictures(gpt, speller, ["a red A", "a T", "a blue 4"], batch_size=2, temperature=0)
    assert x.shape == (3, 3, 32, 32) and x.min() >= 0 and x.max() <= 1
    alone = tokens.draw_pictures(gpt, speller, ["a blue 4"], temperature=0)
    torch.testing.assert_close(x[2:], alone)
    with pytest.raises(ValueError, match="'huge'"):
        tokens.draw_pictures(gpt, speller, ["a huge A"])


# ---- the shipped models


def test_the_shipped_models_do_what_their_headers_say():
    speller, facts = checkpoints.load("vq_vae")
    assert facts["results"]["used_test"] >= 0.8 and len(facts["seeds"]) == 3
    judge, _ = checkpoints.load("caption_judge")
    data = load_captioned("test", 300)
    x = data.batch(torch.arange(300))
    with torch.no_grad():
        back = speller.decode(speller.encode(x))
    real, read = ((judge.read(p) == data.attributes).all(1).float().mean() for p in (x, back))
    assert read / real > facts["by_seed"]["0"]["of_real_test"] - 0.06
    writer, facts = checkpoints.load("image_gpt")
    assert facts["results"]["of_real_test"] >= 0.9 and len(facts["seeds"]) == 3
    some = data.tokens[:100]
    chance = torch.Generator().manual_seed(0)
    codes = tokens.draw_codes(writer, some, facts["scale"], facts["temperature"], generator=chance)
    with torch.no_grad():
        read = (judge.read(speller.decode(codes)) == data.attributes[:100]).all(1).float().mean()
    assert read > facts["by_seed"]["0"]["all_right_test"] - 0.12


# ---- the studio


class Reader:
    """A judge that reads the first value of everything."""

    def read(self, x: Tensor) -> Tensor:
        return torch.zeros(len(x), len(ATTRIBUTES), dtype=torch.long)


def test_studio_says_what_was_read_and_what_was_drawn_at_random():
    asked = []

    def draw(texts, **how):
        asked.append((texts, how))
        return torch.rand(len(texts), 3, 32, 32)

    _, text = studio_picture(draw, Reader(), "a red A", warmth=2)
    assert "character: A, 8 of 8" in text and "colour: red, 0 of 8" in text and "(drawn)" in text
    assert len(asked[0][0]) == 8 and asked[0][1] == {"warmth": 2}
    view = caption_studio(draw, Reader(), "a red A", guidance=(0.0, 4.0, 1.0))
    assert view.still().startswith(b"\x89PNG")
    view.controls["guidance"].value = 3.0
    assert asked[-1][1] == {"guidance": 3.0}
    view.controls["caption"].value = "a huge A"
    assert "&#x27;huge&#x27;" in view.text.value


# ---- what the notebook builds


def test_the_notebooks_vq_vae_is_the_twin_of_ours():
    lesson = from_notebook(LESSON, "VQVAE")
    mine, ours, x = lesson.VQVAE(), vq_vae.VQVAE(), torch.rand(2, 3, 32, 32)
    mine.load_state_dict(ours.state_dict())
    for chooses in (True, False):
        mine.chooses = ours.chooses = chooses
        for a, b in zip(mine(x), ours(x), strict=True):
            torch.testing.assert_close(a, b)


@torch.no_grad()
def test_the_notebooks_writing_is_ours():
    lesson = from_notebook(LESSON, "draw", "sentence_loss")
    for function in (lesson.draw, lesson.sentence_loss):
        getattr(function, "__wrapped__", function).__globals__["FIRST_CODE"] = tokens.FIRST_CODE
    gpt = small_gpt()
    for scale in (1.0, 3.0):
        want = tokens.draw_codes(gpt, WORDS, scale, temperature=0)
        assert torch.equal(lesson.draw(gpt, WORDS, scale, temperature=0), want)
    logits = tokens.code_logits(gpt, tokens.pack(WORDS, want))
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), want.flatten())
    torch.testing.assert_close(lesson.sentence_loss(gpt, WORDS, want), loss)
    assert loss < 2 * math.log(12)
