"""The checkpoint of lesson 36: it reads a story and says who is where and has what at its end."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from helpers.datasets import load_world
from helpers.models.pointer import PointerGenerator
from helpers.models.transformer import EncoderDecoder
from helpers.optimizers import updater
from helpers.reading import SEP
from helpers.rouge import rouge_l, rouge_n
from helpers.running_summary import NOTHING, batches, encode_pairs, keep_books, news_along, read_all, readings
from helpers.sampling import beam_search
from helpers.session import device
from helpers.summaries import fact_scores
from helpers.text import BOS, EOS, PAD, Words, pad_batch
from helpers.world.summaries import facts
from makers.common import Maker, digest_of, rounded, train
from makers.language import drawn_stories

STEPS, STORIES = 2_000, 15_000
LONGEST = 40  # words and marks of the news of a sentence, and more
SIZES = {"d_model": 64, "n_heads": 4, "n_layers": 2, "design": "gpt2", "positions": "rotary"}


def make_summarizer(seed: int, kind: type[EncoderDecoder] = PointerGenerator) -> tuple[nn.Module, dict]:
    """A pointer-generator that says the news of a sentence; `helpers.running_summary` keeps the books. 5 min."""
    words, texts = summary_words(), drawn_stories(seed)[:STORIES]
    pairs = news_pairs([text for text in texts if not words.unknown(text)])
    torch.manual_seed(seed)
    model = kind(len(words), len(words), 256, **SIZES).to(device())
    history = train(summary_step(model, *encode_pairs(pairs, words), STEPS), STEPS, "summarizer", seed)
    results = summary_scores(model.eval(), words)
    facts = {"steps": STEPS, "seconds": history.seconds, "data_sha256": digest_of(texts), "results": rounded(results)}
    return model.cpu(), facts | {"words": words.known}


def news_pairs(texts: list[str]) -> list[tuple[str, str]]:
    """Each sentence of some stories as it is read, with its gold news."""
    return [pair for text in texts for pair in zip(readings(text), news_along(text), strict=True)]


def summary_words() -> Words:
    """All words of the training stories and their summaries, and what else is read and written."""
    stories, summaries = load_world("stories"), load_world("summaries")
    return Words([s["text"] for s in stories] + [s["summary"] for s in summaries] + [NOTHING], (PAD, BOS, EOS, SEP))


def summary_step(model: nn.Module, x: Tensor, y: Tensor, steps: int, size: int = 64) -> Callable:
    """Teacher forcing on batches of equal lengths."""
    update, drawn = updater(model, steps), batches(x, y, size)

    def step(i: int) -> dict[str, Tensor]:
        source, target = (part.to(device()) for part in next(drawn))
        logits = model(source, target[:, :-1])
        return update(F.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=0))

    return step


def summary_scores(model: nn.Module, words: Words) -> dict[str, float]:
    """ROUGE and facts of the test stories, greedy and with 4 beams, and of longer ones; and the news of sentences."""
    stories, truths = [row["text"] for row in _test("stories")], [row["summary"] for row in _test("summaries")]
    longer = _test("longer")
    results = {}
    for name, some, true, beams in (
        ("greedy", stories, truths, 1),
        ("beam", stories, truths, 4),
        ("longer", [row["text"] for row in longer], [row["summary"] for row in longer], 1),
    ):
        news = read_all(lambda texts, beams=beams: written_by(model, texts, words, beams), some)
        written = [keep_books(entries)[-1] for entries in news]
        scores = fact_scores(written, true) | {"rouge l": sum(map(rouge_l, written, true)) / len(true)}
        for n in (1, 2):
            shared = [rouge_n(*both, n) for both in zip(written, true, strict=True)]
            scores[f"rouge {n}"] = sum(shared) / len(shared)
        pairs = [
            (a, b) for said, text in zip(news, some, strict=True) for a, b in zip(said, news_along(text), strict=True)
        ]
        scores["news right"] = sum(facts(a) == facts(b) for a, b in pairs) / len(pairs)
        results |= {f"{key.replace(' ', '_')}_{name}": value for key, value in scores.items()}
    return results


def _test(kind: str) -> list[dict]:
    return load_world(kind, "test")


def written_by(model: nn.Module, texts: list[str], words: Words, beams: int = 1) -> list[str]:
    """The model's summary of each text."""
    source = pad_batch([words.encode(text) for text in texts]).to(device())
    parts = [beam_search(model, part, words[BOS], words[EOS], LONGEST, beams) for part in source.split(200)]
    return [words.decode(row) for part in parts for row in part.tolist()]


MAKERS = {"summarizer": Maker(make_summarizer, seeds=(0, 1, 2))}
