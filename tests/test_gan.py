"""The two players: losses by hand, exact sizes, refused shapes, who learns when, points and their score."""

import asyncio
import copy
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from twins import from_notebook

from helpers import losses, points
from helpers.game import Game, blend
from helpers.models.gan import PointDiscriminator, PointGenerator
from helpers.plots import gan as pictures
from helpers.widgets.gan import TwoPlayers, two_players

LESSON = "11_two_players"


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


# ---- losses


def test_losses_equal_numbers_worked_by_hand():
    three, third = torch.tensor([math.log(3)]), torch.tensor([-math.log(3)])  # D = 3/4 and 1/4
    assert losses.discriminator_loss(three, third).item() == pytest.approx(2 * math.log(4 / 3))
    assert losses.discriminator_loss(third, three).item() == pytest.approx(2 * math.log(4))
    assert losses.generator_loss(third).item() == pytest.approx(math.log(4))
    assert losses.saturating_generator_loss(third).item() == pytest.approx(math.log(3 / 4))
    undecided = torch.zeros(3)
    assert losses.discriminator_loss(undecided, undecided).item() == pytest.approx(2 * math.log(2))


def test_losses_equal_torch_cross_entropy():
    real, fake = 5 * torch.randn(40), 5 * torch.randn(30)
    bce = F.binary_cross_entropy_with_logits
    want = bce(real, torch.ones(40)) + bce(fake, torch.zeros(30))
    assert torch.allclose(losses.discriminator_loss(real, fake), want)
    assert torch.allclose(losses.generator_loss(fake), bce(fake, torch.ones(30)))
    assert torch.allclose(losses.saturating_generator_loss(fake), -bce(fake, torch.zeros(30)))


@pytest.mark.parametrize("loss", [losses.generator_loss, losses.saturating_generator_loss])
def test_losses_stay_finite_for_a_sure_judge(loss):
    logits = torch.tensor([-500.0, 500.0], requires_grad=True)
    loss(logits).backward()
    assert logits.grad.isfinite().all()


def test_only_the_non_saturating_loss_pulls_where_the_judge_is_sure():
    slopes = []
    for loss in (losses.generator_loss, losses.saturating_generator_loss):
        logit = torch.tensor([-8.0], requires_grad=True)
        loss(logit).backward()
        slopes.append(-logit.grad.item())
    assert slopes == pytest.approx([1 / (1 + math.exp(-8)), 1 / (1 + math.exp(8))], rel=1e-3)


def test_no_logits_are_refused():
    with pytest.raises(ValueError, match=r"logits have shape \(0,\)"):
        losses.generator_loss(torch.zeros(0))
    with pytest.raises(ValueError, match=r"\(0, 3\)"):
        losses.discriminator_loss(torch.zeros(2), torch.zeros(0, 3))


def test_optimal_discriminator():
    p, q = torch.tensor([0.3, 0.0, 0.2, 0.0]), torch.tensor([0.1, 0.4, 0.2, 0.0])
    assert torch.allclose(losses.optimal_discriminator(p, q), torch.tensor([0.75, 0.0, 0.5, 0.5]))
    with pytest.raises(ValueError, match=r"p has shape \(4,\), q \(3,\)"):
        losses.optimal_discriminator(p, q[:3])


def test_optimal_discriminator_beats_any_other():
    p, q = torch.rand(9), torch.rand(9)
    best = losses.optimal_discriminator(p, q)

    def value(d):
        return (p * d.log() + q * (1 - d).log()).sum()

    for other in (best * 0.9, best + 0.1 * (1 - best), torch.full((9,), 0.5)):
        assert value(other) < value(best)


def test_gradient_penalty_of_a_known_slope():
    x = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
    assert losses.gradient_penalty(lambda x: x @ torch.tensor([3.0, 4.0]), x).item() == pytest.approx(25)
    assert losses.gradient_penalty(lambda x: x.square().sum(1), x).item() == pytest.approx(4 * (5 + 10) / 2)
    images = torch.randn(3, 1, 4, 4)
    assert losses.gradient_penalty(lambda x: 2 * x.flatten(1).sum(1), images).item() == pytest.approx(4 * 16)


def test_gradient_penalty_flattens_the_judge():
    judge = PointDiscriminator()
    x = torch.randn(64, 2)
    optimizer = torch.optim.Adam(judge.parameters(), lr=1e-2)
    before = losses.gradient_penalty(judge, x).item()
    for _ in range(30):
        optimizer.zero_grad()
        losses.gradient_penalty(judge, x).backward()
        optimizer.step()
    assert losses.gradient_penalty(judge, x).item() < before / 10


