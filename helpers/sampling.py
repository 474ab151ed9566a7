"""From logits to tokens: temperature, top-k, top-p, and a loop that writes."""

import torch
from torch import Tensor, nn


def next_probs(
    logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> Tensor:
    r"""Turn logits into the distribution that `sample_next` draws from.

    $$p_i \propto e^{z_i / \tau} \text{ for the tokens that are kept, } 0 \text{ for the others}$$

    Args:
        logits: Shape (..., V).
        temperature: At least 0; below 1 sharpens, above 1 flattens, 0 keeps the likeliest token alone.
        top_k: Keep the k likeliest tokens, 1 to V; ties with the last of them stay.
        top_p: Keep the fewest likeliest tokens whose probabilities reach p together, in (0, 1].
    Returns:
        Shape (..., V), rows sum to 1.
    Raises:
        ValueError: If a setting is out of range; the message quotes it.
    Source: top-p is Holtzman et al. 2020, arXiv:1904.09751, section 3.1.
    """
    vocab_size = logits.shape[-1]
    if not 0 <= temperature < torch.inf:
        raise ValueError(f"temperature is {temperature}; give 0 for the likeliest token, or a positive number.")
    if top_k is not None and not 1 <= top_k <= vocab_size:
        raise ValueError(f"top_k is {top_k}; give a whole number from 1 to {vocab_size}.")
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p is {top_p}; give a number above 0 and at most 1.")
    if temperature == 0:
        return torch.nn.functional.one_hot(logits.argmax(-1), vocab_size).to(logits.dtype)
    logits = (logits - logits.amax(-1, keepdim=True)) / temperature
    if top_k is not None:
        logits = logits.masked_fill(logits < logits.topk(top_k).values[..., -1:], -torch.inf)
    probs = logits.softmax(-1)
    if top_p is not None and top_p < 1:
        ranked, order = probs.sort(dim=-1, descending=True, stable=True)
        enough = ranked.cumsum(-1) - ranked >= top_p  # the likelier tokens alone reach p
        probs = probs.masked_fill(enough.scatter(-1, order, enough), 0.0)
        probs = probs / probs.sum(-1, keepdim=True)
    return probs


def sample_next(
    logits: Tensor,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw one token from each row of logits, (B, V) -> (B,); settings as in `next_probs`."""
    probs = next_probs(logits, temperature, top_k, top_p)
    return torch.multinomial(probs, 1, generator=generator).squeeze(-1)


@torch.no_grad()
def generate(
    model: nn.Module,
    ids: Tensor,
    n: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Write `n` tokens after the given ones; the model sees the last `context_length` tokens each time.

    Args:
        model: Gives logits, (B, T) -> (B, T, V); its config names its context_length. If it has a `new_cache`, it reads
            new tokens only, until the context is full; from there on every token moves to another place each time.
        ids: The beginning, int64, shape (B, T), at least one token.
        n: Tokens to write, at least 0.
        temperature, top_k, top_p, generator: As in `sample_next`.
    Returns:
        Shape (B, T + n), the beginning included.
    Raises:
        ValueError: If the beginning is empty or n is negative; the message quotes it.
    """
    if ids.ndim != 2 or not ids.shape[1]:
        raise ValueError(f"ids have shape {tuple(ids.shape)}; give (B, T) with at least one token to begin with.")
    if n < 0:
        raise ValueError(f"n is {n}; give the number of tokens to write, 0 or more.")
    was_training, context_length = model.training, model.config["context_length"]
    model.eval()
    cache = model.new_cache() if hasattr(model, "new_cache") else None
    try:
        for _ in range(n):
            if cache and ids.shape[1] <= context_length:
                logits = model(ids[:, len(cache[0]) :], cache)[:, -1]  # (B, V)
            else:
                logits = model(ids[:, -context_length:])[:, -1]
            ids = torch.cat([ids, sample_next(logits, temperature, top_k, top_p, generator)[:, None]], 1)
    finally:
        model.train(was_training)
    return ids


def length_penalty(log_prob: Tensor, length: Tensor, alpha: float) -> Tensor:
    """Score of texts by their log-probability and length, (K,), (K,) -> (K,).

    Source: Wu et al. 2016, arXiv:1609.08144, equation 14.
    """
    return log_prob / ((5 + length) / 6) ** alpha


@torch.no_grad()
def beam_search(
    model: nn.Module, source: Tensor, bos: int, eos: int, n: int, beams: int = 1, alpha: float = 0.6
) -> Tensor:
    r"""Write the likeliest target for each source, keeping the `beams` best beginnings at each step.

    Beginnings are compared by their log-probability over a power of their length, so that short ones do not win by
    being short. One beam is greedy decoding.

    $$\mathrm{score}(y) = \frac{\log p(y \mid x)}{\left((5 + |y|) / 6\right)^{\alpha}}$$

    Args:
        model: A `helpers.models.transformer.EncoderDecoder`, or what has its encode, decode, decoder and config.
        source: Sources, int64, shape (B, S).
        bos, eos: Tokens that begin and end a target.
        n: Most tokens to write, the end included; 1 or more.
        beams: Beginnings kept for each source, 1 or more.
        alpha: The power of the length penalty; 0 compares plain log-probabilities.
    Returns:
        Targets without `bos`, filled up with padding after `eos`, shape (B, at most n).
    Raises:
        ValueError: If n or beams is below 1; the message quotes it.
    Source: Wu et al. 2016, arXiv:1609.08144, equation 14.
    """
    if beams < 1 or n < 1:
        raise ValueError(f"beams is {beams} and n is {n}; give 1 or more of each.")
    was_training, pad, (b, device) = model.training, model.config["pad"], (len(source), source.device)
    model.eval()
    try:
        memory, mask = (part.repeat_interleave(beams, 0) for part in model.encode(source))  # (B * beams, ...)
        texts = torch.full((b * beams, 1), bos, device=device)
        scores = torch.full((b, beams), -torch.inf, device=device)
        scores[:, 0] = 0.0  # all beams begin alike: one is enough
        lengths, cache = torch.zeros(b * beams, device=device), model.decoder.new_cache()
        for _ in range(n):
            log_probs = model.decode(texts[:, -1:], memory, mask, cache)[:, -1].log_softmax(-1)  # (B * beams, V)
            done = (texts == eos).any(1)
            log_probs[done] = -torch.inf
            log_probs[done, pad] = 0.0  # what has ended stays as it is
            lengths = lengths + (~done).float()
            total = scores[..., None] + log_probs.view(b, beams, -1)  # (B, beams, V)
            compared = length_penalty(total, lengths.view(b, beams, 1), alpha)
            best = compared.flatten(1).topk(beams).indices  # (B, beams)
            scores = total.flatten(1).gather(1, best)
            vocab_size = log_probs.shape[-1]
            rows = (torch.arange(b, device=device)[:, None] * beams + best // vocab_size).flatten()
            texts = torch.cat([texts[rows], (best % vocab_size).view(-1, 1)], 1)
            lengths = lengths[rows]
            for of_block in cache:
                of_block.select(rows)
            if (texts == eos).any(1).all():
                break
    finally:
        model.train(was_training)
    return texts.view(b, beams, -1)[:, 0, 1:]  # topk puts the best first
