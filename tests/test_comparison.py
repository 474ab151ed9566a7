"""Lesson 41: patches and their order, exact likelihood, equal seconds, the eyes, what is stored, the lesson's twin."""

import json
import math
import time
from types import SimpleNamespace

import pytest
import torch
from comparison import SEEDS, SETTINGS
from torch import nn
from twins import from_notebook

from helpers import comparison, contenders, race
from helpers.contenders import CONTENDERS, LEVELS, to_levels, to_pixels
from helpers.models.patch_gpt import PatchGPT, PixelGuess, from_patches, picture_nats, to_patches
from helpers.models.vae import ConvVAE
from helpers.plots.comparison import families, over_time, three_ways

LESSON = "41_comparison"


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def restless(model: nn.Module) -> nn.Module:
    """The same model with random weights everywhere, so that all that it reads matters."""
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.3)
    return model.eval()


def shades(n: int) -> torch.Tensor:
    return torch.randint(LEVELS, (n, 1, 28, 28))


# ---- the models


def test_patches_go_in_reading_order_and_back():
    x = torch.arange(784).view(1, 1, 28, 28)
    patches = to_patches(x)
    assert patches[0, 0].tolist() == [28 * row + column for row in range(4) for column in range(4)]
    assert patches[0, 1, 0] == 4
    assert patches[0, 7, 0] == 4 * 28
    assert torch.equal(from_patches(patches), x)


def test_other_pictures_are_refused():
    with pytest.raises(ValueError, match=r"\(2, 3, 28, 28\)"):
        to_patches(torch.zeros(2, 3, 28, 28))


@pytest.mark.parametrize(("row", "column"), [(0, 0), (3, 5), (4, 4), (13, 27), (27, 27)])
def test_a_pixel_moves_only_the_guesses_after_it(row, column):
    model, x, labels = restless(PatchGPT(d_model=16, n_heads=2, n_layers=2, per_pixel=4)), shades(1), torch.tensor([3])
    other = x.clone()
    other[0, 0, row, column] = (other[0, 0, row, column] + 3) % LEVELS
    with torch.no_grad():
        moved = (model(other, labels) - model(x, labels)).abs().amax(-1)[0] > 1e-6  # (49, 16)
    order = to_patches(torch.arange(784).view(1, 1, 28, 28))[0]
    place = (order == 28 * row + column).nonzero()[0].tolist()
    after = torch.arange(784).view(49, 16) > 16 * place[0] + place[1]
    assert torch.equal(moved, after)


def test_the_class_matters_from_the_first_pixel():
    model, x = restless(PatchGPT(d_model=16, n_heads=2, n_layers=1, per_pixel=4)), shades(1)
    a, b = (model(x, torch.tensor([label])) for label in (0, 1))
    assert (a - b).abs().amax(-1).min() > 0


def test_untrained_every_shade_is_equally_likely():
    x = shades(2)
    log_p = PatchGPT(d_model=16, n_heads=2, n_layers=1).log_prob(x, torch.tensor([0, 1]))
    torch.testing.assert_close(log_p, torch.full((2,), -784 * math.log(LEVELS)))


def test_cost_is_the_sum_of_the_pixels_costs():
    logits, patches = torch.randn(2, 3, 4, 5), torch.randint(5, (2, 3, 4))
    by_hand = [
        -sum(logits[b, t, p].log_softmax(0)[patches[b, t, p]] for t in range(3) for p in range(4)) for b in range(2)
    ]
    torch.testing.assert_close(picture_nats(logits, patches), torch.stack(by_hand))


def test_drawing_follows_the_guesses():
    """With logits that leave no choice, drawing with the cache must write what one pass over the result confirms."""
    model = restless(PatchGPT(d_model=16, n_heads=2, n_layers=2, per_pixel=4))
    with torch.no_grad():
        model.pixels.guess.mul_(200)
        labels = torch.tensor([0, 5, 9])
        drawn = model.sample(labels)
        likeliest = model(drawn, labels).argmax(-1)
    assert (likeliest == to_patches(drawn)).float().mean() > 0.98


def test_the_bound_of_the_vae_is_a_bound_and_tightens():
    model = contenders.VAE()
    model.model.eval()
    x, labels = shades(4), torch.arange(4)
    loose, tight = (torch.stack([model.nats(x, labels, draws=k) for _ in range(20)]).mean() for k in (1, 50))
    assert tight < loose
    assert tight > 0


