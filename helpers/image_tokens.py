"""Sentences of lesson 38: the words of a caption, the word <image>, then the codes of a picture."""

import torch
from torch import Tensor, nn

from helpers.captions import CAPTION_LENGTH, VOCABULARY, encode
from helpers.models.transformer import GPT
from helpers.sampling import sample_next

IMAGE = len(VOCABULARY)  # the word that ends the caption
FIRST_CODE = IMAGE + 1  # code k of the codebook is token FIRST_CODE + k
N_PLACES = 64  # of the 8x8 grid


def pack(words: Tensor, codes: Tensor) -> Tensor:
    """Captions, (B, T), and codes, (B, N), as one sentence each: words, <image>, codes; (B, T + 1 + N)."""
    middle = torch.full((len(words), 1), IMAGE, device=words.device)
    return torch.cat([words, middle, FIRST_CODE + codes], 1)


def new_gpt(n_codes: int, **sizes: int) -> GPT:
    """A GPT of today's design for such sentences; the last code is written and never read."""
    return GPT(FIRST_CODE + n_codes, CAPTION_LENGTH + N_PLACES, design="modern", **sizes)


def code_logits(gpt: nn.Module, ids: Tensor) -> Tensor:
    """What the GPT says of each code of sentences, (B, T + 1 + N), from all tokens before it: (B, N, K)."""
    return gpt(ids[:, :-1])[:, -N_PLACES:, FIRST_CODE:]


def drop_captions(words: Tensor, share: float) -> Tensor:
    """Fill a share of the captions, (B, T), with padding, drawn at random: what a picture is without words."""
    return words * (torch.rand(len(words), 1, device=words.device) >= share)


def guided(told: Tensor, untold: Tensor, scale: float) -> Tensor:
    """Logits that go from those without a caption toward those with it, `scale` times as far; any shape.

    Source: Ho & Salimans 2022, arXiv:2207.12598, equation 6, there with w = scale - 1.
    """
    return untold + scale * (told - untold)


@torch.no_grad()
def draw_codes(
    gpt: GPT,
    words: Tensor,
    scale: float = 1.0,
    temperature: float = 1.0,
    top_k: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Write the codes of a picture for each caption.

    Args:
        gpt: Reads sentences of `pack`.
        words: Captions, int64 (B, T).
        scale: Of the guidance; 1 is none, and half the work.
        temperature, top_k, generator: As in `sample_next`.
    Returns:
        int64 in [0, K), shape (B, 64).
    """
    began = torch.cat([words, torch.full((len(words), 1), IMAGE, device=words.device)], 1)
    ids = began if scale == 1 else torch.cat([began, torch.cat([torch.zeros_like(words), began[:, -1:]], 1)])
    cache, codes = gpt.new_cache(), []
    for _ in range(N_PLACES):
        logits = gpt(ids, cache)[:, -1, FIRST_CODE:]
        if scale != 1:
            logits = guided(*logits.chunk(2), scale)
        codes.append(sample_next(logits, temperature, top_k, generator=generator))
        ids = (FIRST_CODE + codes[-1])[:, None].repeat(1 if scale == 1 else 2, 1)
    return torch.stack(codes, 1)


def draw_pictures(gpt: GPT, vq_vae: nn.Module, captions: list[str], batch_size: int = 250, **how: object) -> Tensor:
    """A picture in [0, 1] for each caption, (B, 3, 32, 32); `how` as in `draw_codes`; unknown words: a ValueError."""
    parts = [draw_codes(gpt, words, **how) for words in encode(captions).split(batch_size)]
    with torch.no_grad():
        return torch.cat([vq_vae.decode(codes) for codes in parts])
