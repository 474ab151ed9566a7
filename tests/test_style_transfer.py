"""Lesson 13: losses by hand, exact sizes, refused shapes, the notebook's twins, the game, the measures, the header."""

import pytest
import torch
from torch import nn
from twins import from_notebook

from helpers import checkpoints
from helpers.datasets import load_glyphs
from helpers.exercises.style_transfer import history_pool
from helpers.models import cyclegan
from helpers.widgets.style_transfer import style_slider

LESSON = "13_style_transfer"


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


# ---- losses


def test_least_squares_losses_by_hand():
    real, fake = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.5]])
    assert cyclegan.lsgan_discriminator_loss(real, fake).item() == pytest.approx(2 + 0.25)
    assert cyclegan.lsgan_generator_loss(fake).item() == pytest.approx(0.25)


def test_translators_that_undo_each_other_have_no_cycle_loss_and_may_have_an_identity_loss():
    x, y = torch.rand(2, 1, 4, 4), torch.rand(2, 1, 4, 4)

    def turn(p):
        return 1 - p

    assert cyclegan.cycle_loss(turn, turn, x, y, turn(x), turn(y)).item() == pytest.approx(0, abs=1e-6)
    want = (1 - 2 * y).abs().mean() + (1 - 2 * x).abs().mean()
    assert torch.allclose(cyclegan.identity_loss(turn, turn, x, y), want)
    assert cyclegan.identity_loss(lambda p: p, lambda p: p, x, y).item() == 0


def test_pool_keeps_every_picture_once():
    pool, new = torch.arange(4.0), torch.arange(4.0, 8.0)
    shown, after = history_pool(pool, new, torch.tensor([True, False, False, True]))
    assert shown.tolist() == [0, 5, 6, 3] and after.tolist() == [4, 1, 2, 7]


# ---- data and measures


def test_held_out_characters_have_no_twin_and_are_never_trained_on():
    held = set(cyclegan.HELD_OUT)
    assert len(held) == len(cyclegan.HELD_OUT) == 12
    assert not held & set("0Oo1lIi5SscCkKpPuUvVwWxXzZjJ")
    data = load_glyphs(n=3000)
    for held_out in (True, False):
        x, y = cyclegan.style_sets(data, held_out)
        for part, fonts in ((x, cyclegan.SANS), (y, cyclegan.SERIF)):
            assert {part.factor_names["font"][i] for i in part.factors["font"].tolist()} == set(fonts)
            assert all((data.classes[i] in held) == held_out for i in part.labels.tolist())


def test_style_adds_the_fonts_of_each_style_and_content_is_the_read_character():
    logits = torch.tensor([[0.1, 2.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 3.0]])
    source, target = torch.tensor([0]), torch.tensor([2, 3])
    assert cyclegan.style_flipped(logits, source, target) == pytest.approx(2 / 3)
    assert cyclegan.style_exact(logits, target) == pytest.approx(1 / 3)
    assert cyclegan.content_kept(logits, torch.tensor([1, 0, 0])) == pytest.approx(2 / 3)


# ---- nets and their game


def test_sizes_ranges_and_refused_shapes():
    model, judge = cyclegan.StyleTransfer(8), cyclegan.make_style_discriminator(8)
    x = torch.rand(3, 1, 28, 28)
    assert model.translate(x).shape == model.translate(x, back=True).shape == x.shape
    assert model.translate(x).min() >= 0 and model.translate(x).max() <= 1
    assert judge(x).shape == (3, 1)
    with pytest.raises(ValueError, match=r"\(3, 28, 28\)"):
        model.translate(x[:, 0])


def test_parameters_are_counted_exactly():
    c, w = 32, 64
    block = 2 * (9 * w * w + w + 2 * w)
    inner = 2 * (9 * w * w + w + 2 * w)  # down to 4x4, and up again
    want = 16 * c + c + 16 * c * w + w + 2 * w + inner + 2 * block + 16 * w * c + c + 2 * c + 16 * c + 1
    assert sum(p.numel() for p in cyclegan.make_translator().parameters()) == want


def test_a_step_moves_all_four_and_a_missing_term_is_not_computed():
    x, y = torch.rand(4, 1, 28, 28), torch.rand(4, 1, 28, 28)
    game = cyclegan.CycleGame({"cycle": 5.0, "identity": 1.0}, channels=4)
    before = [p.detach().clone() for p in [*game.model.parameters(), *game.discriminators.parameters()]]
    numbers = game.step(x, y)
    after = [*game.model.parameters(), *game.discriminators.parameters()]
    assert sum(not torch.equal(a, b) for a, b in zip(before, after, strict=True)) > 0.7 * len(before)
    assert set(numbers) == {"loss_d", "adversarial", "cycle", "identity"}
    assert set(cyclegan.CycleGame({"cycle": 0, "identity": 0}, channels=4).step(x, y)) == {"loss_d", "adversarial"}


