"""Lesson 36's model against two others at equal steps: `python tests/benchmarks/summary_choices.py [STEPS] [SEEDS]`.

The pointer-generator of the checkpoint, the same without its pointer and clock, and a decoder-only GPT of about as many
numbers that is given the story as a prompt. Prints the scores of 200 training stories that are held back. About five
minutes for each variant and seed at 1,800 steps on one core.
"""

import sys
from collections import defaultdict
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "data" / "make"))

from makers.language import drawn_stories
from makers.summarization import LONGEST, SIZES, summary_step, summary_words, written_by

from helpers.models.pointer import PointerGenerator
from helpers.models.transformer import GPT, EncoderDecoder
from helpers.sampling import generate
from helpers.summaries import cut_stories, encode_pairs, fact_scores, rouge_l
from helpers.text import BOS, Words, pad_batch
from helpers.training import fit
from helpers.world.summaries import summaries_along

HELD_BACK = 200


class Prompted(nn.Module):
    """A GPT that reads a story, "<bos>" and the summary as one text; called as an encoder-decoder is."""

    def __init__(self, size: int) -> None:
        super().__init__()
        sizes = SIZES | {"n_layers": 7}
        self.gpt = GPT(size, 160, **sizes)

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
    for text in texts:
        groups[len(text.split())].append(text)
    for length, some in groups.items():
        ids = torch.stack([words.encode(f"{text} {BOS}") for text in some])
        for text, row in zip(some, generate(model.gpt, ids, LONGEST, temperature=0), strict=True):
            found[text] = words.decode(row[length + 1 :])
    return [found[text] for text in texts]


def main(steps: int = 1800, seeds: int = 1, *only: str) -> None:
    """Train and print."""
    words = summary_words()
    for seed in range(seeds):
        texts = [text for text in drawn_stories(seed) if not words.unknown(text)]
        held, texts = texts[:HELD_BACK], texts[HELD_BACK:]
        x, y = encode_pairs(cut_stories(texts, seed=seed), words)
        truths = [summaries_along(text)[-1] for text in held]
        for name in only or ("pointer", "plain", "prompt"):
            torch.manual_seed(seed)
            kind = {"pointer": PointerGenerator, "plain": EncoderDecoder}.get(name)
            model = kind(len(words), len(words), 256, **SIZES) if kind else Prompted(len(words))
            history = fit(summary_step(model, x, y, steps), steps, seed=seed, name=name)
            written = (written_by if kind else prompted)(model.eval(), held, words)
            size, scores = sum(part.numel() for part in model.parameters()), fact_scores(written, truths)
            scores["rouge_l"] = sum(map(rouge_l, written, truths)) / len(truths)
            print(name, f"seed {seed}, {size:,} numbers, {steps} steps, {history.seconds:.0f} s:", end=" ")
            print({key: round(value, 3) for key, value in scores.items()}, flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), *sys.argv[3:])
