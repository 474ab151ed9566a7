"""Lesson 36's choices at equal steps: `python tests/benchmarks/summary_choices.py [STEPS] [SEEDS] [VARIANT ...]`.

The model of the checkpoint ("pointer"), the same without its pointer ("plain"), and a decoder-only GPT of about as many
numbers that is given what is read as a prompt ("prompt"). Scores are those of 100 training stories that are held back:
news of single sentences, and whole stories. A few minutes for each variant on one core.
"""

import sys
from collections import defaultdict
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "data" / "make"))

from makers.language import drawn_stories
from makers.summarization import LONGEST, SIZES, STORIES, news_pairs, summary_step, summary_words, written_by

from helpers.models.pointer import PointerGenerator
from helpers.models.transformer import GPT, EncoderDecoder
from helpers.running_summary import encode_pairs, keep_books, news_along, read_all
from helpers.sampling import generate
from helpers.summaries import fact_scores
from helpers.text import BOS, Words, pad_batch
from helpers.training import fit
from helpers.world.summaries import facts, summaries_along

HELD_BACK = 100


class Prompted(nn.Module):
    """A GPT that reads a story, "<bos>" and the summary as one text; called as an encoder-decoder is."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.gpt = GPT(size, 256, **(SIZES | {"n_layers": 5}))

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Logits at the places of the target, (B, S), (B, T) -> (B, T, V)."""
        lengths = (source != 0).sum(1)
        rows = [torch.cat([a[:n], b]) for a, b, n in zip(source, target, lengths.tolist(), strict=True)]
        logits = self.gpt(pad_batch(rows))
        places = lengths[:, None] + torch.arange(target.shape[1])  # (B, T)
        return logits.gather(1, places[..., None].expand(-1, -1, logits.shape[-1]))


def prompted(model: Prompted, texts: list[str], words: Words) -> list[str]:
    """Summaries by greedy decoding; stories of equal length go together."""
    groups, found = defaultdict(list), {}
    for text in dict.fromkeys(texts):
        groups[len(text.split())].append(text)
    for length, some in groups.items():
        ids = torch.stack([words.encode(f"{text} {BOS}") for text in some])
        for text, row in zip(some, generate(model.gpt, ids, LONGEST, temperature=0), strict=True):
            found[text] = words.decode(row[length + 1 :])
    return [found[text] for text in texts]


def main(steps: int = 600, seeds: int = 1, *only: str) -> None:
    """Train and print."""
    words = summary_words()
    for seed in range(seeds):
        texts = [text for text in drawn_stories(seed)[:STORIES] if not words.unknown(text)]
        held, texts = texts[:HELD_BACK], texts[HELD_BACK:]
        x, y = encode_pairs(news_pairs(texts), words)
        true_news = [entry for text in held for entry in news_along(text)]
        for name in only or ("pointer", "plain", "prompt"):
            torch.manual_seed(seed)
            kind = {"pointer": PointerGenerator, "plain": EncoderDecoder}.get(name)
            model = kind(len(words), len(words), 256, **SIZES) if kind else Prompted(len(words))
            history = fit(summary_step(model, x, y, steps), steps, seed=seed, name=name)
            news = read_all(partial(written_by if kind else prompted, model.eval(), words=words), held)
            scores = fact_scores([keep_books(entries)[-1] for entries in news], [summaries_along(t)[-1] for t in held])
            pairs = zip([entry for entries in news for entry in entries], true_news, strict=True)
            scores["news right"] = sum(facts(a) == facts(b) for a, b in pairs) / len(true_news)
            size = sum(part.numel() for part in model.parameters())
            print(name, f"seed {seed}, {size:,} numbers, {steps} steps, {history.seconds:.0f} s:", end=" ")
            print(f"loss {history.last('loss'):.4f}", {key: round(v, 3) for key, v in scores.items()}, flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), *sys.argv[3:])