def test_vae_shapes_and_classes():
    model = ConvVAE(channels=4, hidden_dim=16).eval()
    logits, mu, logvar = model(torch.rand(2, 1, 28, 28), torch.tensor([1, 2]))
    assert logits.shape == (2, 8, 28, 28)
    assert mu.shape == logvar.shape == (2, 16)
    z = torch.randn(1, 16)
    assert not torch.allclose(model.decode(z, torch.tensor([1])), model.decode(z, torch.tensor([2])))


def test_the_lessons_guesser_is_ours():
    guesser = from_notebook(LESSON, "PixelGuess").PixelGuess
    ours, theirs = PixelGuess(8, 5, 3), guesser(8, 5, 3)
    restless(ours)
    theirs.load_state_dict(ours.state_dict())
    hidden, patches = torch.randn(2, 4, 8), torch.randn(2, 4, 16)
    torch.testing.assert_close(theirs(hidden, patches), ours(hidden, patches))


# ---- the race


def test_sizes_are_equal_within_ten_per_cent():
    sizes = [kind().n_parameters() for kind in CONTENDERS.values()]
    assert max(sizes) < 1.1 * min(sizes)


@pytest.mark.parametrize("family", CONTENDERS)
def test_a_contender_learns_and_draws_shades(family):
    contender = CONTENDERS[family]()
    before = [weight.clone() for part in contender.parts for weight in part.parameters()]
    for _ in range(4):  # what begins at zero holds the rest back for a step or two
        losses = contender.step(shades(8), torch.arange(8), 0.5)
    assert all(value.isfinite() for value in losses.values())
    after = [weight for part in contender.parts for weight in part.parameters()]
    assert sum(not torch.equal(a, b) for a, b in zip(before, after, strict=True)) > len(after) / 2
    for part in contender.parts:
        part.eval()
    x = contender.draw(torch.tensor([0, 9]), torch.Generator().manual_seed(0))
    assert x.shape == (2, 1, 28, 28)
    assert torch.equal(to_pixels(to_levels(x)), x)
    again = contender.draw(torch.tensor([0, 9]), torch.Generator().manual_seed(0))
    assert torch.equal(x, again)


def test_rates_rise_stay_and_fall_to_nothing():
    contender = CONTENDERS["vae"]()
    rates = []
    for progress in (0.0, 0.2, 0.7, 1.0):
        contender.step(shades(2), torch.tensor([0, 1]), progress)
        rates.append(contender.adam.param_groups[0]["lr"] / 6e-3)
    assert rates == pytest.approx([0.05, 1.0, 0.5, 0.0])


def test_shades_round_and_come_back():
    levels = torch.arange(LEVELS)
    assert torch.equal(to_levels(to_pixels(levels)), levels)
    assert to_levels(torch.tensor([0.0, 0.07, 0.08, 1.0])).tolist() == [0, 0, 1, 7]


class Idle(contenders.Contender):
    """Burns time and learns nothing."""

    def __init__(self) -> None:
        super().__init__([nn.Linear(1, 1)], [])
        self.progress = []

    def step(self, levels, labels, progress):
        self.progress.append(progress)
        end = time.process_time() + 0.02
        while time.process_time() < end:
            pass
        return {"loss": torch.zeros(())}


def test_a_race_lasts_its_seconds_and_looking_costs_nothing():
    idle, data, looks = Idle(), race.load_part("digits", "test"), []

    def look(spent: float) -> None:
        looks.append(spent)
        time.sleep(0.05)

    race.race(idle, data, 0.5, look=look)
    assert 0.5 <= looks[-1] < 0.7
    assert idle.progress == sorted(idle.progress)
    assert idle.progress[0] == 0
    assert idle.progress[-1] < 1
    assert not idle.parts[0].training


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_no_time_is_refused(seconds):
    with pytest.raises(ValueError, match=f"seconds is {seconds}"):
        race.race(Idle(), race.load_part("digits", "test"), seconds)


# ---- the eyes


def test_real_pictures_look_good_and_noise_does_not():
    judge = race.eyes("digits")
    real = judge.report(judge.other.images, judge.other.labels)
    assert real["good"] > 0.7
    assert real["control"] > 0.9
    wrong = judge.report(judge.other.images, (judge.other.labels + 1) % 10)
    assert wrong["control"] < 0.1
    assert wrong["good"] < 0.1
    assert wrong["precision"] == real["precision"]
    noise = judge.report(torch.rand(len(judge.other), 1, 28, 28), judge.other.labels)
    assert noise["good"] < 0.1
    assert noise["fd"] > 5 * real["fd"]


