"""An encoder-decoder that may also copy: every word it writes is its own, or one that stands in the source."""

import math

from torch import Tensor, nn

from helpers.models.attention import KeyValueCache, causal_mask, masked_softmax, padding_mask
from helpers.models.positions import rotate
from helpers.models.transformer import EncoderDecoder


def mix(own: Tensor, pointed: Tensor, source: Tensor, gate: Tensor) -> Tensor:
    r"""Probability of each word: written by the model itself, or copied from where it points.

    $$p(w) = g\, p_{\text{own}}(w) + (1 - g) \sum_{s:\, x_s = w} a_s$$

    Args:
        own: The model's own distribution over the vocabulary, shape (B, T, V).
        pointed: How much it points at each place of the source, shape (B, T, S), rows sum to 1.
        source: The words that stand there, int64, shape (B, S).
        gate: The share g of its own words, in [0, 1], shape (B, T, 1).
    Returns:
        Shape (B, T, V), rows sum to 1. A word that stands in the source twice gets both parts.
    Source: See et al. 2017, arXiv:1704.04368, equation 9.
    """
    places = source[:, None].expand_as(pointed)  # (B, T, S)
    return (gate * own).scatter_add(2, places, (1 - gate) * pointed)


class PointerGenerator(EncoderDecoder):
    """The encoder-decoder of lesson 33 with a pointer at the source and a gate between writing and copying.

    Cross-attention and pointer are rotary: a summary is written in the order of what is read. What `encode` hands to
    `decode` beside the memory is the source itself: it says where padding is and what can be copied. The logits of
    `decode` are log-probabilities.

    Source: See et al. 2017, arXiv:1704.04368, section 2.2; there the pointer is the decoder's own attention.
    """

    def __init__(self, source_size: int, target_size: int, *sizes: int, **options: float) -> None:
        """Build it with the arguments of `EncoderDecoder`; both vocabularies are the same.

        Raises:
            ValueError: If the sizes of the vocabularies differ; the message quotes both.
        """
        if source_size != target_size:
            raise ValueError(f"{source_size} words are read and {target_size} written; copying needs one vocabulary.")
        super().__init__(source_size, target_size, *sizes, **options)
        d_model = self.decoder.config["d_model"]
        self.ask, self.offer = (nn.Linear(d_model, d_model, bias=False) for _ in range(2))
        self.gate = nn.Linear(d_model, 1)
        for block in self.decoder.blocks:
            block.cross.rotary = True

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Read sources, (B, S), once: their vectors, (B, S, d_model), and the sources."""
        return super().encode(source)[0], source

    def parts(
        self, target: Tensor, memory: Tensor, source: Tensor, cache: list[KeyValueCache] | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Own distribution (B, T, V), pointer (B, T, S) and gate (B, T, 1) at each place of targets (B, T)."""
        real, seen = padding_mask(source, self.config["pad"]), len(cache[0]) if cache else 0
        mask = causal_mask(seen + target.shape[-1], target.device)[seen:]
        x = self.decoder.hidden(target, mask, cache, memory, real)  # (B, T, d_model)
        scores = rotate(self.ask(x), seen) @ rotate(self.offer(memory)).mT / math.sqrt(x.shape[-1])  # (B, T, S)
        own = (x @ self.decoder.tokens.weight.T).softmax(-1)
        return own, masked_softmax(scores, real[:, 0]), self.gate(x).sigmoid()

    def decode(
        self, target: Tensor, memory: Tensor, source: Tensor, cache: list[KeyValueCache] | None = None
    ) -> Tensor:
        """Log-probabilities of the next token at every place, (B, T) -> (B, T, V)."""
        own, pointed, gate = self.parts(target, memory, source, cache)
        return mix(own, pointed, source, gate).clamp_min(1e-9).log()
