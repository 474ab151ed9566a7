"""`fit`: seeded, watched, stoppable, resumable."""

import os
import signal
import threading

import pytest
import torch
from torch import nn

from helpers import training
from helpers.training import History, TrainingDiverged, fit


def _task():
    """A small regression with Adam and random batches: its path depends on every random number."""
    torch.manual_seed(7)
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.999)

    def step(i):
        x = torch.randn(16, 3)
        loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        return {"loss": loss, "twice": 2 * loss.item()}

    return step, {"model": model, "optimizer": optimizer, "schedule": schedule}


def _noted(step):
    """The same step, and the list of the numbers it is called with."""
    called = []
    return lambda i: called.append(i) or step(i), called


def test_training_lowers_the_loss_and_counts_its_steps():
    step, _ = _task()
    history = fit(step, 300)
    assert history.steps == 300
    assert history.last("loss") < 0.25 * history.series["loss"][0]
    assert history.last("twice", 1) == pytest.approx(2 * history.last("loss", 1))
    assert not history.interrupted
    assert history.seconds > 0


def test_the_same_seed_repeats_the_run_whatever_came_before():
    runs = []
    for noise in (0, 5):
        step, _ = _task()
        torch.rand(noise)
        runs.append(fit(step, 20, seed=1).series)
    assert runs[0] == runs[1]
    step, _ = _task()
    assert fit(step, 20, seed=2).series != runs[0]


def test_resume_equals_uninterrupted(tmp_path):
    step, whole = _task()
    expected = fit(step, 30, seed=5)
    file = tmp_path / "run.safetensors"
    step, state = _task()
    fit(step, 12, seed=5, state=state, checkpoint=file)
    step, state = _task()  # a new process would start like this
    step, called = _noted(step)
    resumed = fit(step, 30, seed=5, state=state, checkpoint=file)
    assert called == list(range(12, 30))
    assert resumed.series == expected.series
    for a, b in zip(whole["model"].parameters(), state["model"].parameters(), strict=True):
        assert torch.equal(a, b)


def test_interrupt_ends_the_step_and_keeps_history_and_model(tmp_path):
    step, state = _task()
    ended = []

    def slow(i):
        if i == 4:
            os.kill(os.getpid(), signal.SIGINT)  # what the stop button sends
        numbers = step(i)
        ended.append(i)
        return numbers

    before = signal.getsignal(signal.SIGINT)
    history = fit(slow, 50, state=state, checkpoint=tmp_path / "run.safetensors")
    assert history.interrupted
    assert history.steps == 5 == len(ended)
    assert all(p.isfinite().all() for p in state["model"].parameters())
    assert signal.getsignal(signal.SIGINT) is before
    step, called = _noted(step)
    resumed = fit(step, 8, state=state, checkpoint=tmp_path / "run.safetensors")
    assert called == [5, 6, 7]
    assert resumed.steps == 8
    assert not resumed.interrupted


def test_a_second_interrupt_ends_a_step_that_hangs():
    def hang(i):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("the step went on")

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        fit(hang, 3)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_stops_a_training_inside_a_training_and_the_outer_one():
    def inner(i):
        if i == 1:
            os.kill(os.getpid(), signal.SIGINT)
        return {"loss": 1.0}

    history = fit(lambda i: {"loss": fit(inner, 5).steps}, 6)
    assert history.series["loss"] == [2.0]
    assert history.interrupted


def test_runs_outside_the_main_thread():
    step, _ = _task()
    out = []
    thread = threading.Thread(target=lambda: out.append(fit(step, 3)))
    thread.start()
    thread.join()
    assert out[0].steps == 3


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_divergence_names_the_number_and_the_step(bad):
    with pytest.raises(TrainingDiverged, match=f"loss_d became {bad} at step 4.*smaller learning rate") as stopped:
        fit(lambda i: {"loss_g": 0.0, "loss_d": torch.tensor(bad) if i == 3 else 1.0}, 10)
    assert stopped.value.history.series == {"loss_g": [0.0] * 3, "loss_d": [1.0] * 3}


@pytest.mark.parametrize("nothing", [None, {}, 0.5])
def test_a_step_that_returns_no_numbers_is_told_how(nothing):
    with pytest.raises(TypeError, match=r"the step returned .*return \{'loss': loss\}"):
        fit(lambda i: nothing, 2)


def test_bad_arguments_are_quoted(tmp_path):
    with pytest.raises(ValueError, match="steps is 0"):
        fit(lambda i: {}, 0)
    with pytest.raises(ValueError, match="has nothing to hold"):
        fit(lambda i: {"loss": 1.0}, 1, checkpoint=tmp_path / "x.safetensors")


def test_another_runs_checkpoint_is_refused(tmp_path):
    step, state = _task()
    fit(step, 2, state=state, checkpoint=tmp_path / "run.safetensors")
    again = {"checkpoint": tmp_path / "run.safetensors"}
    other = nn.Sequential(nn.Linear(4, 4))
    with pytest.raises(ValueError, match="does not fit model: it is another run's"):
        fit(step, 4, state=state | {"model": other}, **again)
    sgd = torch.optim.SGD(state["model"].parameters())
    with pytest.raises(ValueError, match=r"holds .*'Adam'.*this run has .*'SGD'"):
        fit(step, 4, state=state | {"optimizer": sgd}, **again)
    with pytest.raises(ValueError, match="seed 0, this run has seed 1"):
        fit(step, 4, seed=1, state=state, **again)


def test_a_full_disk_costs_a_warning_not_the_run(tmp_path, monkeypatch):
    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr(training.checkpoints, "save_tree", full)
    step, state = _task()
    with pytest.warns(UserWarning, match="no space left"):
        history = fit(step, 4, state=state, checkpoint=tmp_path / "run.safetensors")
    assert history.steps == 4


def test_long_runs_are_saved_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "SECONDS_BETWEEN_SAVES", -1.0)
    step, state = _task()

    def crash(i):
        if i == 6:
            raise RuntimeError("power cut")
        return step(i)

    with pytest.raises(RuntimeError, match="power cut"):
        fit(crash, 10, state=state, checkpoint=tmp_path / "run.safetensors")
    step, called = _noted(step)
    assert fit(step, 7, state=state, checkpoint=tmp_path / "run.safetensors").steps == 7
    assert called == [6]


def test_history_reads_the_last_steps():
    history = History({"a": [1.0, 2.0, 3.0, 5.0]})
    assert history.last("a", 2) == 4.0
    assert history.last("a") == 2.75
