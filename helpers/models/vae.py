"""Autoencoders, plain and variational, with the same two halves."""

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from helpers.losses import reparameterize


def make_encoder(n_out: int, side: int = 28, hidden_dim: int = 512) -> nn.Sequential:
    """Build the half that turns pictures into numbers, (B, 1, side, side) -> (B, n_out)."""
    return nn.Sequential(
        nn.Flatten(),  # (B, side * side)
        nn.Linear(side * side, hidden_dim),
        nn.SiLU(),
        nn.Linear(hidden_dim, hidden_dim // 2),
        nn.SiLU(),
        nn.Linear(hidden_dim // 2, n_out),
    )


def make_decoder(latent_dim: int, side: int = 28, hidden_dim: int = 512) -> nn.Sequential:
    """Build the half that turns codes into logits of pixels, (B, latent_dim) -> (B, 1, side, side)."""
    return nn.Sequential(
        nn.Linear(latent_dim, hidden_dim // 2),
        nn.SiLU(),
        nn.Linear(hidden_dim // 2, hidden_dim),
        nn.SiLU(),
        nn.Linear(hidden_dim, side * side),
        nn.Unflatten(1, (1, side, side)),  # (B, 1, side, side)
    )


class Autoencoder(nn.Module):
    """A code of `latent_dim` numbers for each picture, and nothing that says where codes may lie."""

    def __init__(self, latent_dim: int = 16, side: int = 28, hidden_dim: int = 512) -> None:
        super().__init__()
        self.config = _config(latent_dim, side, hidden_dim)
        self.encoder = make_encoder(latent_dim, side, hidden_dim)
        self.decoder = make_decoder(latent_dim, side, hidden_dim)

    def encode(self, x: Tensor) -> Tensor:
        """Give each picture its code, (B, 1, side, side) -> (B, Z)."""
        return self.encoder(_pictures(x, self.config["side"]))

    def decode(self, z: Tensor) -> Tensor:
        """Turn codes into logits of pixels, (B, Z) -> (B, 1, side, side)."""
        return self.decoder(_codes(z, self.config["latent_dim"]))

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct: logits of pixels, shape of x."""
        return self.decode(self.encode(x))


class VAE(nn.Module):
    """A distribution of codes for each picture, N(mu, exp(logvar)).

    Source: Kingma & Welling 2014, arXiv:1312.6114; the layers are ours.
    """

    def __init__(self, latent_dim: int = 16, side: int = 28, hidden_dim: int = 512) -> None:
        super().__init__()
        self.config = _config(latent_dim, side, hidden_dim)
        self.encoder = make_encoder(2 * latent_dim, side, hidden_dim)
        self.decoder = make_decoder(latent_dim, side, hidden_dim)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Give the codes' means and log variances, (B, 1, side, side) -> (B, Z), (B, Z)."""
        mu, logvar = self.encoder(_pictures(x, self.config["side"])).chunk(2, dim=1)
        return mu, logvar

    def decode(self, z: Tensor) -> Tensor:
        """Turn codes into logits of pixels, (B, Z) -> (B, 1, side, side)."""
        return self.decoder(_codes(z, self.config["latent_dim"]))

    def forward(self, x: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Encode, draw a code, decode.

        Args:
            x: Pictures, shape (B, 1, side, side), values in [0, 1].
            eps: Standard normal noise, shape (B, Z); drawn here if not given.
        Returns:
            Logits of pixels (shape of x), mu and logvar (both (B, Z)).
        """
        mu, logvar = self.encode(x)
        eps = torch.randn_like(mu) if eps is None else eps
        return self.decode(reparameterize(mu, logvar, eps)), mu, logvar

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """Decode `n` draws of the prior N(0, I) to pictures in [0, 1], shape (n, 1, side, side)."""
        z = torch.randn(n, self.config["latent_dim"], generator=generator).to(next(self.parameters()).device)
        return self.decode(z).sigmoid()


def _config(latent_dim: int, side: int, hidden_dim: int) -> dict[str, int]:
    config = {"latent_dim": latent_dim, "side": side, "hidden_dim": hidden_dim}
    for name, value in config.items():
        least = 2 if name == "hidden_dim" else 1
        if value < least:
            raise ValueError(f"{name} is {value}; give at least {least}.")
    return config


def _pictures(x: Tensor, side: int) -> Tensor:
    """Let pictures of the right shape, type and range through."""
    if x.ndim != 4 or x.shape[1:] != (1, side, side):
        raise ValueError(f"pictures have shape {tuple(x.shape)}; this model takes (B, 1, {side}, {side}).")
    if not x.is_floating_point():
        raise TypeError(f"pictures are {x.dtype}; give floats in [0, 1]: x.float() / 255 for bytes.")
    if x.numel() and not (x.min() >= 0 and x.max() <= 1):
        raise ValueError(f"pixels go from {x.min():.3g} to {x.max():.3g}; they must lie in [0, 1].")
    return x


def _codes(z: Tensor, latent_dim: int) -> Tensor:
    if z.shape[-1:] != (latent_dim,) or z.ndim != 2:
        raise ValueError(f"codes have shape {tuple(z.shape)}; this model takes (B, {latent_dim}).")
    return z


class ConditionalVAE(VAE):
    """A VAE whose decoder is told which class to draw, so that the code holds only how it is drawn.

    Source: Kingma et al. 2014, arXiv:1406.5298, model M2, with labels always given.
    """

    def __init__(self, classes: int = 62, latent_dim: int = 16, side: int = 28, hidden_dim: int = 512) -> None:
        super().__init__(latent_dim, side, hidden_dim)
        self.config["classes"] = classes
        self.decoder = make_decoder(latent_dim + classes, side, hidden_dim)

    def decode(self, z: Tensor, labels: Tensor) -> Tensor:
        """Turn codes, (B, Z), and classes, int64 (B,), into logits of pixels, (B, 1, side, side)."""
        told = one_hot(labels, self.config["classes"]).to(z.dtype)  # (B, classes)
        return self.decoder(torch.cat([_codes(z, self.config["latent_dim"]), told], dim=1))

    def forward(self, x: Tensor, labels: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Encode, draw a code, decode as the given class; as in `VAE.forward`, with labels, int64 (B,)."""
        mu, logvar = self.encode(x)
        eps = torch.randn_like(mu) if eps is None else eps
        return self.decode(reparameterize(mu, logvar, eps), labels), mu, logvar

    @torch.no_grad()
    def sample(self, labels: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Draw each wanted class once, int64 (B,), as pictures in [0, 1], (B, 1, side, side)."""
        z = torch.randn(len(labels), self.config["latent_dim"], generator=generator).to(labels.device)
        return self.decode(z, labels).sigmoid()


class ConvVAE(nn.Module):
    """Lesson 41's VAE: convolutions, classes for both halves, and for every pixel the odds of each shade of grey.

    Shades are counted, not measured, so that its bound on log p(x) is in the same nats as a language model's.
    """

    def __init__(
        self, classes: int = 10, levels: int = 8, latent_dim: int = 16, channels: int = 16, hidden_dim: int = 128
    ) -> None:
        """Build it; `levels` are the shades, `channels` the width at 14x14, `hidden_dim` of the dense layers."""
        super().__init__()
        self.config = {k: v for k, v in locals().items() if k not in {"self", "__class__"}}
        wide = 2 * channels
        self.body = nn.Sequential(
            nn.Conv2d(1, channels, 4, 2, 1),  # (B, C, 14, 14)
            nn.BatchNorm2d(channels),
            nn.SiLU(),
            nn.Conv2d(channels, wide, 4, 2, 1),  # (B, 2C, 7, 7)
            nn.BatchNorm2d(wide),
            nn.SiLU(),
            nn.Flatten(),
            nn.Linear(wide * 49, hidden_dim),
            nn.SiLU(),
        )
        self.code = nn.Linear(hidden_dim + classes, 2 * latent_dim)
        self.decoder = nn.Sequential(
            nn.Linear(latent_dim + classes, hidden_dim),
            nn.SiLU(),
            nn.Linear(hidden_dim, wide * 49),
            nn.Unflatten(1, (wide, 7, 7)),
            nn.BatchNorm2d(wide),
            nn.SiLU(),
            nn.ConvTranspose2d(wide, channels, 4, 2, 1),  # (B, C, 14, 14)
            nn.BatchNorm2d(channels),
            nn.SiLU(),
            nn.ConvTranspose2d(channels, levels, 4, 2, 1),  # (B, K, 28, 28)
        )

    def encode(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The codes' means and log variances of pictures in [0, 1], (B, 1, 28, 28), of known class, (B, Z) each."""
        told = one_hot(labels, self.config["classes"]).to(x.dtype)
        return self.code(torch.cat([self.body(_pictures(x, 28)), told], 1)).chunk(2, dim=1)

    def decode(self, z: Tensor, labels: Tensor) -> Tensor:
        """Logits of the shades of each pixel, (B, Z), int64 (B,) -> (B, K, 28, 28)."""
        told = one_hot(labels, self.config["classes"]).to(z.dtype)
        return self.decoder(torch.cat([_codes(z, self.config["latent_dim"]), told], 1))

    def forward(self, x: Tensor, labels: Tensor, eps: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Encode, draw a code, decode: logits of shades, means and log variances."""
        mu, logvar = self.encode(x, labels)
        eps = torch.randn_like(mu) if eps is None else eps
        return self.decode(reparameterize(mu, logvar, eps), labels), mu, logvar
