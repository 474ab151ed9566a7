"""The Transformer: one block, one stack of blocks, and three ways to put stacks together."""

import math
from collections.abc import Callable

from torch import Tensor, nn

from helpers.models.attention import KeyValueCache, MultiHeadAttention, causal_mask, padding_mask
from helpers.models.attention import attention_maps as attention_maps  # lessons ask this module for it
from helpers.models.designs import DESIGNS, Design, find_design
from helpers.models.positions import sinusoidal
from helpers.text import check_ids


class Block(nn.Module):
    """Look around (attention; with `cross`, also at another sequence), then think about it; all add to the vector."""

    def __init__(
        self,
        d_model: int,
        n_heads: int,
        d_ff: int | None = None,
        dropout: float = 0.0,
        *,
        design: Design = DESIGNS["gpt2"],
        cross: bool = False,
    ) -> None:
        """Build it; `d_ff` is the width inside the small network, 4 * d_model if not given."""
        super().__init__()
        d_ff, self.norm_first = d_ff or 4 * d_model, design.norm_first
        self.norm1, self.norm2 = design.norm(d_model), design.norm(d_model)
        options = {"bias": design.bias, "qk_norm": design.qk_norm}
        self.attention = MultiHeadAttention(d_model, n_heads, dropout, rotary=design.positions == "rotary", **options)
        if cross:
            self.norm_cross, self.cross = design.norm(d_model), MultiHeadAttention(d_model, n_heads, dropout, **options)
        widen, narrow = nn.Linear(d_model, d_ff, design.bias), nn.Linear(d_ff, d_model, design.bias)
        self.mlp = nn.Sequential(widen, design.activation(), narrow)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        cache: KeyValueCache | None = None,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        """Shape (B, T, d_model) in and out.

        Args:
            x: The tokens' vectors.
            mask: Where they may look among themselves, as in MultiHeadAttention; so is the cache.
            cache: Of the attention among themselves.
            memory: The other sequence, shape (B, S, d_model), of a block with `cross`.
            memory_mask: Where they may look there, broadcastable to (B, n_heads, T, S).
        """
        seen = len(cache) if cache else 0  # before this call adds to it
        x = self._add(x, self.norm1, lambda y: self.attention(y, mask, cache=cache))
        if memory is not None:
            x = self._add(x, self.norm_cross, lambda y: self.cross(y, memory_mask, memory, start=seen))
        return self._add(x, self.norm2, self.mlp)

    def _add(self, x: Tensor, norm: nn.Module, part: Callable[[Tensor], Tensor]) -> Tensor:
        return x + self.dropout(part(norm(x))) if self.norm_first else norm(x + self.dropout(part(x)))