# ---- players


def test_exact_parameter_counts():
    for model, n_in, n_out in ((PointGenerator(5, 16, 2), 5, 2), (PointDiscriminator(16, 2), 2, 1)):
        want = (n_in * 16 + 16) + (16 * 16 + 16) + (16 * n_out + n_out)
        assert sum(p.numel() for p in model.parameters()) == want
    assert sum(p.numel() for p in PointGenerator().parameters()) == 8642
    assert sum(p.numel() for p in PointDiscriminator().parameters()) == 8577


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"noise has shape \(4, 3\); this generator takes \(B, 2\)"):
        PointGenerator()(torch.zeros(4, 3))
    with pytest.raises(ValueError, match=r"points have shape \(2,\); this discriminator takes \(B, 2\)"):
        PointDiscriminator()(torch.zeros(2))


def test_config_builds_the_same_model():
    for model in (PointGenerator(3, 8, 1), PointDiscriminator(8, 1)):
        twin = type(model)(**model.config)
        twin.load_state_dict(model.state_dict())


def test_gradients_reach_every_weight():
    generator, discriminator = PointGenerator(), PointDiscriminator()
    losses.generator_loss(discriminator(generator(torch.randn(64, 2)))).backward()
    for model in (generator, discriminator):
        for name, weight in model.named_parameters():
            assert weight.grad is not None and weight.grad.abs().sum() > 0, name


def test_each_step_changes_its_own_player_only():
    game = Game(PointGenerator(), PointDiscriminator())
    x, z = torch.randn(32, 2), torch.randn(32, 2)

    def changed(step):
        before = [copy.deepcopy(m.state_dict()) for m in (game.generator, game.discriminator)]
        step()
        after = [m.state_dict() for m in (game.generator, game.discriminator)]
        return [any(not torch.equal(b[k], a[k]) for k in b) for b, a in zip(before, after, strict=True)]

    assert changed(lambda: game.step_d(x, z)) == [False, True]
    assert changed(lambda: game.step_g(z)) == [True, False]


def test_the_discriminator_overfits_one_batch():
    game = Game(PointGenerator(), PointDiscriminator(), penalty=0.0)
    real, z = points.ring().sample(32), torch.randn(32, 2)
    first = game.step_d(real, z)
    for _ in range(300):
        last = game.step_d(real, z)
    assert first > 1.2
    assert last < 0.05


def test_the_generator_climbs_a_fixed_judge():
    game = Game(PointGenerator(), PointDiscriminator())
    game.discriminator.forward = lambda x: -(x - torch.tensor([1.0, -2.0])).square().sum(1)
    for _ in range(400):
        game.step_g(torch.randn(64, 2))
    made = game.generator.sample(200)
    assert (made - torch.tensor([1.0, -2.0])).norm(dim=1).max() < 0.5


def test_the_average_follows_slowly():
    old, new = nn.Linear(1, 1), nn.Linear(1, 1)
    want = 0.75 * old.weight + 0.25 * new.weight
    blend(old, new, keep=0.75)
    assert torch.allclose(old.weight, want)


# ---- points and their score


def test_modes_are_counted_on_known_sets():
    ring = points.ring(sigma=0.1)
    one_each = ring.centres
    assert points.modes_found(one_each, ring.centres, 0.1) == 8
    assert points.modes_found(one_each[:3].repeat(10, 1), ring.centres, 0.1) == 3
    assert points.modes_found(torch.zeros(100, 2), ring.centres, 0.1) == 0
    few = torch.cat([one_each[:1].repeat(97, 1), one_each[1:2].repeat(3, 1)])  # 3 of 100 < 100/32
    assert points.modes_found(few, ring.centres, 0.1) == 1
    enough = torch.cat([one_each[:1].repeat(96, 1), one_each[1:2].repeat(4, 1)])
    assert points.modes_found(enough, ring.centres, 0.1) == 2


def test_share_near_ends_at_three_sigma():
    centres = torch.zeros(1, 2)
    x = torch.tensor([[0.29, 0.0], [0.0, -0.31], [5.0, 5.0], [0.1, 0.1]])
    assert points.share_near(x, centres, 0.1) == 0.5
    real = points.ring().sample(20_000)
    assert points.share_near(real, points.ring().centres, 0.1) == pytest.approx(1 - math.exp(-4.5), abs=0.003)