@pytest.mark.parametrize("name", race.SETS)
def test_what_is_compared_was_neither_trained_on_nor_read_before(name):
    judge, train = race.eyes(name), race.load_part(name, "train")
    assert len(judge.real) == len(judge.other) >= 300
    both = torch.cat([judge.real.images, judge.other.images]).flatten(1)
    assert len(both.unique(dim=0)) == len(both)
    learned = train.images if name == "glyphs" else train.images[: len(train) - len(judge.other)]  # by the reader
    seen = {x.numpy().tobytes() for x in learned}
    assert not any(x.numpy().tobytes() in seen for x in (*judge.real.images, *judge.other.images))


def test_unknown_data_lists_the_known():
    with pytest.raises(ValueError, match=r"'faces'.*glyphs"):
        race.load_part("faces", "train")


# ---- what is stored


def test_every_run_is_there_with_all_that_the_lesson_reads():
    runs = comparison.load_runs()
    found = {(r["family"], r["seed"], r["data"], r["n"], r["seconds"]) for r in runs}
    assert found == {(f, s, *setting.values()) for f in CONTENDERS for s in SEEDS for setting in SETTINGS}
    assert len(runs) == len(found)
    for run in runs:
        assert run["machine"] and run["date"] and run["torch"]
        assert (run["nats"] is None) == (run["family"] == "gan")
        assert (run["evenness"] is None) == (run["family"] == "transformer")
    sizes = {run["parameters"] for run in runs}
    assert sizes == {kind().n_parameters() for kind in CONTENDERS.values()}


def test_summary_of_known_numbers(tmp_path):
    lines = [{"family": "gan", "seed": s, "fd": v, "fd_floor": 2.0, "diverged": False} for s, v in enumerate((2, 4, 6))]
    lines.append({"family": "vae", "seed": 0, "fd": 8.0, "fd_floor": 2.0, "diverged": False})
    lines.append({"family": "vae", "seed": 1, "diverged": True})
    file = tmp_path / "runs.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    runs = comparison.load_runs(file)
    assert comparison.summary(runs, "fd_over_floor", family="gan") == (2.0, 1.0, 3)
    assert comparison.summary(runs, "fd_over_floor", family="vae") == (4.0, 0.0, 1)
    with pytest.raises(ValueError, match=r"'beauty' where \{'family': 'gan'\}"):
        comparison.summary(runs, "beauty", family="gan")


def test_no_file_says_how_to_make_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="make comparison"):
        comparison.load_runs(tmp_path / "none.jsonl")


def test_shipped_contenders_draw_what_is_asked():
    judge, labels = race.eyes("glyphs"), torch.arange(100) % 10
    for family in CONTENDERS:
        x = contenders.shipped(family).draw(labels, torch.Generator().manual_seed(0))
        assert judge.report(x.repeat(2, 1, 1, 1), labels.repeat(2))["control"] > 0.85, family
    with pytest.raises(ValueError, match=r"'diffusion'.*gan"):
        contenders.shipped("diffusion")


def test_figures_are_drawn_and_say_who_is_missing():
    runs = comparison.load_runs()
    where = {"data": "glyphs", "n": 20_000, "seconds": 120}
    assert len(three_ways(runs, **where).axes) == 2
    assert "GAN" in families(runs, "nats", "recall", **where).axes[0].get_title()
    assert len(over_time(runs, **where).axes[0].get_lines()) > 9


class Ink(contenders.Contender):
    """A square whose ink is the first number of the code; the other three do nothing."""

    def __init__(self) -> None:
        super().__init__([nn.Linear(1, 1)], [])

    def noise(self, n, generator=None):
        return torch.randn(n, 4, generator=generator)

    def decode(self, z, labels):
        return (0.5 + z[:, 0] / 10).clamp(0, 1)[:, None, None, None].expand(-1, 1, 28, 28)


def test_one_step_along_the_ink_makes_bold():
    judge = SimpleNamespace(is_bold=lambda x: x.mean((1, 2, 3)) > 0.5, report=lambda x, labels: {"control": 1.0})
    found = race.embolden(Ink(), judge, torch.Generator().manual_seed(0))
    assert found["bold_asked"] > 0.8  # the means of both halves lie 1.6 apart
    assert found["bold_random"] < found["bold_asked"] - 0.2
    blind = SimpleNamespace(is_bold=lambda x: torch.zeros(len(x), dtype=torch.bool))
    assert race.embolden(Ink(), blind, torch.Generator())["bold_asked"] == 0.0


def test_a_straight_walk_through_ink_is_even(monkeypatch):
    monkeypatch.setattr(race, "describe", lambda x: x.mean((2, 3)))
    judge = SimpleNamespace(report=lambda x, labels: {"good": 0.5})
    found = race.walk(Ink(), judge, torch.Generator().manual_seed(0))
    assert found["evenness"] == pytest.approx(1, abs=1e-2)
    assert found["midpoints_good"] == pytest.approx(1)
