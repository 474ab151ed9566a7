"""Lesson 12: its players and their twins, the losses, the swap's disguise, other picture sets, and the quiz."""

import pytest
import torch
from torch import nn
from twins import from_notebook

from helpers import checkpoints, losses
from helpers.datasets import load_glyphs, load_images
from helpers.exercises.images import average_weights, diagonal_frechet, saturating_slope
from helpers.game import blend
from helpers.metrics import frechet_distance
from helpers.models.gan import DCDiscriminator, DCGenerator
from helpers.widgets.quiz import quiz

LESSON = "12_images"


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


@pytest.fixture(scope="module")
def lesson():
    return from_notebook(
        LESSON, "DIGITS", "load_part", "groups_of", "bent", "Generator", "Bounded", "Discriminator", "distance_by_hand",
        "drawn", "move_d", "move_g", "play", "disguised", "real_or_fake_accuracy",
    )  # fmt: skip


# ---- the players ----


def test_parameters_are_exactly_the_layers():
    c, z, groups = 8, 48, 5
    generator = DCGenerator(groups, latent_dim=z, channels=c)
    want = groups * 32 + (z + 32 + 1) * 2 * c * 49 + 2 * 2 * c  # embedding, linear, batch norm
    want += 2 * c * c * 16 + c + 2 * c + c * 16 + 1  # up, batch norm, up
    want += (z + 1) * 38  # the bend
    assert sum(p.numel() for p in generator.parameters()) == want
    discriminator = DCDiscriminator(groups, channels=c)
    want = 16 * c + c + 16 * c * 2 * c + 2 * c + 2 * 2 * c + 2 * c * 49 + 1 + groups * 2 * c * 49
    assert sum(p.numel() for p in discriminator.parameters()) == want


def test_pictures_lie_between_0_and_1_and_follow_seed_and_group():
    generator, groups = DCGenerator(4).eval(), torch.tensor([0, 1, 2, 3])
    x = generator.sample(groups, torch.Generator().manual_seed(1))
    assert x.shape == (4, 1, 28, 28)
    assert x.min() >= 0 and x.max() <= 1
    assert torch.equal(x, generator.sample(groups, torch.Generator().manual_seed(1)))
    assert not torch.allclose(x, generator.sample(groups.flip(0), torch.Generator().manual_seed(1)))


@pytest.mark.parametrize("spectral", [False, True])
def test_gradients_reach_every_parameter_of_both_players(spectral):
    generator, discriminator = DCGenerator(3), DCDiscriminator(3, spectral=spectral)
    groups = torch.arange(12) % 3
    fake = generator(torch.randn(12, 48), groups)
    losses.discriminator_loss(discriminator(torch.rand(12, 1, 28, 28), groups), discriminator(fake, groups)).backward()
    for model in (generator, discriminator):
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.parameters())


def test_spectral_norm_bounds_every_layers_slope():
    discriminator = DCDiscriminator(3, channels=4, spectral=True)
    for layer in discriminator.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.Embedding):
            layer.parametrizations.weight.original.data.mul_(50)
    for _ in range(30):  # each pass in training mode refines the estimate of the largest stretch
        discriminator(torch.rand(4, 1, 28, 28), torch.tensor([0, 1, 2, 0]))
    for layer in discriminator.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.Embedding):
            assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: DCGenerator(3)(torch.zeros(2, 31), torch.zeros(2, dtype=torch.int64)), r"\(2, 31\).*\(B, 48\)"),
        (lambda: DCGenerator(3)(torch.zeros(2, 48), torch.zeros(3, dtype=torch.int64)), r"\(3,\)"),
        (lambda: DCDiscriminator(3)(torch.zeros(2, 28, 28), torch.zeros(2, dtype=torch.int64)), r"\(2, 28, 28\)"),
        (lambda: losses.hinge_loss(torch.zeros(0), torch.zeros(2)), r"\(0,\)"),
    ],
)
def test_wrong_input_is_refused_with_the_offending_value(call, part):
    with pytest.raises(ValueError, match=part):
        call()


# ---- losses and exercises, by hand ----


def test_hinge_loss_is_zero_beyond_the_margin_two_at_zero_and_flat_there():
    assert losses.hinge_loss(torch.tensor([1.0, 5.0]), torch.tensor([-1.0, -9.0])).item() == 0
    assert losses.hinge_loss(torch.zeros(3), torch.zeros(4)).item() == 2
    real, fake = torch.tensor([0.5, 2.0], requires_grad=True), torch.tensor([-2.0, 0.0], requires_grad=True)
    losses.hinge_loss(real, fake).backward()
    assert real.grad.tolist() == [-0.5, 0]
    assert fake.grad.tolist() == [0, 0.5]


def test_the_saturating_slope_is_autograds():
    logits = torch.linspace(-9, 9, 7, requires_grad=True)
    losses.saturating_generator_loss(logits).backward()
    torch.testing.assert_close(saturating_slope(logits.detach()) / 7, logits.grad)


def test_the_running_average_is_blends():
    old, new = nn.Linear(3, 2), nn.Linear(3, 2)
    want = average_weights(old.weight.detach(), new.weight.detach(), 0.9)
    blend(old, new, keep=0.9)
    torch.testing.assert_close(old.weight.detach(), want)


def test_the_diagonal_distance_is_the_full_one_where_features_are_independent():
    a = torch.tensor([[1.0, 0], [-1, 0], [0, 2], [0, -2]])  # uncorrelated features
    b = 3 * a + torch.tensor([1.0, -2.0])
    want = diagonal_frechet(a.mean(0), a.std(0), b.mean(0), b.std(0)).item()
    assert frechet_distance(a, b) == pytest.approx(want, rel=1e-6)


# ---- twins ----


