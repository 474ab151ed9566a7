"""Make the shipped checkpoints again: `python data/make/checkpoints.py [NAME ...]`, all of them if none is named.

Each is trained by the same `fit` that the lessons use, measured on held-out data, and written with its config, seeds,
steps, seconds, data hash and results in the header. Where several seeds are trained, the first one's weights are
shipped, whichever is best, and the header holds each seed's results with their mean and spread.
"""

import argparse
import os
import statistics
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

import torch
from makers.common import Maker
from torch import nn

from helpers import checkpoints
from helpers.session import device, start

MODULES = sorted(file.stem for file in Path(__file__).with_name("makers").glob("[!_]*.py") if file.stem != "common")
MAKERS: dict[str, Maker] = {
    name: maker for module in MODULES for name, maker in import_module(f"makers.{module}").MAKERS.items()
}


def make_one(name: str, seed: int) -> tuple[nn.Module, dict]:
    """Train one seed of a checkpoint on one thread, or on all if it is the only one."""
    if len(MAKERS[name].seeds) > 1:
        os.environ["OMP_NUM_THREADS"] = "1"
    start(seed)
    return MAKERS[name].make(seed)


def make(name: str, jobs: int) -> tuple[nn.Module, dict]:
    """Train all seeds of a checkpoint, `jobs` at once, and give the first one's model and the header of all."""
    seeds = MAKERS[name].seeds
    if len(seeds) == 1:
        models, facts = zip(make_one(name, seeds[0]), strict=True)
    else:
        with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
            models, facts = zip(*pool.map(make_one, [name] * len(seeds), seeds), strict=True)
    header = dict(facts[0]) | {"seed": seeds[0], "seconds": round(facts[0]["seconds"])}
    return models[0], header | (summary(seeds, [f["results"] for f in facts]) if len(seeds) > 1 else {})


def summary(seeds: tuple[int, ...], results: list[dict[str, float]]) -> dict:
    """Mean, standard deviation (n - 1) and each seed's value of every result, to four digits."""
    columns = {key: [one[key] for one in results] for key in results[0]}
    return {
        "seeds": list(seeds),
        "results": {key: float(f"{statistics.mean(values):.4g}") for key, values in columns.items()},
        "spread": {key: float(f"{statistics.stdev(values):.2g}") for key, values in columns.items()},
        "by_seed": {str(seed): one for seed, one in zip(seeds, results, strict=True)},
    }


def main() -> None:
    """Train, measure and write the named checkpoints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(MAKERS)}")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="seeds trained at once; one for each core")
    arguments = parser.parse_args()
    names = arguments.names or list(MAKERS)
    if unknown := [name for name in names if name not in MAKERS]:
        parser.error(f"there is no checkpoint {unknown[0]!r}; known are: {', '.join(MAKERS)}")
    if arguments.jobs < 1:
        parser.error(f"--jobs is {arguments.jobs}; give 1 or more")
    for name in names:
        model, header = make(name, arguments.jobs)
        header |= {"torch": torch.__version__.split("+")[0], "device": device().type}
        header["command"] = f"make checkpoints NAME={name}"
        path = checkpoints.save(name, model, **header)
        print(f"{name}: {header['results']}, {header['seconds']} s, {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
