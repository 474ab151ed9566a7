"""The game of generator and discriminator: one step of each, for any pair of models."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from helpers.losses import discriminator_loss, generator_loss, gradient_penalty


@torch.no_grad()
def blend(average: nn.Module, model: nn.Module, keep: float = 0.99) -> None:
    """Move the weights of `average` a little towards the model's, keep * old + (1 - keep) * new; copy counters."""
    for old, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if old.is_floating_point():
            old.lerp_(new, 1 - keep)
        else:
            old.copy_(new)


class Game:
    """Two players, their optimizers, and the running average of the generator.

    Attributes:
        generator, discriminator: The players; they are trained in place, by Adam with less momentum than its default
            of 0.9, because the opponent answers every move.
        average: A copy of the generator whose weights are the running mean of the generator's.
        penalty: Gamma, the weight of the R1 penalty; 0 switches it off.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        lr: float = 3e-3,
        betas: tuple[float, float] = (0.5, 0.99),
        penalty: float = 0.1,
        keep: float = 0.99,
    ) -> None:
        self.generator, self.discriminator = generator, discriminator
        self.average = copy.deepcopy(generator)
        self.penalty, self.keep = penalty, keep
        self.opt_g = torch.optim.Adam(generator.parameters(), lr=lr, betas=betas)
        self.opt_d = torch.optim.Adam(discriminator.parameters(), lr=lr, betas=betas)

    def step_d(self, x: Tensor, z: Tensor) -> Tensor:
        """One step of the discriminator on real examples x and noise z, shape (B, latent_dim); its loss."""
        loss = discriminator_loss(self.discriminator(x), self.discriminator(self.generator(z).detach()))
        total = loss + self.penalty / 2 * gradient_penalty(self.discriminator, x) if self.penalty else loss
        self.opt_d.zero_grad()
        total.backward()
        self.opt_d.step()
        return loss.detach()

    def step_g(self, z: Tensor) -> Tensor:
        """One step of the generator on noise z, shape (B, latent_dim); its loss."""
        loss = generator_loss(self.discriminator(self.generator(z)))
        self.opt_g.zero_grad()
        loss.backward()
        self.opt_g.step()
        blend(self.average, self.generator, self.keep)
        return loss.detach()

    def step(self, real: Callable[[int], Tensor], batch_size: int = 256) -> dict[str, Tensor]:
        """One step of each on fresh batches; `real(n)` draws n real examples."""
        latent_dim = self.generator.latent_dim
        loss_d = self.step_d(real(batch_size), torch.randn(batch_size, latent_dim))
        return {"loss_d": loss_d, "loss_g": self.step_g(torch.randn(batch_size, latent_dim))}
