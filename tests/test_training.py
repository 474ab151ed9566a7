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

    def step(i):
        x = torch.randn(16, 3)
        loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return {"loss": loss, "twice": 2 * loss.item()}

    return step, {"model": model, "optimizer": optimizer}


def test_one_batch_overfits():
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
    resumed = fit(step, 30, seed=5, state=state, checkpoint=file)
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
    resumed = fit(step, 8, state=state, checkpoint=tmp_path / "run.safetensors")
    assert resumed.steps == 8
    assert not resumed.interrupted


def test_runs_outside_the_main_thread():
    step, _ = _task()
    out = []
    thread = threading.Thread(target=lambda: out.append(fit(step, 3)))
    thread.start()
    thread.join()
    assert out[0].steps == 3


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_divergence_names_the_number_and_the_step(bad):
    with pytest.raises(TrainingDiverged, match=f"loss_d became {bad} at step 4.*smaller learning rate"):
        fit(lambda i: {"loss_d": torch.tensor(bad) if i == 3 else 1.0}, 10)


def test_bad_arguments_are_quoted(tmp_path):
    with pytest.raises(ValueError, match="steps is 0"):
        fit(lambda i: {}, 0)
    with pytest.raises(ValueError, match="has nothing to hold"):
        fit(lambda i: {"loss": 1.0}, 1, checkpoint=tmp_path / "x.safetensors")


def test_another_runs_checkpoint_is_refused(tmp_path):
    step, state = _task()
    fit(step, 2, state=state, checkpoint=tmp_path / "run.safetensors")
    with pytest.raises(ValueError, match="does not fit model"):
        fit(step, 4, state={"model": nn.Linear(2, 2)}, checkpoint=tmp_path / "run.safetensors")
    with pytest.raises(ValueError, match="holds no critic"):
        fit(step, 4, state={"critic": nn.Linear(2, 2)}, checkpoint=tmp_path / "run.safetensors")


def test_long_runs_are_saved_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "SECONDS_BETWEEN_SAVES", -1.0)
    step, state = _task()

    def crash(i):
        if i == 6:
            raise RuntimeError("power cut")
        return step(i)

    with pytest.raises(RuntimeError, match="power cut"):
        fit(crash, 10, state=state, checkpoint=tmp_path / "run.safetensors")
    assert fit(step, 7, state=state, checkpoint=tmp_path / "run.safetensors").steps == 7


def test_history_reads_the_last_steps():
    history = History({"a": [1.0, 2.0, 3.0, 5.0]})
    assert history.last("a", 2) == 4.0
    assert history.last("a") == 2.75
