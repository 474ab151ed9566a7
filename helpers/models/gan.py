"""Generators and discriminators of part 1: points in the plane first, pictures later."""

from collections.abc import Callable
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


def _layers(
    n_in: int, hidden_dim: int, n_layers: int, n_out: int, activation: Callable[[], nn.Module]
) -> nn.Sequential:
    """Linear layers of `hidden_dim` units, each followed by the activation, and a last linear layer."""
    widths = [n_in] + [hidden_dim] * n_layers
    body = [part for a, b in pairwise(widths) for part in (nn.Linear(a, b), activation())]
    return nn.Sequential(*body, nn.Linear(widths[-1], n_out))


class PointGenerator(nn.Module):
    """Turns noise into points in the plane."""

    def __init__(self, latent_dim: int = 2, hidden_dim: int = 64, n_layers: int = 3) -> None:
        """Build it.

        Args:
            latent_dim: Noise numbers for each point, at least 1; two can be drawn as a grid.
            hidden_dim: Units in each hidden layer, at least 1.
            n_layers: Hidden layers, at least 1.
        """
        super().__init__()
        self.config = {"latent_dim": latent_dim, "hidden_dim": hidden_dim, "n_layers": n_layers}
        self.latent_dim = latent_dim
        self.net = _layers(latent_dim, hidden_dim, n_layers, 2, nn.ReLU)

    def forward(self, z: Tensor) -> Tensor:
        """Map noise, shape (B, latent_dim), to points, shape (B, 2); any other shape is refused."""
        if z.ndim != 2 or z.shape[1] != self.latent_dim:
            raise ValueError(f"noise has shape {tuple(z.shape)}; this generator takes (B, {self.latent_dim}).")
        return self.net(z)

    @torch.no_grad()
    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Make n points, shape (n, 2), from standard normal noise."""
        return self(torch.randn(n, self.latent_dim, generator=generator))


class PointDiscriminator(nn.Module):
    """Judges points in the plane: a positive logit says "real"."""

    def __init__(self, hidden_dim: int = 64, n_layers: int = 3) -> None:
        """Build it from `n_layers` hidden layers of `hidden_dim` units, at least 1 of each."""
        super().__init__()
        self.config = {"hidden_dim": hidden_dim, "n_layers": n_layers}
        self.net = _layers(2, hidden_dim, n_layers, 1, lambda: nn.LeakyReLU(0.2))

    def forward(self, x: Tensor) -> Tensor:
        """Map points, shape (B, 2), to logits, shape (B,); any other shape is refused."""
        if x.ndim != 2 or x.shape[1] != 2:
            raise ValueError(f"points have shape {tuple(x.shape)}; this discriminator takes (B, 2).")
        return self.net(x).squeeze(1)


class GlyphGenerator(nn.Module):
    """Draws the wanted characters, 28x28: noise and class become a coarse 7x7 map, then finer and finer."""

    def __init__(self, classes: int = 62, latent_dim: int = 32, channels: int = 32) -> None:
        """Build it; `channels` is the width at 14x14, even, and `latent_dim` the noise numbers for each picture."""
        super().__init__()
        self.config = {"classes": classes, "latent_dim": latent_dim, "channels": channels}
        self.name = nn.Embedding(classes, 32)
        self.net = nn.Sequential(
            nn.Linear(latent_dim + 32, 2 * channels * 7 * 7),
            nn.Unflatten(1, (2 * channels, 7, 7)),
            nn.BatchNorm2d(2 * channels),
            nn.ReLU(),
            nn.Upsample(scale_factor=2),  # (B, 2C, 14, 14)
            nn.Conv2d(2 * channels, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Upsample(scale_factor=2),  # (B, C, 28, 28)
            nn.Conv2d(channels, channels // 2, 3, padding=1),
            nn.BatchNorm2d(channels // 2),
            nn.ReLU(),
            nn.Conv2d(channels // 2, 1, 3, padding=1),
            nn.Sigmoid(),
        )

    def forward(self, z: Tensor, labels: Tensor) -> Tensor:
        """Noise, (B, latent_dim), and classes, int64 (B,), to pictures in [0, 1], (B, 1, 28, 28)."""
        if z.ndim != 2 or z.shape[1] != self.config["latent_dim"] or labels.shape != z.shape[:1]:
            raise ValueError(
                f"noise has shape {tuple(z.shape)} and labels {tuple(labels.shape)}; "
                f"this generator takes (B, {self.config['latent_dim']}) and (B,)."
            )
        return self.net(torch.cat([z, self.name(labels)], 1))

    def noise(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Standard normal noise for n pictures, (n, latent_dim)."""
        return torch.randn(n, self.config["latent_dim"], generator=generator).to(self.name.weight.device)

    @torch.no_grad()
    def sample(self, labels: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Draw each wanted class once, int64 (B,), as pictures in [0, 1], (B, 1, 28, 28)."""
        return self(self.noise(len(labels), generator), labels)


class GlyphDiscriminator(nn.Module):
    """Judges whether a picture is a real one of its class; spectral norm keeps its slope bounded.

    Sources: spectral norm, Miyato et al. 2018, arXiv:1802.05957; class projection, Miyato & Koyama 2018,
    arXiv:1802.05637.
    """

    def __init__(self, classes: int = 62, channels: int = 32, n_features: int = 128) -> None:
        """Build it; `channels` is the width at 14x14."""
        super().__init__()
        self.config = {"classes": classes, "channels": channels, "n_features": n_features}
        self.body = nn.Sequential(
            spectral_norm(nn.Conv2d(1, channels, 5, stride=2, padding=2)),  # (B, C, 14, 14)
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(channels, 2 * channels, 5, stride=2, padding=2)),  # (B, 2C, 7, 7)
            nn.LeakyReLU(0.2),
            nn.Flatten(),
            spectral_norm(nn.Linear(2 * channels * 7 * 7, n_features)),
            nn.LeakyReLU(0.2),
        )
        self.real = spectral_norm(nn.Linear(n_features, 1))
        self.name = spectral_norm(nn.Embedding(classes, n_features))

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """Pictures, (B, 1, 28, 28), and their classes, int64 (B,), to logits, (B,); positive says "real"."""
        if x.shape[1:] != (1, 28, 28) or labels.shape != x.shape[:1]:
            raise ValueError(
                f"pictures have shape {tuple(x.shape)} and labels {tuple(labels.shape)}; "
                "this discriminator takes (B, 1, 28, 28) and (B,)."
            )
        features = self.body(x)
        return self.real(features).squeeze(1) + (features * self.name(labels)).sum(1)


class DCGenerator(nn.Module):
    """Lesson 12's DCGAN generator: noise and group become a 7x7 map, then 14x14, then 28x28, which is then bent.

    Sources: DCGAN, Radford et al. 2015, arXiv:1511.06434; bending, Jaderberg et al. 2015, arXiv:1506.02025.
    """

    def __init__(self, groups: int, latent_dim: int = 48, channels: int = 24, bends: bool = True) -> None:
        """Build it; `groups` is how many kinds of picture can be asked for, `channels` the width at 14x14."""
        super().__init__()
        self.config = {"groups": groups, "latent_dim": latent_dim, "channels": channels, "bends": bends}
        self.latent_dim = latent_dim
        self.group = nn.Embedding(groups, 32)
        self.net = nn.Sequential(
            nn.Linear(latent_dim + 32, 2 * channels * 7 * 7),
            nn.Unflatten(1, (2 * channels, 7, 7)),
            nn.BatchNorm2d(2 * channels),
            nn.SiLU(),
            nn.ConvTranspose2d(2 * channels, channels, 4, stride=2, padding=1),  # (B, C, 14, 14)
            nn.BatchNorm2d(channels),
            nn.SiLU(),
            nn.ConvTranspose2d(channels, 1, 4, stride=2, padding=1),  # (B, 1, 28, 28)
            nn.Sigmoid(),
        )
        if not bends:
            return
        self.bend = nn.Linear(latent_dim, 6 + 2 * 4 * 4)
        nn.init.uniform_(self.bend.weight, -0.05, 0.05)  # at first, hardly any bend
        nn.init.zeros_(self.bend.bias)

    def forward(self, z: Tensor, groups: Tensor) -> Tensor:
        """Noise, (B, latent_dim), and groups, int64 (B,), to pictures in [0, 1], (B, 1, 28, 28)."""
        if z.ndim != 2 or z.shape[1] != self.latent_dim or groups.shape != z.shape[:1]:
            raise ValueError(
                f"noise has shape {tuple(z.shape)} and groups {tuple(groups.shape)}; "
                f"this generator takes (B, {self.latent_dim}) and (B,)."
            )
        x = self.net(torch.cat([z, self.group(groups)], 1))
        if not self.config["bends"]:
            return x
        turn, wobble = self.bend(z).split([6, 32], 1)
        grid = F.affine_grid(torch.eye(2, 3) + 0.1 * turn.view(-1, 2, 3), x.shape, align_corners=False)
        wobble = F.interpolate(wobble.view(-1, 2, 4, 4), size=x.shape[2:], mode="bicubic", align_corners=True)
        return F.grid_sample(x, grid + 0.05 * wobble.movedim(1, -1), align_corners=False)

    def noise(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Uniform noise of mean 0 and spread 1 for n pictures, (n, latent_dim)."""
        return (2 * torch.rand(n, self.latent_dim, generator=generator) - 1) * 3**0.5

    @torch.no_grad()
    def sample(self, groups: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Draw each wanted group once, int64 (B,), as pictures in [0, 1], (B, 1, 28, 28)."""
        return self(self.noise(len(groups), generator), groups)


class Bounded(nn.Module):
    """A layer under spectral norm, times 1.6, which makes up for what LeakyReLU takes away."""

    def __init__(self, layer: nn.Module) -> None:
        """Wrap a linear layer or a convolution."""
        super().__init__()
        self.layer = spectral_norm(layer)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer."""
        return 1.6 * self.layer(x)


class DCDiscriminator(nn.Module):
    """Lesson 12's discriminator: two convolutions with stride 2, told the group by projection.

    Sources: spectral norm, Miyato et al. 2018, arXiv:1802.05957; projection, Miyato & Koyama 2018, arXiv:1802.05637.
    """

    def __init__(self, groups: int, channels: int = 16, spectral: bool = False) -> None:
        """Build it; `spectral` bounds every layer's slope instead of normalizing batches, and adds a layer."""
        super().__init__()
        self.config = {"groups": groups, "channels": channels, "spectral": spectral}
        bound, n_features = Bounded if spectral else nn.Sequential, 2 * channels * 7 * 7
        self.body = nn.Sequential(
            bound(nn.Conv2d(1, channels, 4, stride=2, padding=1)),  # (B, C, 14, 14)
            nn.LeakyReLU(0.2),
            bound(nn.Conv2d(channels, 2 * channels, 4, stride=2, padding=1)),  # (B, 2C, 7, 7)
            nn.Identity() if spectral else nn.BatchNorm2d(2 * channels),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
        )
        if spectral:
            self.body.extend([bound(nn.Linear(n_features, 128)), nn.LeakyReLU(0.2)])
            n_features = 128
        self.real, self.group = bound(nn.Linear(n_features, 1)), nn.Embedding(groups, n_features)
        nn.init.normal_(self.group.weight, std=0.02)  # at first, all groups are judged alike
        if spectral:
            spectral_norm(self.group)

    def forward(self, x: Tensor, groups: Tensor) -> Tensor:
        """Pictures, (B, 1, 28, 28), and their groups, int64 (B,), to logits, (B,); positive says "real"."""
        if x.shape[1:] != (1, 28, 28) or groups.shape != x.shape[:1]:
            raise ValueError(
                f"pictures have shape {tuple(x.shape)} and groups {tuple(groups.shape)}; "
                "this discriminator takes (B, 1, 28, 28) and (B,)."
            )
        features = self.body(x)  # (B, n_features)
        return self.real(features).squeeze(1) + (features * self.group(groups)).sum(1)
