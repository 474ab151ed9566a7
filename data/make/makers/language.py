"""The checkpoints of lessons 33 to 35: a translator, a GPT, a BERT and the reader made of it.

They were trained on a GPU, three seeds at a time, in minutes. Minutes a seed on two cores stand beside each function.
"""

from collections.abc import Callable
from random import Random

import torch
import torch.nn.functional as F
from sacrebleu.metrics import BLEU
from tiny_world import tell_story
from torch import Tensor, nn

from helpers import checkpoints
from helpers.datasets import load_text, load_world
from helpers.models.transformer import GPT, EncoderDecoder, SequenceModel, small_start
from helpers.optimizers import updater
from helpers.reading import (
    SPECIALS,
    best_span,
    exact_match,
    exam,
    excerpt,
    f1,
    mask_words,
    masked_loss,
    passage_mask,
    sentence_pairs,
    span_loss,
)
from helpers.sampling import beam_search, generate
from helpers.session import device
from helpers.text import BOS, EOS, Words, byte_pairs, pad_batch
from helpers.training import History
from helpers.world import grammatical_share
from helpers.world.questions import Question, questions_about
from makers.common import Maker, digest_of, rounded, train

DRAWN = 30_000  # stories drawn for training, beside the 5,000 of the data set
STEPS = {"translator": 4_000, "gpt": 3_500, "bert": 2_000, "reader": 3_000}
MUON = {"lr": 1e-3, "matrix_lr": 0.005, "fall": 1.0}  # for the reader; chosen on the last of the training questions
BERT = {"context_length": 128, "d_model": 96, "n_heads": 4, "n_layers": 4, "positions": "rotary"}
KINDS = {"plain": (False, False), "heldout": (True, False), "long": (False, True)}  # of test pairs


def make_translator(seed: int, name: str = "translator", **change: float) -> tuple[nn.Module, dict]:
    """The Transformer of 2017, English to German. 6 min.

    `change` is for ablations (`tests/benchmarks/translation_ablations.py`): positions="none", n_heads=1, cross=False.
    """
    pairs, test = load_world("pairs"), load_world("pairs", "test")
    english, german = (Words(pair[language] for pair in pairs) for language in ("en", "de"))
    bos, eos = (torch.tensor([german[token]]) for token in (BOS, EOS))
    x = pad_batch([english.encode(pair["en"]) for pair in pairs]).to(device())
    y = pad_batch([torch.cat([bos, german.encode(pair["de"]), eos]) for pair in pairs]).to(device())
    torch.manual_seed(seed)
    sizes = {"d_model": 64, "n_heads": 4, "n_layers": 2, "d_ff": 256} | change
    model, steps = EncoderDecoder(len(english), len(german), 64, **sizes).to(device()), STEPS["translator"]
    history = train(translation_step(model, x, y, steps), steps, name, seed)
    results = {}
    for kind, (heldout, long) in KINDS.items():
        some = [pair for pair in test if (pair["heldout"], pair["long"]) == (heldout, long)]
        for way, beams in (("greedy", 1), ("beam", 4)):
            scores = translation_scores(model, some, english, german, beams)
            results |= {f"{score}_{kind}_{way}": value for score, value in scores.items()}
    facts = {"steps": steps, "seconds": history.seconds, "data_sha256": digest_of(pairs), "results": rounded(results)}
    return model.cpu(), facts | {"english": english.known, "german": german.known}