def test_identity_fades_out_and_the_rates_fall_at_the_end():
    game = cyclegan.CycleGame({"cycle": 10.0, "identity": 5.0}, channels=4)
    seen = []
    for progress in (0, 0.25, 0.5, 0.8, 1):
        game.schedule(progress)
        seen.append((game.weights["identity"], game.opt_g.param_groups[0]["lr"], game.opt_d.param_groups[0]["lr"]))
    assert [s[0] for s in seen] == pytest.approx([5, 2.5, 0, 0, 0])
    assert [s[1] for s in seen] == pytest.approx([1e-3, 1e-3, 1e-3, 5e-4, 0])
    assert [s[2] for s in seen] == pytest.approx([4e-4, 4e-4, 4e-4, 2e-4, 0])
    assert game.weights["cycle"] == 10


def test_the_cycle_loss_falls_in_a_few_steps():
    x, y = torch.rand(8, 1, 28, 28).round(), torch.rand(8, 1, 28, 28).round()
    game = cyclegan.CycleGame({"cycle": 10.0, "identity": 0.0}, channels=8)
    cycle = [game.step(x, y)["cycle"].item() for _ in range(30)]
    assert sum(cycle[-5:]) < 0.97 * sum(cycle[:5])


# ---- the slider


def test_the_slider_shows_and_says_what_the_strength_does():
    letters = {"A": torch.zeros(1, 1, 28, 28), "B": torch.zeros(1, 1, 28, 28)}
    asked = []

    def change(x, strength):
        asked.append(strength)
        return x + strength

    view = style_slider(letters, change, lambda x: ("Q", 0.5, x.mean().item()), [0.0, 0.25, 0.5, 1.0])
    before = view.still()
    assert before.startswith(b"\x89PNG") and view.widget.children[0] is view.letter
    view.strength.value = 0.25
    assert view.still() != before and asked[-2:] == [0.25, 1.0]
    assert 'role="status"' in view.text.value
    assert "strength 0.25: read as Q (50% sure), bold italic serif 25%" in view.text.value


# ---- the notebook


def _twins():
    nets = ["ResidualBlock", "make_translator", "make_discriminator"]
    return from_notebook(LESSON, *nets, "step_discriminators", "translator_losses", "CycleGAN", "schedule")


def test_notebook_and_helpers_have_the_same_nets():
    twins, x = _twins(), torch.rand(2, 1, 28, 28)
    for mine, theirs in (
        (twins.make_translator, cyclegan.make_translator),
        (twins.make_discriminator, cyclegan.make_style_discriminator),
    ):
        torch.manual_seed(1)
        a = mine()
        torch.manual_seed(1)
        b = theirs()
        assert torch.equal(a(x), b(x))


def test_notebook_and_helpers_play_the_same_game():
    twins, x, y = _twins(), torch.rand(4, 1, 28, 28), torch.rand(4, 1, 28, 28)
    for weights in ({"cycle": 10.0, "identity": 5.0}, {"cycle": 0.0, "identity": 5.0}):
        torch.manual_seed(2)
        mine = twins.CycleGAN(weights)
        torch.manual_seed(2)
        theirs = cyclegan.CycleGame(weights)
        for progress in (0.1, 0.4, 0.7):
            twins.schedule(mine, progress)
            theirs.schedule(progress)
            a, b = mine.step(x, y), theirs.step(x, y)
        assert {k: v.item() for k, v in a.items()} == pytest.approx({k: v.item() for k, v in b.items()}, rel=1e-4)
        assert torch.allclose(mine.average.there(x), theirs.average.there(x), atol=1e-5)


# ---- what ships


@pytest.mark.parametrize("name", ["style_transfer", "style_transfer_no_cycle"])
def test_checkpoints_hold_three_seeds_and_the_first_ones_weights(name):
    model, header = checkpoints.load(name)
    assert isinstance(model, nn.Module) and header["seeds"] == [0, 1, 2] and header["seed"] == 0
    assert set(header["spread"]) == set(header["results"]) == set(header["by_seed"]["0"])


def test_shipped_weights_keep_the_letter_and_the_ablation_does_not():
    reader, _ = checkpoints.load("classifier")
    x, y = cyclegan.style_sets(load_glyphs("test", n=4000), held_out=True)
    kept = {}
    with torch.no_grad():
        for name in ("style_transfer", "style_transfer_no_cycle"):
            model, _ = checkpoints.load(name)
            ways = ((x, False), (y, True))
            rates = [cyclegan.content_kept(reader(model.translate(p.images, back)), p.labels) for p, back in ways]
            kept[name] = sum(rates) / 2
    assert kept["style_transfer"] > 0.9
    assert kept["style_transfer_no_cycle"] < kept["style_transfer"] - 0.2