def test_the_lessons_generator_is_helpers(lesson):
    mine, theirs = lesson.Generator(7), DCGenerator(7)
    mine.load_state_dict(theirs.state_dict())
    z, groups = torch.randn(7, 48), torch.arange(7)
    torch.testing.assert_close(mine(z, groups), theirs(z, groups), rtol=0, atol=0)


@pytest.mark.parametrize("spectral", [False, True])
def test_the_lessons_discriminator_is_helpers(lesson, spectral):
    mine, theirs = lesson.Discriminator(7, spectral=spectral).eval(), DCDiscriminator(7, spectral=spectral).eval()
    mine.load_state_dict(theirs.state_dict())
    x, groups = torch.rand(7, 1, 28, 28), torch.arange(7)
    torch.testing.assert_close(mine(x, groups), theirs(x, groups), rtol=0, atol=0)


def test_the_lessons_distance_is_helpers(lesson):
    a, b = torch.randn(300, 6), torch.randn(300, 6) @ torch.randn(6, 6) + 1
    assert lesson.distance_by_hand(a, b) == pytest.approx(frechet_distance(a, b), rel=1e-6)


def test_no_bend_leaves_a_picture_as_it_is(lesson):
    x = torch.rand(3, 1, 28, 28)
    torch.testing.assert_close(lesson.bent(x, torch.zeros(3, 38)), x, atol=1e-5, rtol=0)


def test_a_disguise_keeps_size_and_range_and_changes_the_picture(lesson):
    x = load_glyphs("test", n=20).images
    y = lesson.disguised(x)
    assert y.shape == x.shape
    assert y.min() >= 0 and y.max() <= 1 + 1e-5
    assert (y - x).abs().mean() > 0.01


def test_the_lessons_two_sample_test_is_even_for_one_source_and_sure_for_two(lesson):
    a, b = torch.randn(1500, 4), torch.randn(1500, 4)
    assert abs(lesson.real_or_fake_accuracy(a, b) - 0.5) < 4 * 0.5 / 1500**0.5
    assert lesson.real_or_fake_accuracy(a, b + 5) > 0.99


# ---- other pictures by one name ----


@pytest.mark.parametrize(("name", "n_groups"), [("glyphs", 160), ("digits", 10)])
def test_the_game_is_played_on_any_set_by_its_name(lesson, name, n_groups):
    data = lesson.load_part(name, "train")
    groups = lesson.groups_of(data)
    assert groups.unique().tolist() == list(range(n_groups))
    generator = lesson.Generator(n_groups)
    before = [p.clone() for p in generator.parameters()]
    average, history = lesson.play(generator, lesson.Discriminator(n_groups), data, groups, steps=3)
    assert history.steps == 3
    assert any(not torch.equal(a, b) for a, b in zip(before, generator.parameters(), strict=True))
    with torch.no_grad():
        assert lesson.drawn(average, groups, 5)[0].shape == (5, 1, 28, 28)


# ---- what is shipped ----


def test_the_shipped_gan_draws_the_digit_of_its_group():
    model, header = checkpoints.load("digit_gan")
    assert set(header["by_seed"]) == {"0", "1", "2"}
    judge, _ = checkpoints.load("classifier")
    groups = torch.arange(160).repeat(4)
    with torch.no_grad():
        read = judge(model.sample(groups, torch.Generator().manual_seed(0)))[:, :10].argmax(1)
    assert (read == groups // 16).float().mean() > 0.95


# ---- the quiz ----


@pytest.fixture
def game():
    real, fake = torch.zeros(30, 1, 4, 4), torch.ones(30, 1, 4, 4)
    return quiz(real, fake, lambda x: x.flatten(1).mean(1) > 0.5, rounds=8, seed=1)


def test_the_quiz_counts_right_answers_of_learner_and_detector(game):
    for truth in game.is_fake.tolist():
        assert "Picture" in game.text.value and 'role="status"' in game.text.value
        game.answer(truth)
    assert game.score() == game.detector_score() == 8
    assert "You: 8 of 8. The detector: 8 of 8." in game.text.value
    assert game.buttons["real"].disabled


def test_the_quiz_says_what_each_picture_was_and_takes_no_answer_too_many(game):
    truth = bool(game.is_fake[0])
    old = bytes(game.picture.value)
    game.buttons["generated" if not truth else "real"].click()
    assert f"Wrong: it was {'generated' if truth else 'real'}" in game.text.value
    assert game.score() == 0
    for _ in range(20):
        game.answer(True)
    assert len(game.given) == 8
    assert bytes(game.picture.value) != old


def test_a_new_round_has_other_pictures_and_the_seed_repeats_the_first(game):
    first = game.is_fake.tolist()
    game.buttons["new round"].click()
    assert game.given == []
    assert game.is_fake.tolist() != first
    again = quiz(game.real, game.fake, game.says_fake, rounds=8, seed=1)
    assert again.is_fake.tolist() == first
    assert again.still().startswith(b"\x89PNG")


def test_the_quiz_shows_what_its_truth_says():
    data = load_images("digits", "test")
    shown = quiz(data.images, torch.zeros(50, 1, 28, 28), lambda x: torch.zeros(len(x)), rounds=12, seed=3)
    assert torch.equal(shown.pictures.flatten(1).sum(1) == 0, shown.is_fake)
    assert 0 < int(shown.is_fake.sum()) < 12


@pytest.mark.parametrize("rounds", [0, 31])
def test_the_quiz_refuses_more_rounds_than_pictures(rounds):
    with pytest.raises(ValueError, match=rf"\(30, 1, 4, 4\).*at least {rounds}"):
        quiz(torch.zeros(30, 1, 4, 4), torch.zeros(30, 1, 4, 4), lambda x: x, rounds=rounds)