class Stack(nn.Module):
    """Token vectors with their places, a stack of blocks, a last norm: what all the models below share."""

    def __init__(
        self,
        vocab_size: int,
        context_length: int,
        d_model: int = 64,
        n_heads: int = 4,
        n_layers: int = 2,
        d_ff: int | None = None,
        dropout: float = 0.0,
        design: str = "gpt2",
        positions: str | None = None,
        cross: bool = False,
    ) -> None:
        """Build it.

        Args:
            vocab_size: Number of different tokens.
            context_length: Longest sequence it takes.
            d_model: Width of a token's vector, a multiple of n_heads.
            n_heads: Heads of each attention.
            n_layers: Blocks on top of each other.
            d_ff: Width inside a block's network, 4 * d_model if not given.
            dropout: Share dropped in training, in [0, 1).
            design: One of DESIGNS.
            positions: One of POSITIONS; the design's if not given.
            cross: Whether the blocks also look at a second sequence.
        Raises:
            ValueError: If a design or positions are unknown; the message lists the known ones.
        """
        super().__init__()
        self.config = {k: v for k, v in locals().items() if k not in {"self", "__class__"}}
        self.design = chosen = find_design(design, positions)
        self.tokens = nn.Embedding(vocab_size, d_model)
        if chosen.positions == "learned":
            self.places = nn.Embedding(context_length, d_model)
        elif chosen.positions == "sinusoidal":
            self.register_buffer("waves", sinusoidal(context_length, d_model), persistent=False)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            Block(d_model, n_heads, d_ff, dropout, design=chosen, cross=cross) for _ in range(n_layers)
        )
        self.norm = chosen.norm(d_model) if chosen.norm_first else nn.Identity()

    def hidden(
        self,
        ids: Tensor,
        mask: Tensor | None = None,
        cache: list[KeyValueCache] | None = None,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        """Vectors of the last layer, (B, T) -> (B, T, d_model).

        Args:
            ids: Tokens; with a cache, those that come after the cached ones.
            mask: As in MultiHeadAttention; with a cache, S counts cached and new tokens.
            cache: One for each block; each grows by T tokens.
            memory, memory_mask: As in Block.
        Raises:
            ValueError: If the ids have another shape, leave the vocabulary, or are longer than context_length together
                with the cached ones.
            TypeError: If they are not integers.
        """
        seen = len(cache[0]) if cache else 0
        check_ids(ids, self.config["vocab_size"], self.config["context_length"], seen)
        x, places = self.tokens(ids), slice(seen, seen + ids.shape[1])  # (B, T, d_model)
        if self.design.positions == "learned":
            x = x + self.places.weight[places]
        elif self.design.positions == "sinusoidal":
            x = x * math.sqrt(self.config["d_model"]) + self.waves[places]
        x = self.dropout(x)
        for block, of_block in zip(self.blocks, cache or [None] * len(self.blocks), strict=True):
            x = block(x, mask, of_block, memory, memory_mask)
        return self.norm(x)

    def new_cache(self) -> list[KeyValueCache]:
        """An empty cache for each block; the calls that share it read one text, piece by piece."""
        return [KeyValueCache() for _ in self.blocks]


class SequenceModel(Stack):
    """Encoder only, as BERT: every place sees every other, and gets logits of its own."""

    def __init__(self, *sizes: int, outputs: int | None = None, **options: float) -> None:
        """Build it with the arguments of `Stack`; `outputs` logits at each place, vocab_size if not given."""
        super().__init__(*sizes, **options)
        self.config["outputs"] = outputs
        self.head = nn.Linear(self.config["d_model"], outputs or self.config["vocab_size"])

    def forward(self, ids: Tensor, mask: Tensor | None = None) -> Tensor:
        """(B, T) -> (B, T, outputs); `mask` as in MultiHeadAttention."""
        return self.head(self.hidden(ids, mask))


class GPT(Stack):
    """Decoder only: each place sees itself and what came before, and predicts the token that comes next.

    Source: Radford et al. 2019, "Language models are unsupervised multitask learners" (GPT-2).
    """

    def __init__(self, *sizes: int, **options: float) -> None:
        """Build it with the arguments of `Stack`: vocab_size, context_length, d_model, n_heads, n_layers, ..."""
        super().__init__(*sizes, **options)
        if not self.design.tied:
            self.head = nn.Linear(self.config["d_model"], self.config["vocab_size"], bias=False)
        small_start(self)

    def forward(self, ids: Tensor, cache: list[KeyValueCache] | None = None) -> Tensor:
        """Logits of the next token at every place, (B, T) -> (B, T, vocab_size); `cache` as in `hidden`."""
        seen, new = len(cache[0]) if cache else 0, ids.shape[-1]
        # (T, seen + T): all old tokens, new ones up to t; a single new token may look at everything
        mask = causal_mask(seen + new, ids.device)[seen:] if new > 1 else None
        x = self.hidden(ids, mask, cache)
        return x @ self.tokens.weight.T if self.design.tied else self.head(x)


class EncoderDecoder(nn.Module):
    """The Transformer of 2017: the encoder reads a source, the decoder writes a target and looks at what was read.

    Source: Vaswani et al. 2017, arXiv:1706.03762, figure 1.
    """

    def __init__(
        self,
        source_size: int,
        target_size: int,
        context_length: int,
        pad: int = 0,
        *,
        design: str = "2017",
        cross: bool = True,
        **options: float,
    ) -> None:
        """Build it.

        Args:
            source_size, target_size: Numbers of different tokens that are read and written.
            context_length: Longest source and target.
            pad: The token that fills short sources and targets up.
            design: One of DESIGNS.
            cross: Whether the decoder may look at the source.
            options: d_model, n_heads, n_layers, d_ff, dropout, positions, as in `Stack`.
        """
        super().__init__()
        both = {"context_length": context_length, "design": design, **options}
        self.config = {"source_size": source_size, "target_size": target_size, "pad": pad, "cross": cross, **both}
        self.encoder = Stack(source_size, **both)
        self.decoder = Stack(target_size, **both, cross=cross)
        for stack in (self.encoder, self.decoder):
            nn.init.normal_(stack.tokens.weight, std=stack.config["d_model"] ** -0.5)

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Read sources, (B, S), once: their vectors, (B, S, d_model), and the mask of their padding, (B, 1, 1, S)."""
        mask = padding_mask(source, self.config["pad"])
        return self.encoder.hidden(source, mask), mask

    def decode(
        self, target: Tensor, memory: Tensor, memory_mask: Tensor, cache: list[KeyValueCache] | None = None
    ) -> Tensor:
        """Logits of the next token at every place of the target, (B, T) -> (B, T, target_size).

        Its padding stands at the end, so the causal mask already hides it from what comes before.
        """
        seen = len(cache[0]) if cache else 0
        mask = causal_mask(seen + target.shape[-1], target.device)[seen:]
        looked_at = (memory, memory_mask) if self.config["cross"] else (None, None)
        return self.decoder.hidden(target, mask, cache, *looked_at) @ self.decoder.tokens.weight.T

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Teacher forcing: what comes next, given the right beginning; (B, S), (B, T) -> (B, T, target_size)."""
        return self.decode(target, *self.encode(source))


def small_start(stack: Stack) -> None:
    """GPT-2's first weights: small, smaller where a block adds to the stream; a modern design begins there at 0."""
    for name, weight in stack.named_parameters():
        adds = name.endswith(("out.weight", "mlp.2.weight"))
        if name.endswith("bias") or (not stack.design.tied and (adds or name == "head.weight")):
            nn.init.zeros_(weight)
        elif weight.ndim == 2 and stack.design.tied:
            nn.init.normal_(weight, std=0.02 / math.sqrt(2 * len(stack.blocks)) if adds else 0.02)