def translation_step(model: EncoderDecoder, x: Tensor, y: Tensor, steps: int, batch_size: int = 64) -> Callable:
    """Teacher forcing with label smoothing, on pairs of about the same length, so that little of a batch is padding.

    The learning rate warms up, then falls to 0.
    """
    sizes = torch.stack([(x != 0).sum(1), (y != 0).sum(1)], 1)  # (N, 2)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3, betas=(0.9, 0.98), eps=1e-9, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda i: min((i + 1) / 200, 1.0) * (1 - i / steps))

    def step(i: int) -> dict[str, Tensor]:
        by_length = (sizes.sum(1) + torch.rand(len(x), device=x.device)).argsort()  # equal lengths in a new order
        chosen = by_length[int(torch.randint(len(x) - batch_size + 1, ())) :][:batch_size]
        longest = sizes[chosen].amax(0).tolist()
        source, target = x[chosen, : longest[0]], y[chosen, : longest[1]]
        logits = model(source, target[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=0, label_smoothing=0.1)
        return _update(loss, model, optimizer, schedule)

    return step


def translation_scores(
    model: EncoderDecoder, pairs: list[dict], english: Words, german: Words, beams: int
) -> dict[str, float]:
    """The share of translations that are right to the letter, and sacreBLEU of all."""
    source = pad_batch([english.encode(pair["en"]) for pair in pairs]).to(device())
    written = beam_search(model, source, german[BOS], german[EOS], 50, beams).tolist()
    texts, truth = [german.decode(row) for row in written], [pair["de"] for pair in pairs]
    right = sum(a == b for a, b in zip(texts, truth, strict=True)) / len(truth)
    return {"exact": right, "bleu": BLEU(tokenize="none", force=True).corpus_score(texts, [truth]).score}


def make_gpt(seed: int) -> tuple[nn.Module, dict]:
    """A GPT of today's design that writes stories of byte pairs. 45 min."""
    stories, test = drawn_stories(seed), load_text("stories", "test")
    tokenizer = byte_pairs(load_text("stories").splitlines(keepends=True), 300)
    ids = torch.tensor(tokenizer.encode("\n" + "\n".join(stories) + "\n").ids).to(device())
    held_out = torch.tensor(tokenizer.encode("\n" + test).ids).to(device())
    torch.manual_seed(seed)
    steps, length = STEPS["gpt"], 128
    model = GPT(tokenizer.get_vocab_size(), length, d_model=128, n_heads=4, n_layers=4, design="modern").to(device())
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.05, betas=(0.9, 0.95), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-3, total_steps=steps, pct_start=0.05)

    def loss_of(text: Tensor, starts: Tensor) -> Tensor:
        window = text[starts[:, None] + torch.arange(length + 1, device=text.device)]
        return F.cross_entropy(model(window[:, :-1]).flatten(0, 1), window[:, 1:].flatten())

    def step(i: int) -> dict[str, Tensor]:
        loss = loss_of(ids, torch.randint(len(ids) - length, (96,)).to(ids.device))
        return _update(loss, model, optimizer, schedule)

    history = train(step, steps, "gpt", seed)
    model.eval()
    with torch.no_grad():
        nats = loss_of(held_out, torch.arange(0, len(held_out) - length, length, device=held_out.device)).item()
    torch.manual_seed(seed + 1)
    line_break = torch.full((500, 1), tokenizer.token_to_id("\n"), device=ids.device)
    results = {"nats_per_token": nats, "nats_per_character": nats * len(held_out) / len("\n" + test)}
    known = set(stories)
    for temperature in (1.0, 0.7):
        texts = [tokenizer.decode(row) for row in generate(model, line_break, 127, temperature).tolist()]
        told = [text.strip().split("\n")[0].strip() for text in texts]
        sentences = [text.count(" .") for text in told]
        good = sum(grammatical_share(text) * n for text, n in zip(told, sentences, strict=True)) / sum(sentences)
        results[f"grammatical_at_{temperature}"] = good
        whole = [text for text, raw in zip(told, texts, strict=True) if "\n" in raw.strip()]
        results[f"copied_at_{temperature}"] = sum(text in known for text in whole) / max(1, len(whole))
    facts = {"steps": steps, "seconds": history.seconds, "data_sha256": digest_of(stories), "results": rounded(results)}
    return model.cpu(), facts | {"tokenizer": tokenizer.to_str()}


def make_bert(seed: int) -> tuple[nn.Module, dict]:
    """A BERT: masked words in short passages and in the sentences beside them. 60 min."""
    words = reading_words()
    texts = [passage for text in drawn_stories(seed) if not words.unknown(passage := excerpt(text))]
    pairs = sentence_pairs(texts, words).to(device())
    new = sentence_pairs([excerpt(story["text"]) for story in load_world("stories", "test")], words).to(device())
    torch.manual_seed(seed)
    model, steps = SequenceModel(len(words), **BERT).to(device()), STEPS["bert"]
    small_start(model)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01, betas=(0.9, 0.98), fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=2e-3, total_steps=steps, pct_start=0.05)

    def step(i: int) -> dict[str, Tensor]:
        loss = filling_loss(model, pairs[torch.randint(len(pairs), (256,)).to(pairs.device)], words)
        return _update(loss, model, optimizer, schedule)

    history = train(step, steps, "bert", seed)
    model.eval()
    torch.manual_seed(seed + 1)
    with torch.no_grad():
        nats = filling_loss(model, new[:1000], words).item()
        read, picked = mask_words(new[:1000], words)
        right = (model(read, (read != 0)[:, None, None, :]).argmax(-1) == new[:1000])[picked].float().mean().item()
    results = {"nats_per_masked_word": nats, "masked_words_right": right}
    facts = {"steps": steps, "seconds": history.seconds, "data_sha256": digest_of(texts), "results": rounded(results)}
    return model.cpu(), facts | {"words": words.known}


