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


def to_patches(levels: Tensor) -> Tensor:
    """Cut pictures into patches in reading order, (B, 1, 28, 28) -> (B, 49, 16)."""
    rows = levels.unflatten(2, (GRID, PATCH)).unflatten(4, (GRID, PATCH))  # (B, 1, 7, 4, 7, 4)
    return rows.movedim(4, 3).reshape(len(levels), N_PATCHES, N_PIXELS)


def from_patches(patches: Tensor) -> Tensor:
    """Put patches together again, (B, 49, 16) -> (B, 1, 28, 28)."""
    grid = patches.reshape(len(patches), 1, GRID, GRID, PATCH, PATCH)
    return grid.movedim(3, 4).reshape(len(patches), 1, SIDE, SIDE)


class PatchGPT(nn.Module):
    """A GPT over patches; at each place a small masked network guesses the 16 pixels of the next one, in order.

    So every pixel is guessed from all pixels before it, and log p(x) is the sum of 784 logarithms, with no bound.
    Source of the masked network: Germain et al. 2015, arXiv:1502.03509; the rest is ours.
    """

    def __init__(
        self, classes: int = 10, levels: int = 8, d_model: int = 96, n_heads: int = 4, n_layers: int = 3, per_pixel: int = 32
    ) -> None:
        """Build it; `levels` are the shades of grey, `per_pixel` the hidden units that guess one pixel."""
        super().__init__()
        self.config = {k: v for k, v in locals().items() if k not in {"self", "__class__"}}
        design = find_design("modern")
        self.classes = nn.Embedding(classes, d_model)  # the first token is what to draw
        self.read = nn.Linear(N_PIXELS, d_model)
        self.places = nn.Parameter(torch.zeros(N_PATCHES, d_model))
        self.blocks = nn.ModuleList(Block(d_model, n_heads, design=design) for _ in range(n_layers))
        self.norm = design.norm(d_model)
        self.plan = nn.Linear(d_model, N_PIXELS * per_pixel)
        self.so_far = nn.Parameter(torch.randn(N_PIXELS, N_PIXELS, per_pixel) / N_PIXELS**0.5)  # from pixel, to pixel
        self.guess = nn.Parameter(torch.zeros(N_PIXELS, per_pixel, levels))
        self.prior = nn.Parameter(torch.zeros(N_PIXELS, levels))
        earlier = torch.ones(N_PIXELS, N_PIXELS).triu(1)[:, :, None]  # 1 where "from" comes before "to"
        self.register_buffer("earlier", earlier, persistent=False)
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
        if levels.shape[1:] != (1, SIDE, SIDE):
            raise ValueError(f"pictures have shape {tuple(levels.shape)}; this model reads (B, 1, {SIDE}, {SIDE}).")
        patches = self._scaled(to_patches(levels))
        tokens = torch.cat([self.classes(labels)[:, None], self.read(patches[:, :-1])], 1)  # (B, 49, d_model)
        plan = self.plan(self.hidden(tokens)).unflatten(2, (N_PIXELS, -1))  # (B, 49, 16, U)
        seen = torch.einsum("btf,fpu->btpu", patches, self.so_far * self.earlier)
        return torch.einsum("btpu,pul->btpl", F.silu(plan + seen), self.guess) + self.prior

    def log_prob(self, levels: Tensor, labels: Tensor) -> Tensor:
        """Exact log p(x) of pictures given their classes: nats per picture, never positive, shape (B,)."""
        logits = self(levels, labels)
        return -F.cross_entropy(logits.movedim(-1, 1), to_patches(levels), reduction="none").sum((1, 2))

    @torch.no_grad()
    def sample(self, labels: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Draw each wanted class once, int64 (B,), as shades, int64 (B, 1, 28, 28): 784 guesses, one after another."""
        cache, token = [KeyValueCache() for _ in self.blocks], self.classes(labels)[:, None]
        so_far, drawn = self.so_far * self.earlier, []
        for place in range(N_PATCHES):
            hidden = self.plan(self.hidden(token, place, cache)[:, 0]).unflatten(1, (N_PIXELS, -1))  # (B, 16, U)
            patch = []
            for pixel in range(N_PIXELS):
                logits = F.silu(hidden[:, pixel]) @ self.guess[pixel] + self.prior[pixel]
                patch.append(torch.multinomial(logits.softmax(1), 1, generator=generator))  # (B, 1)
                hidden = hidden + self._scaled(patch[-1])[:, :, None] * so_far[pixel]
            drawn.append(torch.cat(patch, 1))
            token = self.read(self._scaled(drawn[-1]))[:, None]
        return from_patches(torch.stack(drawn, 1))

    def _scaled(self, levels: Tensor) -> Tensor:
        return levels * (2 / (self.config["levels"] - 1)) - 1