@pytest.mark.parametrize("bad", [torch.zeros(0, 2), torch.zeros(3), torch.zeros(3, 3)])
def test_samples_of_another_shape_are_refused(bad):
    with pytest.raises(
        ValueError, match=rf"samples have shape {str(tuple(bad.shape)).replace('(', '.').replace(')', '.')}"
    ):
        points.modes_found(bad, torch.zeros(8, 2), 0.1)


def test_point_sets_are_where_they_should_be():
    ring = points.ring(modes=5, radius=3.0, sigma=0.2)
    assert torch.allclose(ring.centres.norm(dim=1), torch.full((5,), 3.0))
    assert ring.sample(20_000).std(0).mean().item() == pytest.approx(math.sqrt(4.5 + 0.04), rel=0.02)
    assert points.grid(side=3, spacing=2.0).centres.tolist()[0] == [-2.0, -2.0]
    moons = points.Moons(sigma=0.0).sample(5000)
    upper, lower = moons[moons[:, 1] > 0.45], moons[moons[:, 1] < -0.45]
    assert (torch.tensor([0.75, -0.4]) - upper).norm(dim=1).sub(1.5).abs().max() < 1e-4
    assert (torch.tensor([-0.75, 0.4]) - lower).norm(dim=1).sub(1.5).abs().max() < 1e-4
    for make in points.SHAPES.values():
        assert make().sample(1000).abs().max() < pictures.SPAN


def test_samples_repeat_with_a_generator_and_leave_the_global_one_alone():
    state = torch.get_rng_state()
    for data in (*(make() for make in points.SHAPES.values()), points.Drawn(((0.0, 1.0), (1.0, 1.0)))):
        a, b = (data.sample(50, torch.Generator().manual_seed(3)) for _ in range(2))
        assert torch.equal(a, b)
    assert torch.equal(torch.get_rng_state(), state)


def test_nothing_drawn_is_said_clearly():
    with pytest.raises(ValueError, match="No points are drawn yet: click"):
        points.Drawn(()).sample(3)


# ---- pictures and the live view


def test_pulls_are_the_slope_of_log_d():
    x = torch.randn(5, 2)
    w = torch.tensor([1.0, -2.0])
    want = (1 - torch.sigmoid(x @ w))[:, None] * w
    assert torch.allclose(pictures.pulls(lambda x: x @ w, x), want, atol=1e-6)


def test_a_place_in_the_view_is_a_place_in_the_plane():
    fig = pictures.game_view(PointGenerator(), PointDiscriminator(), None, torch.randn(9, 2), arrows=0)
    axes = fig.axes[0]
    corner = axes.transData.transform((-pictures.SPAN, -pictures.SPAN))
    other = axes.transData.transform((pictures.SPAN, pictures.SPAN))
    assert np.allclose(corner, 0) and np.allclose(other, fig.bbox.size)


def weights(view):
    return torch.cat([p.flatten() for p in view.game.generator.parameters()]).detach()


def test_buttons_step_one_player_and_reset_goes_back():
    view = two_players()
    first, still = weights(view), view.still()
    view.step_d.click()
    assert view.steps == {"D": 1, "G": 0} and torch.equal(weights(view), first)
    view.step_g.click()
    assert view.steps == {"D": 1, "G": 1} and not torch.equal(weights(view), first)
    assert view.still() != still
    view.restart.click()
    assert view.steps == {"D": 0, "G": 0} and torch.equal(weights(view), first)


