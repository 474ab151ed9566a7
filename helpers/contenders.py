"""Lesson 41's contenders: a GAN, a VAE and a Transformer that learn to draw a wanted digit in eight shades of grey.

Each has the same three doings: `step` learns from a batch, `draw` makes pictures, `nats` tells what real pictures cost.
"""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers import checkpoints
from helpers.game import blend
from helpers.imageset import choice
from helpers.losses import gaussian_kl, gaussian_log_prob, hinge_loss, importance_weighted_bound, reparameterize
from helpers.models.gan import DCDiscriminator, DCGenerator
from helpers.models.patch_gpt import PatchGPT
from helpers.models.vae import ConvVAE
from helpers.optimizers import adamw_and_muon

LEVELS, CLASSES = 8, 10


def to_levels(x: Tensor) -> Tensor:
    """Pictures in [0, 1] to the nearest of eight shades, int64 in [0, 8), any shape."""
    return (x * (LEVELS - 1)).round().long()


def to_pixels(levels: Tensor) -> Tensor:
    """Shades to pictures in [0, 1], any shape."""
    return levels / (LEVELS - 1)


class Contender:
    """A model with its way to learn, to draw and to be asked what real pictures cost.

    Attributes:
        parts: What is trained.
        drawer: The model that draws.
        updates: Steps done.
        batch_size: Pictures in a step.
        has_code: Whether pictures are drawn from a code that can be changed, `noise` and `decode`.
    """

    has_code, batch_size = True, 64

    def __init__(
        self, parts: list[nn.Module], optimizers: list[torch.optim.Optimizer], drawer: nn.Module | None = None
    ) -> None:
        self.parts, self.drawer, self.updates, self._optimizers = parts, drawer or parts[0], 0, optimizers
        self._highest = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]

    def n_parameters(self) -> int:
        """How many numbers are trained, in all parts together."""
        return sum(numbers.numel() for part in self.parts for numbers in part.parameters())

    def step(self, levels: Tensor, labels: Tensor, progress: float) -> dict[str, Tensor]:
        """Learn from shades, int64 (B, 1, 28, 28), and classes, (B,); the share of the time gone sets the rates.

        They rise in the first 2 % of the time, stay, and fall to 0 over the last 60 %.
        """
        factor = min(1.0, (progress + 1e-3) / 0.02, (1 - progress) / 0.6)
        for optimizer, highest in zip(self._optimizers, self._highest, strict=True):
            for group, rate in zip(optimizer.param_groups, highest, strict=True):
                group["lr"] = factor * rate
        self.updates += 1
        return self.learn(levels, labels)

    def learn(self, levels: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """One update; the losses."""
        raise NotImplementedError

    def noise(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Codes to draw from, (n, Z)."""
        raise NotImplementedError

    def decode(self, z: Tensor, labels: Tensor) -> Tensor:
        """Codes, (B, Z), and classes, (B,), to pictures in [0, 1] of eight shades, (B, 1, 28, 28)."""
        raise NotImplementedError

    @torch.no_grad()
    def draw(self, labels: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Draw each wanted class once, int64 (B,), as pictures in [0, 1] of eight shades, (B, 1, 28, 28)."""
        return self.decode(self.noise(len(labels), generator), labels)

    def nats(self, levels: Tensor, labels: Tensor) -> Tensor | None:
        """What real pictures cost, -log p(x) given the class, in nats per picture, (B,); None if it has no p."""
        return None

    def _update(self, loss: Tensor, *optimizers: torch.optim.Optimizer, clip: float = torch.inf) -> None:
        loss.backward()
        if clip < torch.inf:
            nn.utils.clip_grad_norm_([numbers for part in self.parts for numbers in part.parameters()], clip)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()


class GAN(Contender):
    """Lesson 12's players without the bending, which knows how glyphs are made; hinge loss, running average."""

    def __init__(self, channels: int = 24, lr: tuple[float, float] = (2e-3, 3e-3)) -> None:
        self.generator = DCGenerator(CLASSES, channels=channels, bends=False)
        self.judge = DCDiscriminator(CLASSES, spectral=True)
        self.average = copy.deepcopy(self.generator).eval()
        options = {"betas": (0.0, 0.99), "fused": True}
        self.by_g, self.by_d = (
            torch.optim.Adam(part.parameters(), lr=rate, **options)
            for part, rate in zip((self.generator, self.judge), lr, strict=True)
        )
        super().__init__([self.generator, self.judge], [self.by_g, self.by_d], drawer=self.average)

    def learn(self, levels: Tensor, labels: Tensor) -> dict[str, Tensor]:
        x, wanted = to_pixels(levels), labels[torch.randperm(len(labels))]
        fake = self.generator(self.generator.noise(len(x)), wanted)
        loss_d = hinge_loss(*self.judge(torch.cat([x, fake.detach()]), torch.cat([labels, wanted])).chunk(2))
        self._update(loss_d, self.by_d)
        self.judge.requires_grad_(False)
        loss_g = -self.judge(fake, wanted).mean()
        self._update(loss_g, self.by_g)
        self.judge.requires_grad_(True)
        blend(self.average, self.generator, keep=min(0.999, (self.updates - 1) / (self.updates + 9)))
        return {"loss_d": loss_d, "loss_g": loss_g}

    def noise(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        return self.average.noise(n, generator)

    @torch.no_grad()
    def decode(self, z: Tensor, labels: Tensor) -> Tensor:
        return to_pixels(to_levels(self.average(z, labels)))


class VAE(Contender):
    """A convolutional VAE; it draws the mean shade of each pixel, because single draws would be grainy.

    With beta = 1 its bound is tightest, with beta = 3 its pictures are best: chosen by Fréchet distance.
    """

    def __init__(self, latent_dim: int = 16, beta: float = 3.0, lr: float = 6e-3) -> None:
        self.model, self.beta = ConvVAE(CLASSES, LEVELS, latent_dim), beta
        self.adam = torch.optim.Adam(self.model.parameters(), lr=lr, fused=True)
        super().__init__([self.model], [self.adam])

    def learn(self, levels: Tensor, labels: Tensor) -> dict[str, Tensor]:
        logits, mu, logvar = self.model(to_pixels(levels), labels)
        recon = F.cross_entropy(logits, levels[:, 0], reduction="sum") / len(levels)
        kl = gaussian_kl(mu, logvar).mean()
        self._update((recon + self.beta * kl) / 100, self.adam)
        return {"recon": recon, "kl": kl}

    def noise(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        return torch.randn(n, self.model.config["latent_dim"], generator=generator)

    @torch.no_grad()
    def decode(self, z: Tensor, labels: Tensor) -> Tensor:
        probs = self.model.decode(z, labels).softmax(1)  # (B, K, 28, 28)
        mean = torch.einsum("bkhw,k->bhw", probs, torch.arange(LEVELS, dtype=probs.dtype))
        return to_pixels(mean.round())[:, None]

    @torch.no_grad()
    def nats(self, levels: Tensor, labels: Tensor, draws: int = 64) -> Tensor:
        """An upper bound: the importance-weighted one of lesson 22, from `draws` codes for each picture."""
        mu, logvar = self.model.encode(to_pixels(levels), labels)
        log_w = []
        for _ in range(draws):
            z = reparameterize(mu, logvar, torch.randn_like(mu))
            recon = F.cross_entropy(self.model.decode(z, labels), levels[:, 0], reduction="none").sum((1, 2))
            log_w.append(gaussian_log_prob(z) - gaussian_log_prob(z, mu, logvar) - recon)
        return -importance_weighted_bound(torch.stack(log_w))


class Transformer(Contender):
    """A GPT over patches; Muon for the blocks' matrices, AdamW for the rest, as in lesson 34."""

    has_code, batch_size = False, 16

    def __init__(self, lr: float = 1e-2, matrix_lr: float = 0.04) -> None:
        self.model = PatchGPT(CLASSES, LEVELS, d_model=128, n_layers=2, per_pixel=16)
        self.both = adamw_and_muon(self.model, lr, matrix_lr)
        super().__init__([self.model], list(self.both))

    def learn(self, levels: Tensor, labels: Tensor) -> dict[str, Tensor]:
        loss = -self.model.log_prob(levels, labels).mean() / levels[0].numel()
        self._update(loss, *self.both, clip=1.0)
        return {"nats_per_pixel": loss}

    @torch.no_grad()
    def draw(self, labels: Tensor, generator: torch.Generator | None = None) -> Tensor:
        return to_pixels(self.model.sample(labels, generator))

    @torch.no_grad()
    def nats(self, levels: Tensor, labels: Tensor) -> Tensor:
        """Exact."""
        return -self.model.log_prob(levels, labels)


CONTENDERS: dict[str, type[Contender]] = {"gan": GAN, "vae": VAE, "transformer": Transformer}


def shipped(family: str) -> Contender:
    """A contender that was trained for lesson 41, ready to draw.

    Raises:
        ValueError: If the family is unknown; the message lists the known ones.
    """
    choice("contender", family, CONTENDERS)
    contender = CONTENDERS[family]()
    checkpoints.load_into(f"race_{family}", contender.drawer)
    for part in (*contender.parts, contender.drawer):
        part.eval()
    return contender
