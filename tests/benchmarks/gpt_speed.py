"""How fast our GPT learns and writes, beside plain code: `python tests/benchmarks/gpt_speed.py [SEEDS]`, 4 min a seed.

On tiny Shakespeare (downloaded once) with 4 layers, width 128, 64 characters: plain GPT-2-style code trains 2,000 steps
of 12 sequences; then ours, the same with rotary positions, trains with Muon on 20 until its schedule ends. Both in turn
on two threads, their own evaluations not counted. Then 256 tokens are written without the cache, with it, and by the
transformers library's GPT-2 of the same size.
"""

import math
import statistics
import sys
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import GPT2Config, GPT2LMHeadModel

from helpers.datasets import load_text
from helpers.models.gpt2 import from_hugging_face
from helpers.models.transformer import GPT
from helpers.sampling import generate
from helpers.text import Characters

WIDTH, HEADS, LAYERS, CONTEXT = 128, 4, 4, 64
PLAIN_STEPS, OUR_STEPS, GOAL = 2_000, 280, 1.88


class PlainBlock(nn.Module):
    """A block as most GPT-2 code has it: one matrix for queries, keys and values, fused attention."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, C) -> (B, T, C)."""
        b, t, c = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, t, 3, HEADS, c // HEADS).permute(2, 0, 3, 1, 4)
        looked_up = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(looked_up.transpose(1, 2).reshape(b, t, c))
        return x + self.mlp(self.norm2(x))


class PlainGPT(nn.Module):
    """LayerNorm, GELU, learned positions, tied head, GPT-2's first weights."""

    def __init__(self, vocab_size: int) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocab_size, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*(PlainBlock() for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(WIDTH)
        for name, weight in self.named_parameters():
            if weight.ndim == 2:
                adds = name.endswith(("out.weight", "mlp.2.weight"))
                nn.init.normal_(weight, std=0.02 / math.sqrt(2 * LAYERS) if adds else 0.02)

    def forward(self, ids: Tensor) -> Tensor:
        """(B, T) -> (B, T, V)."""
        x = self.blocks(self.tokens(ids) + self.places.weight[: ids.shape[1]])
        return self.norm(x) @ self.tokens.weight.T


def plain_run(vocab_size: int) -> tuple[nn.Module, list, Callable[[int], float], int, int]:
    """Steps of 12 with AdamW, 100 steps of warm-up, then a cosine from 1e-3 to 1e-4."""
    model = PlainGPT(vocab_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1, fused=True)

    def schedule(i: int) -> float:
        return min(i / 100, 0.55 + 0.45 * math.cos(math.pi * i / PLAIN_STEPS))

    return model, [optimizer], schedule, PLAIN_STEPS, 12


def our_run(vocab_size: int) -> tuple[nn.Module, list, Callable[[int], float], int, int]:
    """Steps of 20: Muon for the matrices of the blocks, AdamW for the rest; full speed, then a straight line down to 0.

    Batch and rates were chosen on the last twentieth of the training text; the steps lie between runs of 255 and 310.
    """
    model = GPT(vocab_size, CONTEXT, WIDTH, HEADS, LAYERS, positions="rotary")
    matrices = [weight for weight in model.blocks.parameters() if weight.ndim == 2]
    rest = [weight for weight in model.parameters() if all(weight is not matrix for matrix in matrices)]
    adam = torch.optim.AdamW(rest, lr=5e-3, betas=(0.9, 0.95), weight_decay=0.0, fused=True)
    muon = torch.optim.Muon(matrices, lr=0.02, weight_decay=0.0, ns_steps=3)

    def schedule(i: int) -> float:
        return min(1.0, (i + 1) / 20, (1 - i / OUR_STEPS) / 0.6)

    return model, [adam, muon], schedule, OUR_STEPS, 20


def race(make: Callable, train: Tensor, held_out: Tensor, vocab_size: int, seed: int) -> tuple[float, float]:
    """Seconds of training and nats per character on held-out text afterwards."""
    torch.manual_seed(seed)
    model, optimizers, schedule, steps, batch_size = make(vocab_size)
    peaks = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
    draw = torch.Generator().manual_seed(seed)
    began = time.perf_counter()
    for i in range(steps):
        for optimizer, of_groups in zip(optimizers, peaks, strict=True):
            for group, peak in zip(optimizer.param_groups, of_groups, strict=True):
                group["lr"] = peak * schedule(i)
        loss_of(model, train, torch.randint(len(train) - CONTEXT, (batch_size,), generator=draw)).backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    seconds = time.perf_counter() - began
    with torch.no_grad():
        starts = torch.arange(0, len(held_out) - CONTEXT, CONTEXT)  # all of it
        return seconds, statistics.mean(loss_of(model, held_out, part).item() for part in starts.chunk(20))


def loss_of(model: nn.Module, ids: Tensor, starts: Tensor) -> Tensor:
    """Nats per character on windows that begin at the given places."""
    window = ids[starts[:, None] + torch.arange(CONTEXT + 1)]
    return F.cross_entropy(model(window[:, :-1]).flatten(0, 1), window[:, 1:].flatten())


class WithoutCache(nn.Module):
    """A model that reads the whole text for each new token."""

    def __init__(self, model: GPT) -> None:
        super().__init__()
        self.model, self.config = model, model.config

    def forward(self, ids: Tensor) -> Tensor:
        """(B, T) -> (B, T, V)."""
        return self.model(ids)


def writing() -> dict[str, float]:
    """Seconds to write 256 tokens: the best of three rounds, in turn."""
    config = GPT2Config(
        vocab_size=1000, n_positions=512, n_embd=256, n_layer=6, n_head=8, bos_token_id=0, eos_token_id=0
    )
    theirs = GPT2LMHeadModel(config).eval()
    ours, begin = from_hugging_face(theirs.state_dict(), 8), torch.tensor([[1]])
    ways = {
        "without the cache": lambda: generate(WithoutCache(ours), begin, 256),
        "with the cache": lambda: generate(ours, begin, 256),
        "transformers, with its cache": lambda: theirs.generate(
            begin, do_sample=True, top_k=0, min_new_tokens=256, max_new_tokens=256, pad_token_id=0
        ),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(3):
        for name, write in ways.items():
            began = time.perf_counter()
            assert write().shape == (1, 257)
            seconds[name].append(time.perf_counter() - began)
    return {name: min(times) for name, times in seconds.items()}


def main(seeds: int) -> None:
    """Print both races and both ratios."""
    torch.set_num_threads(2)
    text, test = load_text("tiny-shakespeare"), load_text("tiny-shakespeare", "test")
    alphabet = Characters(text + test)
    train, held_out = alphabet.encode(text), alphabet.encode(test)
    for seed in range(seeds):
        plain, plain_nats = race(plain_run, train, held_out, len(alphabet), seed)
        ours, our_nats = race(our_run, train, held_out, len(alphabet), seed)
        print(f"seed {seed}: plain {plain:.1f} s to {plain_nats:.3f} nats, ours {ours:.1f} s to {our_nats:.3f} nats:")
        print(f"  {ours / plain:.2f} of the time; at or below {GOAL}: {our_nats <= GOAL}", flush=True)
    seconds = writing()
    for name, value in seconds.items():
        print(f"256 tokens {name}: {value:.2f} s, {value / seconds['with the cache']:.1f} times ours with the cache")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
