"""Which part of lesson 11 matters? `python tests/benchmarks/two_players.py`: 20 seeds a variant, 10 minutes."""

import argparse
from statistics import median

import torch

from helpers.game import Game
from helpers.models.gan import PointDiscriminator, PointGenerator
from helpers.points import modes_found, ring, share_near

ADAM = (0.9, 0.999)  # PyTorch's default betas
VARIANTS = {
    "the recipe": {},
    "without slope penalty": {"penalty": 0.0},
    "momentum 0.9": {"betas": (0.9, 0.99)},
    "second beta 0.999": {"betas": (0.5, 0.999)},
    "PyTorch's default Adam": {"betas": ADAM},
    "default Adam, without slope penalty": {"betas": ADAM, "penalty": 0.0},
    "10 G steps : 1 D step": {"g_steps": 10},
    "the recipe, clouds half as wide": {"sigma": 0.05},
}


def play(seed: int, steps: int = 1500, g_steps: int = 1, sigma: float = 0.1, **options) -> list[tuple[int, float]]:
    """Modes and share near of the generator and of its average, after about `steps` steps of the generator."""
    data = ring(sigma=sigma)
    torch.manual_seed(seed)
    game = Game(PointGenerator(), PointDiscriminator(), **options)
    for _ in range(steps // g_steps):
        game.step_d(data.sample(256), torch.randn(256, 2))
        for _ in range(g_steps):
            game.step_g(torch.randn(256, 2))
    made = [player.sample(10_000) for player in (game.generator, game.average)]
    return [(modes_found(x, data.centres, sigma), share_near(x, data.centres, sigma)) for x in made]


def main() -> None:
    """Print, for each variant, how many games were won and what a middling game looks like."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=VARIANTS, nargs="+", default=list(VARIANTS))
    parser.add_argument("--seeds", type=int, nargs=2, default=(200, 220), metavar=("FIRST", "END"))
    options = parser.parse_args()
    seeds = range(*options.seeds)
    torch.set_num_threads(1)
    for name in options.only:
        games = [play(seed, **VARIANTS[name]) for seed in seeds]
        for kind, results in zip(("generator", "averaged"), zip(*games, strict=True), strict=True):
            won = sum(modes == 8 and near >= 0.9 for modes, near in results)
            modes, near = (median(values) for values in zip(*results, strict=True))
            worst = min(n for _, n in results)
            print(
                f"{name:36} {kind:9} won {won:2} of {len(seeds)}, median {modes:g} modes, {near:.1%} near, "
                f"worst {worst:.1%}",
                flush=True,
            )


if __name__ == "__main__":
    main()