def filling_loss(model: SequenceModel, ids: Tensor, words: Words) -> Tensor:
    """Nats for each picked word."""
    read, picked = mask_words(ids, words)
    return masked_loss(model(read, (ids != 0)[:, None, None, :]), ids, picked)


def make_reader(seed: int) -> tuple[nn.Module, dict]:
    """The shipped BERT, trained on to point at the answers of questions. 15 min."""
    words = reading_words()
    model, history = fine_tuned("bert", words, asked_about("train"), STEPS["reader"], seed)
    results = reading_scores(model, words, asked_about("test"))
    longer = reading_scores(model, words, asked_about("test", sentences=99)[:2000])
    results |= {f"{name}_whole_stories": value for name, value in longer.items()}
    digest = digest_of(load_world("stories"))
    facts = {"steps": history.steps, "seconds": history.seconds, "data_sha256": digest, "results": rounded(results)}
    return model.cpu(), facts | {"words": words.known}


def reading_words() -> Words:
    """All words of the training stories and of the questions about them."""
    asked = asked_about("train", sentences=99)
    return Words([text for text, _ in asked] + [question.question for _, question in asked], SPECIALS)


def asked_about(split: str, sentences: int = 6) -> list[tuple[str, Question]]:
    """Every question about every passage of a split, with its passage."""
    passages = [excerpt(story["text"], sentences) for story in load_world("stories", split)]
    return [(passage, question) for passage in passages for question in questions_about(passage)]


def fine_tuned(
    body: str, words: Words, asked: list[tuple[str, Question]], steps: int, seed: int
) -> tuple[SequenceModel, History]:
    """A reader with two logits at each word; it begins with the weights of the checkpoint `body`, or with none ("")."""
    torch.manual_seed(seed)
    reader = SequenceModel(len(words), outputs=2, **BERT).to(device())
    small_start(reader)
    if body:
        weights = checkpoints.load(body)[0].state_dict()
        reader.load_state_dict({k: v for k, v in weights.items() if not k.startswith("head")}, strict=False)
    ids, spans = (part.to(device()) for part in exam(asked, words))
    sizes, update = (ids != 0).sum(1), updater(reader, steps, **(MUON | {"warm_up": max(1, steps // 10)}))

    def step(i: int) -> dict[str, Tensor]:
        by_length = (sizes + torch.rand(len(ids), device=ids.device)).argsort()  # equal lengths in a new order
        chosen = by_length[int(torch.randint(len(ids) - 63, ())) :][:64]
        x = ids[chosen, : int(sizes[chosen].max())]
        return update(span_loss(reader(x, (x != 0)[:, None, None, :]), spans[chosen], passage_mask(x, words)))

    history = train(step, steps, "reader", seed)
    return reader.eval(), history


@torch.no_grad()
def reading_scores(reader: SequenceModel, words: Words, asked: list) -> dict[str, float]:
    """Exact match and F1 over all questions, and exact match of those that need no pronoun."""
    ids, _ = exam(asked, words)
    places = []
    for part in ids.to(device()).split(500):
        places += best_span(reader(part, (part != 0)[:, None, None, :]), passage_mask(part, words)).tolist()
    answers = [words.decode(row[a : b + 1]) for row, (a, b) in zip(ids, places, strict=True)]
    truth = [question.answer for _, question in asked]
    right = [exact_match(a, b) for a, b in zip(answers, truth, strict=True)]
    direct = [r for r, (_, question) in zip(right, asked, strict=True) if question.direct]
    near = [f1(a, b) for a, b in zip(answers, truth, strict=True)]
    return {
        "exact_match": sum(right) / len(right),
        "exact_match_direct": sum(direct) / len(direct),
        "f1": sum(near) / len(near),
    }


def drawn_stories(seed: int) -> list[str]:
    """The training stories and 30,000 more; none of the test."""
    test = {story["text"] for story in load_world("stories", "test")}
    rng, texts = Random(f"drawn for checkpoints {seed}"), [story["text"] for story in load_world("stories")]
    drawn = (tell_story(rng).text for _ in range(DRAWN))
    return texts + [text for text in drawn if text not in test]


def _update(
    loss: Tensor, model: nn.Module, optimizer: torch.optim.Optimizer, schedule: torch.optim.lr_scheduler.LRScheduler
) -> dict[str, Tensor]:
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    schedule.step()
    return {"loss": loss}


MAKERS = {
    "bert": Maker(make_bert, seeds=(0, 1, 2)),
    "gpt": Maker(make_gpt, seeds=(0, 1, 2)),
    "reader": Maker(make_reader, seeds=(0, 1, 2)),
    "translator": Maker(make_translator, seeds=(0, 1, 2)),
}