def test_the_view_leaves_the_learners_models_and_random_numbers_alone():
    generator, discriminator = PointGenerator(3), PointDiscriminator()
    before, state = copy.deepcopy(generator.state_dict()), torch.get_rng_state()
    view = two_players(generator, discriminator, shape="moons")
    view.step_d.click()
    view.step_g.click()
    assert all(torch.equal(before[k], v) for k, v in generator.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


def test_sliders_reach_the_optimizers():
    view = two_players()
    view.lr_d.value, view.lr_g.value, view.momentum.value, view.penalty.value = 1e-4, 1e-3, 0.9, 0.5
    assert view.game.opt_d.param_groups[0]["lr"] == pytest.approx(1e-4)
    assert view.game.opt_g.param_groups[0]["lr"] == pytest.approx(1e-3)
    assert view.game.opt_g.param_groups[0]["betas"] == (0.9, 0.99)
    assert view.game.penalty == 0.5


def test_drawing_needs_the_shape_drawn_and_at_least_one_point():
    view = two_players()
    view.pad.set_state({"x": 0.75, "y": 0.5, "presses": 1})
    assert view.drawn == []
    view.shape.value = "drawn"
    assert "No points are drawn yet" in view.status.value
    view.step_d.click()
    assert view.steps["D"] == 0 and "No points are drawn yet" in view.status.value
    view.pad.set_state({"x": 0.75, "y": 0.25, "presses": 2})
    assert view.drawn == [(1.5, -1.5)]
    assert view.status.value == ""
    view.step_d.click()
    assert view.steps["D"] == 1
    view.erase.click()
    assert view.drawn == [] and "No points" in view.status.value


def run(coroutine):
    """Run it on a loop of its own, in a thread: the browser tests leave this thread's loop running."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, asyncio.wait_for(coroutine, 30)).result()


def test_run_goes_on_until_paused():
    async def play():
        view = two_players()
        view.ratio.value = (2, 1)
        view.run.value = True
        await asyncio.sleep(0.3)
        done = dict(view.steps)
        assert view.run.description == "Pause"
        view.run.value = False
        await asyncio.sleep(0.1)
        paused = dict(view.steps)
        await asyncio.sleep(0.2)
        return done, paused, dict(view.steps), view.task

    done, paused, later, task = run(play())
    assert done["D"] == 2 * done["G"] > 0
    assert paused == later and task is None


def test_there_is_never_a_second_loop():
    async def play():
        first, before = two_players(), len(asyncio.all_tasks())
        first.run.value = True
        await asyncio.sleep(0.1)
        first.run.value = False
        first.run.value = True  # at once: the same loop goes on
        tasks = len(asyncio.all_tasks()) - before
        second = two_players()  # the cell runs again
        await asyncio.sleep(0.2)
        assert first.task is None and not first.run.value
        second.run.value = True
        third = two_players(shape="grid")
        third.run.value = True
        await asyncio.sleep(0.2)
        running = [view.task is not None for view in (first, second, third)]
        third.run.value = False
        await asyncio.sleep(0.1)
        return tasks, running

    assert run(play()) == (1, [False, False, True])


def test_an_error_stops_the_loop_with_a_sentence():
    async def play():
        view = two_players()
        view.game.generator.net[0].weight.data.fill_(math.nan)
        view.run.value = True
        await asyncio.sleep(0.2)
        return view

    view = run(play())
    assert view.task is None and not view.run.value
    assert "became nan: press Reset" in view.status.value


def test_a_forgotten_view_pauses_itself(monkeypatch):
    monkeypatch.setattr("helpers.widgets.gan.LONGEST_RUN", 5)

    async def play():
        view = two_players()
        view.run.value = True
        await asyncio.sleep(0.5)
        return view

    view = run(play())
    assert not view.run.value and view.task is None and "press Run to go on" in view.status.value


def test_what_the_view_cannot_use_is_refused():
    with pytest.raises(ValueError, match="shape is 'circle'; choose one of: ring, moons, grid, drawn"):
        two_players(shape="circle")
    with pytest.raises(ValueError, match="Linear has no latent_dim"):
        TwoPlayers(nn.Linear(2, 2), PointDiscriminator(), "ring", 0)


# ---- the notebook's twins


def test_the_notebooks_players_equal_helpers():
    lesson = from_notebook(LESSON, "Generator", "Discriminator")
    x = torch.randn(7, 2)
    for mine, ours in ((lesson.Generator(), PointGenerator()), (lesson.Discriminator(), PointDiscriminator())):
        mine.load_state_dict(ours.state_dict())
        assert torch.equal(mine(x), ours(x))


def test_the_notebooks_game_equals_helpers():
    lesson = from_notebook(LESSON, "Generator", "Discriminator", "ring", "step_d", "step_g", "blend", "new_game")
    generator, discriminator, average, step = lesson.new_game(seed=3)
    torch.manual_seed(3)
    game = Game(PointGenerator(), PointDiscriminator())
    torch.manual_seed(4)
    mine = [step(i) for i in range(4)]
    torch.manual_seed(4)
    ours = [game.step(lesson.ring.sample) for _ in range(4)]
    assert all(torch.equal(a[k], b[k]) for a, b in zip(mine, ours, strict=True) for k in ("loss_d", "loss_g"))
    for a, b in ((generator, game.generator), (discriminator, game.discriminator), (average, game.average)):
        assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))
