"""Run lesson 41's comparison: `make comparison`, about 40 minutes on two cores; stop it when you like and run it again.

Each run takes one core and a fixed number of seconds of computing. What is measured is added to `data/comparison.jsonl`
as one line; a run that is there already is left out. In the end the README's picture is drawn, `data/comparison.png`.
"""

import argparse
import json
import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from helpers.comparison import FILE, first_good, load_runs
from helpers.contenders import CONTENDERS
from helpers.plots import png, use_style
from helpers.plots.comparison import three_ways
from helpers.race import eyes, load_part, measure, race
from helpers.training import TrainingDiverged

SETTINGS = (
    {"data": "glyphs", "n": 20_000, "seconds": 120},
    {"data": "glyphs", "n": 20_000, "seconds": 30},
    {"data": "glyphs", "n": 1_000, "seconds": 120},
    {"data": "digits", "n": 1_442, "seconds": 60},
)
SEEDS = (0, 1, 2)
LOOKS = (1, 2, 4, 8, 15, 30, 60, 120)  # seconds of training after which pictures are looked at
FAILED_BELOW = 0.5  # share of pictures that are read as the digit asked for


def one_run(family: str, seed: int, data: str, n: int, seconds: float) -> dict[str, Any]:
    """Train one contender and measure it."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    contender, judge, curve = CONTENDERS[family](), eyes(data), []
    labels, waiting = judge.other.labels[:250], [look for look in LOOKS if look <= seconds]

    def look(spent: float) -> None:
        if waiting and spent >= waiting[0]:
            for part in contender.parts:
                part.eval()
            x = contender.draw(labels, torch.Generator().manual_seed(0))
            curve.append([waiting.pop(0), round(judge.report(x, labels)["good"], 3)])
            for part in contender.parts:
                part.train()

    run = {"family": family, "data": data, "n": n, "seconds": seconds, "seed": seed}
    run |= {"parameters": contender.n_parameters(), "diverged": False}
    try:
        race(contender, load_part(data, "train", n), seconds, seed, look=look)
    except TrainingDiverged:
        run["diverged"] = True
    found = measure(contender, data, n, seed) if not run["diverged"] else {"control": 0.0}
    found["first_good"] = first_good(curve)
    found["failed"] = found["control"] < FAILED_BELOW
    floor = judge.report(judge.other.images, judge.other.labels)
    found |= {f"{name}_floor": value for name, value in floor.items()}
    rounded = {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in found.items()}
    return run | rounded | {"curve": curve, **machine()}


def machine() -> dict[str, str]:
    """What the run was made on."""
    names = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    name = next((line.split(":")[1].strip() for line in names if line.startswith("model name")), platform.processor())
    about = {"machine": name, "torch": torch.__version__.split("+")[0], "date": datetime.now(UTC).date().isoformat()}
    return about


def main() -> None:
    """Make all runs that are not stored yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="runs at once; one for each core")
    parser.add_argument("--file", type=Path, default=FILE, help="where the runs are stored")
    arguments = parser.parse_args()
    if arguments.jobs < 1:
        parser.error(f"--jobs is {arguments.jobs}; give 1 or more")
    lines = arguments.file.read_text().splitlines() if arguments.file.exists() else []
    keys = ("family", "seed", "data", "n", "seconds")
    done = {tuple(json.loads(line)[key] for key in keys) for line in lines}
    wanted = [{"family": f, "seed": seed, **setting} for setting in SETTINGS for seed in SEEDS for f in CONTENDERS]
    missing = [run for run in wanted if tuple(run[key] for key in keys) not in done]
    os.environ["OMP_NUM_THREADS"] = "1"
    with ProcessPoolExecutor(arguments.jobs, get_context("spawn")) as pool:
        runs = [pool.submit(one_run, **run) for run in missing]
        for run in tqdm(as_completed(runs), total=len(runs), desc="runs", disable=not sys.stderr.isatty()):
            with arguments.file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(run.result()) + "\n")
    use_style()
    arguments.file.with_suffix(".png").write_bytes(png(three_ways(load_runs(arguments.file), **SETTINGS[0])))


if __name__ == "__main__":
    main()
