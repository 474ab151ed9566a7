"""Lesson 38's VQ-VAE: a picture becomes a grid of whole numbers, each the place of a vector in a codebook."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def nearest_codes(z: Tensor, codebook: Tensor) -> Tensor:
    """The number of the codebook's vector that lies nearest to each vector.

    Args:
        z: Vectors, (..., D).
        codebook: One vector a row, (K, D).
    Returns:
        int64 in [0, K), shape (...).
    Source: van den Oord et al. 2017, arXiv:1711.00937, equation 1.
    """
    # The squared length of z is the same for all codes, so it cannot decide.
    return (codebook.square().sum(1) - 2 * z @ codebook.T).argmin(-1)


def straight_through(z: Tensor, quantized: Tensor) -> Tensor:
    """The values of `quantized`, the gradient of `z`: going back, the choice counts as if it had changed nothing.

    Source: Bengio et al. 2013, arXiv:1308.3432, section 3.
    """
    return z + (quantized - z).detach()


def vq_loss(z: Tensor, quantized: Tensor, beta: float = 0.25) -> Tensor:
    r"""Pull the codes to the vectors, and with weight `beta` the vectors to the codes: one number.

    $$\lVert \mathrm{sg}(z) - e \rVert^2 + \beta \lVert z - \mathrm{sg}(e) \rVert^2$$

    Both are means over all numbers. Source: van den Oord et al. 2017, arXiv:1711.00937, equation 3.
    """
    return (z.detach() - quantized).square().mean() + beta * (z - quantized.detach()).square().mean()


def share_used(codes: Tensor, n_codes: int) -> float:
    """Share of the codebook that occurs among the codes at all; codes int64 of any shape."""
    return len(codes.unique()) / n_codes


def code_perplexity(codes: Tensor, n_codes: int) -> float:
    """How many codes, all used alike, would be as varied as these: the exponential of the entropy of their shares.

    Args:
        codes: int64 in [0, n_codes), any shape.
    """
    p = torch.bincount(codes.flatten(), minlength=n_codes) / codes.numel()
    return torch.special.entr(p).sum().exp().item()  # entr(p) = -p ln p, and 0 for p = 0


class Residual(nn.Module):
    """Two convolutions that add to what they read."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.add = nn.Sequential(
            nn.SiLU(), nn.Conv2d(channels, channels, 3, 1, 1), nn.SiLU(), nn.Conv2d(channels, channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) in and out."""
        return x + self.add(x)


class VQVAE(nn.Module):
    """Pictures, (B, 3, 32, 32), to an 8x8 grid of codes and back. The layers are ours.

    All vectors get the same length, so that codes are told apart by direction (Yu et al. 2022, arXiv:2110.04627).
    """

    def __init__(self, n_codes: int = 256, code_dim: int = 16, channels: int = 32) -> None:
        """Build it: `n_codes` vectors of `code_dim` numbers; `channels` is the width at 16x16."""
        super().__init__()
        self.config = {"n_codes": n_codes, "code_dim": code_dim, "channels": channels}
        self.chooses = True  # False passes the vectors on as they are: a plain autoencoder
        wide = 2 * channels
        self.encoder = nn.Sequential(
            nn.Conv2d(3, channels, 4, 2, 1),  # (B, C, 16, 16)
            nn.SiLU(),
            nn.Conv2d(channels, wide, 4, 2, 1),  # (B, 2C, 8, 8)
            Residual(wide),
            nn.Conv2d(wide, code_dim, 1),
        )
        self.decoder = nn.Sequential(
            nn.Conv2d(code_dim, wide, 3, 1, 1),
            Residual(wide),
            nn.SiLU(),
            nn.ConvTranspose2d(wide, channels, 4, 2, 1),  # (B, C, 16, 16)
            nn.SiLU(),
            nn.ConvTranspose2d(channels, 3, 4, 2, 1),  # (B, 3, 32, 32)
            nn.Sigmoid(),
        )
        self.codebook = nn.Parameter(torch.randn(n_codes, code_dim) / n_codes)

    def vectors(self, x: Tensor) -> Tensor:
        """What the encoder says of each place, (B, 3, 32, 32) -> (B, 8, 8, D)."""
        if x.ndim != 4 or x.shape[1:] != (3, 32, 32):
            raise ValueError(f"pictures have shape {tuple(x.shape)}; this model reads (B, 3, 32, 32).")
        return F.rms_norm(self.encoder(x).movedim(1, -1), self.codebook.shape[1:])

    def encode(self, x: Tensor) -> Tensor:
        """Pictures to codes in reading order, (B, 3, 32, 32) -> int64 (B, 64)."""
        return nearest_codes(self.vectors(x), self.codebook).flatten(1)

    def draw(self, vectors: Tensor) -> Tensor:
        """Vectors of the grid to pictures in [0, 1], (B, 8, 8, D) -> (B, 3, 32, 32)."""
        return self.decoder(vectors.movedim(-1, 1))

    def decode(self, codes: Tensor) -> Tensor:
        """Codes in reading order to pictures in [0, 1], (B, 64) -> (B, 3, 32, 32)."""
        return self.draw(self.codebook[codes].unflatten(1, (8, 8)))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruct: pictures like x, the loss of codes and vectors, and the codes, (B, 64)."""
        z = self.vectors(x)
        codes = nearest_codes(z, self.codebook)
        quantized = self.codebook[codes]  # (B, 8, 8, D)
        passed_on = straight_through(z, quantized) if self.chooses else z
        return self.draw(passed_on), vq_loss(z, quantized), codes.flatten(1)


@torch.no_grad()
def revive(codebook: Tensor, counts: Tensor, z: Tensor) -> int:
    """Move each code that was never chosen onto a vector of the encoder; gives their number.

    Args:
        codebook: (K, D); changed in place.
        counts: How often each code was chosen of late, (K,).
        z: Vectors of a batch, (..., D).
    """
    dead = (counts == 0).nonzero()[:, 0]
    rows = z.flatten(0, -2)
    codebook[dead] = rows[torch.randint(len(rows), (len(dead),))]
    return len(dead)
