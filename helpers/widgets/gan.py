"""`two_players`: generator and discriminator in one live picture, trained by your own hand or by itself."""

import asyncio
import copy
import html
import math
import time
from typing import Any

import ipywidgets as w
import torch
from torch import Tensor, nn

from helpers.game import Game
from helpers.models.gan import PointDiscriminator, PointGenerator
from helpers.plots.gan import SPAN, draw_cross, game_view
from helpers.points import SHAPES, Drawn, Mixture, PointSet, modes_found
from helpers.widgets.live import Pad, View

BATCH_SIZE = 128
SECONDS_OF_TRAINING = 0.06  # between two pictures while it runs
SECONDS_OF_REST = 0.03  # for the kernel to hear the controls
LONGEST_RUN = 20_000  # rounds, after which a forgotten view pauses itself
RATIOS = {"1 D : 5 G": (1, 5), "1 D : 2 G": (1, 2), "1 D : 1 G": (1, 1), "2 D : 1 G": (2, 1), "5 D : 1 G": (5, 1)}
LABEL = (
    "Real and generated points, from -3 to 3 in both directions. "
    "With the data shape 'drawn', arrow keys move a cross and Enter adds a real point there."
)


class TwoPlayers(View):
    """The game as a widget; see `two_players`. At most one of them runs at any time."""

    name = "two players"
    running: "TwoPlayers | None" = None

    def __init__(self, generator: nn.Module, discriminator: nn.Module, shape: str, seed: int) -> None:
        if shape not in (*SHAPES, "drawn"):
            raise ValueError(f"shape is {shape!r}; choose one of: {', '.join(SHAPES)}, drawn.")
        if not hasattr(generator, "latent_dim"):
            raise ValueError(f"{type(generator).__name__} has no latent_dim: set self.latent_dim in its __init__.")
        TwoPlayers.pause_any()
        self.players, self.seed = copy.deepcopy((generator, discriminator)), seed
        self.drawn: list[tuple[float, float]] = []
        self.task: asyncio.Task | None = None
        self._make_controls(shape)
        self.reset()
        self._listen()

    # ---- what the controls do

    def reset(self, _: object = None) -> None:
        """Put the players back to their first weights."""
        self.random = torch.Generator().manual_seed(self.seed)
        self.game = Game(*copy.deepcopy(self.players))
        self.steps, self.losses = {"D": 0, "G": 0}, {"D": math.nan, "G": math.nan}
        self.z = torch.randn(150, self.game.generator.latent_dim, generator=self.random)
        self.set_options()
        self.show_data()

    def set_options(self, _: object = None) -> None:
        """Give the optimizers what the sliders say."""
        for optimizer, lr in ((self.game.opt_d, self.lr_d), (self.game.opt_g, self.lr_g)):
            group = optimizer.param_groups[0]
            group["lr"], group["betas"] = lr.value, (self.momentum.value, group["betas"][1])
        self.game.penalty = self.penalty.value

    def show_data(self, _: object = None) -> None:
        """Draw fresh real points for the picture, and redraw."""
        self.pad.draws = self.shape.value == "drawn"
        try:
            self.real = self._data().sample(150, self.random)
            self.say("")
        except ValueError as nothing_drawn:
            self.real = None
            self.say(str(nothing_drawn))
        self.draw()

    def press(self, player: str) -> None:
        """One step of "D" or "G" from its button."""
        if self._guarded(lambda: self._step(player)):
            self.draw()

    def toggle(self, change: dict[str, Any]) -> None:
        """Start or pause the loop."""
        self.run.description, self.run.icon = ("Pause", "pause") if change["new"] else ("Run", "play")
        if change["new"] and self.task is None:
            TwoPlayers.pause_any(but=self)
            TwoPlayers.running = self
            self.task = asyncio.get_running_loop().create_task(self._loop())

    @classmethod
    def pause_any(cls, but: "TwoPlayers | None" = None) -> None:
        """Pause whichever view runs, so that there are never two loops."""
        if cls.running is not None and cls.running is not but:
            cls.running.run.value = False

    def clear(self, _: object = None) -> None:
        """Forget the drawn points."""
        self.drawn.clear()
        self.show_data()

    def point(self, _: object = None) -> None:
        """Follow the pad: move the cross, and add a point where it was pressed."""
        now = self.pad.x, self.pad.y, self.pad.presses
        if now == self.pointed or self.shape.value != "drawn":
            return
        pressed, self.pointed = now[2] != self.pointed[2], now
        if pressed:
            self.drawn.append((SPAN * (2 * now[0] - 1), SPAN * (2 * now[1] - 1)))
            self.show_data()
        else:
            self.draw()

    # ---- the game

    async def _loop(self) -> None:
        """Train and draw by turns until paused; every turn leaves the kernel time to hear the controls."""
        began = self.steps["G"]
        try:
            while self.run.value and self._guarded(self._train_a_moment) and self._guarded(self.draw):
                if self.steps["G"] - began > LONGEST_RUN:
                    self.say(f"Paused after {LONGEST_RUN} steps; press Run to go on.")
                    break
                await asyncio.sleep(SECONDS_OF_REST)
        finally:
            self.task = None
            self.run.value = False

    def _train_a_moment(self) -> None:
        until = time.monotonic() + SECONDS_OF_TRAINING
        d, g = self.ratio.value
        while time.monotonic() < until:
            for player in "D" * d + "G" * g:
                self._step(player)

    def _step(self, player: str) -> None:
        z = torch.randn(BATCH_SIZE, self.z.shape[1], generator=self.random)
        if player == "D":
            loss = self.game.step_d(self._data().sample(BATCH_SIZE, self.random), z)
        else:
            loss = self.game.step_g(z)
        self.steps[player] += 1
        self.losses[player] = loss.item()
        if not math.isfinite(self.losses[player]):
            raise ValueError(f"The loss of {player} became {loss.item()}: press Reset and lower its learning rate.")

    def _guarded(self, act: Any) -> bool:
        """Do something; an error becomes a sentence under the picture and stops the loop."""
        try:
            act()
        except Exception as error:
            self.say(str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}")
            self.run.value = False
            return False
        return True

    def _data(self) -> PointSet:
        return Drawn(tuple(self.drawn)) if self.shape.value == "drawn" else SHAPES[self.shape.value]()

    # ---- the picture

    def draw(self, _: object = None) -> None:
        """Redraw the picture."""
        generator = self.game.average if self.averaged.value else self.game.generator
        fig = game_view(
            generator, self.game.discriminator, self.real, self.z, self._caption(generator), arrows=self.arrows.value
        )
        if self.shape.value == "drawn":
            draw_cross(fig.axes[0], SPAN * (2 * self.pad.x - 1), SPAN * (2 * self.pad.y - 1))
        self.pad.show(fig)

    def _caption(self, generator: nn.Module) -> str:
        parts = [f"{p}: {n} steps, loss {self.losses[p]:.2f}" if n else f"{p}: 0 steps" for p, n in self.steps.items()]
        if isinstance(data := self._data(), Mixture):
            found = modes_found(self._fresh(generator), data.centres, data.sigma)
            parts.append(f"{found} of {len(data.centres)} modes")
        return " · ".join(parts)

    @torch.no_grad()
    def _fresh(self, generator: nn.Module) -> Tensor:
        return generator(torch.randn(1000, self.z.shape[1], generator=torch.Generator().manual_seed(self.seed)))

    def say(self, sentence: str) -> None:
        """Show a sentence under the picture."""
        self.status.value = f'<div role="status">{html.escape(sentence)}</div>' if sentence else ""

    def still(self) -> bytes:
        return self.pad.png()

    # ---- the controls

    def _make_controls(self, shape: str) -> None:
        self.step_d, self.step_g, self.restart, self.erase = (
            w.Button(description=text) for text in ("Step D", "Step G", "Reset", "Clear drawing")
        )
        self.run = w.ToggleButton(description="Run", icon="play")
        rate = {"base": 10, "min": -5, "max": -1, "step": 0.25, "readout_format": ".1e"}
        self.lr_d = w.FloatLogSlider(value=3e-3, description="learning rate D", **rate)
        self.lr_g = w.FloatLogSlider(value=3e-3, description="learning rate G", **rate)
        self.momentum = w.FloatSlider(value=0.5, min=0, max=0.95, step=0.05, description="momentum")
        self.penalty = w.FloatSlider(value=0.1, min=0, max=1, step=0.05, description="slope penalty")
        self.ratio = w.SelectionSlider(options=RATIOS, value=(1, 1), description="D : G ratio")
        self.shape = w.Dropdown(options=[*SHAPES, "drawn"], value=shape, description="data shape")
        self.arrows = w.IntSlider(value=40, min=0, max=100, step=10, description="arrows")
        self.averaged = w.Checkbox(value=False, description="show the averaged generator", indent=False)
        self.pad, self.status = Pad(label=LABEL), w.HTML()
        self.pointed = self.pad.x, self.pad.y, self.pad.presses
        sliders = [self.lr_d, self.lr_g, self.momentum, self.penalty, self.ratio, self.arrows, self.shape]
        for control in sliders:
            control.style.description_width = "110px"
        buttons = w.HBox([self.step_d, self.step_g, self.run, self.restart, self.erase])
        side = w.VBox([*sliders, self.averaged])
        self.widget = w.VBox([buttons, w.HBox([self.pad, side], layout=w.Layout(flex_flow="row wrap")), self.status])

    def _listen(self) -> None:
        self.step_d.on_click(lambda _: self.press("D"))
        self.step_g.on_click(lambda _: self.press("G"))
        self.restart.on_click(self.reset)
        self.erase.on_click(self.clear)
        self.run.observe(self.toggle, "value")
        for control in (self.lr_d, self.lr_g, self.momentum, self.penalty):
            control.observe(self.set_options, "value")
        self.shape.observe(self.show_data, "value")
        for control in (self.arrows, self.averaged):
            control.observe(self.draw, "value")
        self.pad.observe(self.point, ["x", "y", "presses"])


def two_players(
    generator: nn.Module | None = None, discriminator: nn.Module | None = None, shape: str = "ring", seed: int = 0
) -> TwoPlayers:
    """Play the game: step either player, let it run, change the rules, draw the real points yourself.

    Args:
        generator: Maps noise (B, latent_dim) to points (B, 2) and has `latent_dim`; a new `PointGenerator` if None.
            The view trains copies, so your models stay as they are.
        discriminator: Maps points (B, 2) to logits; a new `PointDiscriminator` if None.
        shape: The real points at first: "ring", "moons", "grid" or "drawn".
        seed: Of the noise, the data, and new players.
    Raises:
        ValueError: If the shape is unknown, or the generator does not say its latent_dim.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return TwoPlayers(generator or PointGenerator(), discriminator or PointDiscriminator(), shape, seed)
