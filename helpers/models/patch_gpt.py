"""Lesson 41's Transformer: it writes a picture patch by patch, and each patch pixel by pixel."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.attention import KeyValueCache, causal_mask
from helpers.models.designs import find_design
from helpers.models.transformer import Block

SIDE, PATCH = 28, 4
GRID = SIDE // PATCH  # patches in a row
N_PATCHES, N_PIXELS = GRID**2, PATCH**2


def to_patches(x: Tensor) -> Tensor:
    """Cut pictures into patches in reading order, (B, 1, 28, 28) -> (B, 49, 16)."""
    if x.shape[1:] != (1, SIDE, SIDE):
        raise ValueError(f"pictures have shape {tuple(x.shape)}; only (B, 1, {SIDE}, {SIDE}) can be cut.")
    rows = x.unflatten(2, (GRID, PATCH)).unflatten(4, (GRID, PATCH))  # (B, 1, 7, 4, 7, 4)
    return rows.movedim(4, 3).reshape(len(x), N_PATCHES, N_PIXELS)


def from_patches(patches: Tensor) -> Tensor:
    """Put patches together again, (B, 49, 16) -> (B, 1, 28, 28)."""
    grid = patches.reshape(len(patches), 1, GRID, GRID, PATCH, PATCH)
    return grid.movedim(3, 4).reshape(len(patches), 1, SIDE, SIDE)


def earlier_mask(n: int) -> Tensor:
    """Which pixel may be seen when which is guessed, (n, n): row f, column t is 1 where f comes before t, else 0."""
    return torch.ones(n, n).triu(1)


def picture_nats(logits: Tensor, patches: Tensor) -> Tensor:
    r"""What pictures cost, from the logits of every pixel.

    $$-\log p(x) = -\sum_{t}\sum_{j} \log p(x_{tj} \mid \text{all pixels before it})$$

    Args:
        logits: Of the shades, (B, T, P, K).
        patches: The shades, int64 in [0, K), (B, T, P).
    Returns:
        Nats per picture, (B,).
    """
    return F.cross_entropy(logits.movedim(-1, 1), patches, reduction="none").flatten(1).sum(1)


class PixelGuess(nn.Module):
    """Guesses the pixels of a patch, each from what the Transformer says and from the patch's pixels before it.

    Source: Germain et al. 2015, arXiv:1502.03509, who mask a network like this; hidden units of its own for each
    pixel are ours.
    """

    def __init__(self, d_model: int, levels: int, per_pixel: int = 32) -> None:
        """Build it; `per_pixel` hidden units guess one pixel."""
        super().__init__()
        self.plan = nn.Linear(d_model, N_PIXELS * per_pixel)
        self.so_far = nn.Parameter(torch.randn(N_PIXELS, N_PIXELS, per_pixel) / N_PIXELS**0.5)  # from, to, unit
        self.guess = nn.Parameter(torch.zeros(N_PIXELS, per_pixel, levels))
        self.prior = nn.Parameter(torch.zeros(N_PIXELS, levels))
        self.register_buffer("earlier", earlier_mask(N_PIXELS)[:, :, None], persistent=False)

    def forward(self, hidden: Tensor, patches: Tensor) -> Tensor:
        """Logits of all pixels at once, the right patches being known.

        Args:
            hidden: What the Transformer says before each patch, (B, T, d_model).
            patches: The pixels as numbers, (B, T, 16).
        Returns:
            (B, T, 16, levels).
        """
        plan = self.plan(hidden).unflatten(2, (N_PIXELS, -1))  # (B, T, 16, U)
        seen = torch.einsum("btf,fpu->btpu", patches, self.so_far * self.earlier)
        return torch.einsum("btpu,pul->btpl", F.silu(plan + seen), self.guess) + self.prior

    def sample(self, hidden: Tensor, scale: float, generator: torch.Generator | None = None) -> Tensor:
        """Draw one patch, pixel after pixel, (B, d_model) -> shades, int64 (B, 16); a shade s counts as s*scale - 1."""
        plan, so_far, drawn = self.plan(hidden).unflatten(1, (N_PIXELS, -1)), self.so_far * self.earlier, []
        for pixel in range(N_PIXELS):
            logits = F.silu(plan[:, pixel]) @ self.guess[pixel] + self.prior[pixel]
            drawn.append(torch.multinomial(logits.softmax(1), 1, generator=generator))  # (B, 1)
            plan = plan + (drawn[-1] * scale - 1)[:, :, None] * so_far[pixel]
        return torch.cat(drawn, 1)


class PatchGPT(nn.Module):
    """A GPT over patches, whose first token is the class; `PixelGuess` guesses the pixels of the next patch.

    So every pixel is guessed from all pixels before it, and log p(x) is a sum of 784 logarithms: no bound.
    """

    def __init__(
        self,
        classes: int = 10,
        levels: int = 8,
        d_model: int = 96,
        n_heads: int = 4,
        n_layers: int = 3,
        per_pixel: int = 32,
    ) -> None:
        """Build it; `levels` are the shades of grey, `per_pixel` as in PixelGuess, the others as in `Stack`."""
        super().__init__()
        self.config = {k: v for k, v in locals().items() if k not in {"self", "__class__"}}
        design, self.scale = find_design("modern"), 2 / (levels - 1)
        self.classes = nn.Embedding(classes, d_model)
        self.read = nn.Linear(N_PIXELS, d_model)
        self.places = nn.Parameter(torch.zeros(N_PATCHES, d_model))
        self.blocks = nn.ModuleList(Block(d_model, n_heads, design=design) for _ in range(n_layers))
        self.norm = design.norm(d_model)
        self.pixels = PixelGuess(d_model, levels, per_pixel)
        for block in self.blocks:
            for part in (block.attention.out, block.mlp[2]):
                nn.init.zeros_(part.weight)  # a block begins by adding nothing

    def hidden(self, tokens: Tensor, start: int = 0, cache: list[KeyValueCache] | None = None) -> Tensor:
        """What the stack says at each place, (B, T, d_model) in and out; `start` is the first token's place."""
        x, new = tokens + self.places[start : start + tokens.shape[1]], tokens.shape[1]
        mask = causal_mask(start + new, x.device)[start:] if new > 1 else None
        for block, of_block in zip(self.blocks, cache or [None] * len(self.blocks), strict=True):
            x = block(x, mask, of_block)
        return self.norm(x)

    def forward(self, levels: Tensor, labels: Tensor) -> Tensor:
        """Logits of every pixel from the pixels before it, patch by patch.

        Args:
            levels: Shades, int64 in [0, levels), (B, 1, 28, 28).
            labels: Classes, int64 (B,).
        Returns:
            (B, 49, 16, levels).
        Raises:
            ValueError: If the pictures have another shape; the message quotes it.
        """
        patches = to_patches(levels) * self.scale - 1
        tokens = torch.cat([self.classes(labels)[:, None], self.read(patches[:, :-1])], 1)  # (B, 49, d_model)
        return self.pixels(self.hidden(tokens), patches)

    def log_prob(self, levels: Tensor, labels: Tensor) -> Tensor:
        """Exact log p(x) of pictures given their classes: nats per picture, never positive, shape (B,)."""
        return -picture_nats(self(levels, labels), to_patches(levels))

    @torch.no_grad()
    def sample(self, labels: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Draw each wanted class once, int64 (B,), as shades, int64 (B, 1, 28, 28): 784 guesses, one after another."""
        cache, token, drawn = [KeyValueCache() for _ in self.blocks], self.classes(labels)[:, None], []
        for place in range(N_PATCHES):
            drawn.append(self.pixels.sample(self.hidden(token, place, cache)[:, 0], self.scale, generator))
            token = self.read(drawn[-1] * self.scale - 1)[:, None]
        return from_patches(torch.stack(drawn, 1))
