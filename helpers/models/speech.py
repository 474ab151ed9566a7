"""A model that listens: frames of sound go in, words come out, as in Whisper."""

import torch.nn.functional as F
from torch import Tensor, nn

from helpers.models.attention import KeyValueCache, causal_mask
from helpers.models.designs import find_design
from helpers.models.transformer import Block, Stack


class Front(nn.Module):
    """Two convolutions over time, each halving the number of frames: 10 ms in, 40 ms out."""

    def __init__(self, n_bands: int, d_model: int) -> None:
        """Build it."""
        super().__init__()
        self.first = nn.Conv1d(n_bands, d_model, 3, stride=2, padding=1)
        self.second = nn.Conv1d(d_model, d_model, 3, stride=2, padding=1)

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, n_bands), padded with frames of zeros -> (B, S, d_model) and which places are real, (B, S)."""
        real = (frames != 0).any(-1)  # (B, T)
        x = F.gelu(self.first(frames.mT)) * real[:, None, ::2]  # (B, d_model, T / 2)
        x = F.gelu(self.second(x)) * real[:, None, ::4]  # (B, d_model, T / 4)
        return x.mT, real[:, ::4]


class Listener(nn.Module):
    """An encoder-decoder whose source is sound: a front of convolutions, then the Transformer, of today's design.

    Source: Radford et al. 2022, arXiv:2212.04356, section 2.2 (there, only the second convolution has stride 2).
    """

    def __init__(
        self,
        vocab_size: int,
        n_bands: int = 40,
        d_model: int = 64,
        n_heads: int = 4,
        n_layers: int = 2,
        dropout: float = 0.0,
        context_length: int = 32,
        pad: int = 0,
    ) -> None:
        """Build it; `context_length` is the longest text, sound may be of any length."""
        super().__init__()
        self.config = {k: v for k, v in locals().items() if k not in {"self", "__class__"}}
        design, sizes = find_design("modern"), {"d_model": d_model, "n_heads": n_heads, "dropout": dropout}
        self.front = Front(n_bands, d_model)
        self.blocks = nn.ModuleList(Block(**sizes, design=design) for _ in range(n_layers))
        self.norm = design.norm(d_model)
        self.decoder = Stack(vocab_size, context_length, n_layers=n_layers, **sizes, design="modern", cross=True)
        self.head = nn.Linear(d_model, vocab_size, bias=False)

    def encode(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Listen once: (B, T, n_bands), padded with zeros -> vectors (B, S, d_model), and their mask, (B, 1, 1, S)."""
        x, real = self.front(frames)
        mask = real[:, None, None, :]
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x), mask

    def decode(
        self, target: Tensor, memory: Tensor, memory_mask: Tensor, cache: list[KeyValueCache] | None = None
    ) -> Tensor:
        """Logits of the next word at every place of the target, (B, L) -> (B, L, vocab_size)."""
        seen = len(cache[0]) if cache else 0
        mask = causal_mask(seen + target.shape[-1], target.device)[seen:]
        return self.head(self.decoder.hidden(target, mask, cache, memory, memory_mask))

    def forward(self, frames: Tensor, target: Tensor) -> Tensor:
        """Teacher forcing: what comes next, given the right beginning; (B, T, n_bands), (B, L) -> (B, L, V)."""
        return self.decode(target, *self.encode(frames))
