"""The session's seed, threads and report."""

import numpy as np
import pytest
import torch

from helpers import session
from helpers.session import available_cores, start


def test_same_seed_gives_the_same_numbers(capsys):
    start(seed=3)
    first = torch.rand(4), np.random.rand(4)  # noqa: NPY002 - the global generator is what is tested
    start(seed=3)
    assert torch.equal(first[0], torch.rand(4))
    assert np.array_equal(first[1], np.random.rand(4))  # noqa: NPY002
    start(seed=4)
    assert not torch.equal(first[0], torch.rand(4))
    assert capsys.readouterr().out.count("\n") == 3  # one line each


def test_device_is_a_gpu_only_where_there_is_one():
    assert start().device.type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_out_of_range_is_quoted(seed):
    with pytest.raises(ValueError, match=str(seed)):
        start(seed)


def test_threads_are_the_smallest_of_the_limits(monkeypatch, tmp_path):
    monkeypatch.setattr(session.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(session, "_container_quota", lambda: 1 << 16)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert available_cores() == 8
    monkeypatch.setattr(session, "_container_quota", lambda: 3)
    assert available_cores() == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "2,1")
    assert available_cores() == 2
    monkeypatch.setenv("OMP_NUM_THREADS", "0")
    assert available_cores() == 3


@pytest.mark.parametrize(("text", "cores"), [("150000 100000\n", 2), ("200000 100000", 2), ("max 100000", 1 << 16)])
def test_container_quota_is_rounded_up(tmp_path, text, cores):
    file = tmp_path / "cpu.max"
    file.write_text(text)
    assert session._container_quota(file) == cores
    assert session._container_quota(tmp_path / "absent") == 1 << 16
