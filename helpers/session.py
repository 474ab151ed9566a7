"""The first line of every lesson: one seed, the right device, and a fair number of threads."""

import math
import os
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from helpers.plots import use_style


@dataclass(frozen=True)
class Session:
    """What `start` decided: the seed, the device to put tensors on, and the CPU threads in use."""

    seed: int
    device: torch.device
    threads: int


def start(seed: int = 0) -> Session:
    """Seed every generator, choose device and threads, set the plot style, and print one line about it.

    Args:
        seed: Any integer from 0 to 2**32 - 1.
    Returns:
        The session; `session.device` is the GPU where there is one, otherwise the CPU.
    Raises:
        ValueError: If the seed is out of range; the message quotes it.
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed}; choose an integer from 0 to {2**32 - 1}.")
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - libraries that a lesson calls may use the global generator
    torch.manual_seed(seed)
    threads = available_cores()
    torch.set_num_threads(threads)
    use_style()
    name = torch.cuda.get_device_name() if device().type == "cuda" else f"CPU, {threads} thread(s)"
    print(f"Ready: seed {seed}, {name}, torch {torch.__version__.split('+')[0]}.")
    return Session(seed, device(), threads)


def device() -> torch.device:
    """The GPU where there is one, otherwise the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def available_cores() -> int:
    """Count the cores this process may really use, at least 1.

    The smallest of: the cores it is bound to, a container's CPU quota, and `OMP_NUM_THREADS` if set.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0]
    limits = [bound, _container_quota()]
    if wanted.isdigit() and int(wanted) > 0:
        limits.append(int(wanted))
    return max(1, min(limits))


def _container_quota(file: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Read the container's CPU quota in whole cores, rounded up; very large where there is none."""
    try:
        quota, period = file.read_text().split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError):  # no such file, or the quota is "max"
        return 1 << 16
