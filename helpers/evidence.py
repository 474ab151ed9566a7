"""Where the course measured what: numbers read from the shipped files, and the map from topics to lessons."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from IPython.display import Markdown

from helpers import checkpoints
from helpers.comparison import load_runs, summary

LESSONS = Path(__file__).resolve().parent.parent / "notebooks"
RACES = ("race", "few", "short")
FIELD = re.compile(r"\{(\w+) ([\w.]+)( [\w.]+)?( %)?\}")

# What the course covers: item -> the word that its lessons have to mention -> these lessons.
TOPICS: dict[str, dict[str, tuple[str, ...]]] = {
    "GAN": {
        "generator": ("11_two_players", "12_images"),
        "discriminator": ("11_two_players", "12_images"),
        "adversarial": ("11_two_players",),
    },
    "VAE": {
        "autoencoder": ("21_autoencoder",),
        "variational": ("22_vae",),
        "latent": ("21_autoencoder", "22_vae", "24_drug_discovery"),
        "reconstruct": ("21_autoencoder", "22_vae"),
        "KL": ("22_vae",),
    },
    "Transformer": {
        "self-attention": ("31_self_attention",),
        "encoder and decoder": ("33_encoder_decoder",),
        "position": ("32_position_encoding",),
    },
    "GPT": {"GPT": ("34_gpt",)},
    "BERT": {"BERT": ("35_bert",)},
    "image generation": {"pictures": ("12_images", "22_vae", "38_image_tokens")},
    "deepfakes": {"deepfake": ("12_images",)},
    "style transfer": {"style": ("13_style_transfer",)},
    "text to image": {"caption": ("14_text_to_image", "38_image_tokens")},
    "anomaly detection": {"anomal": ("23_anomaly_detection",)},
    "drug discovery": {"molecule": ("24_drug_discovery",)},
    "text generation": {"sampl": ("34_gpt",)},
    "summarization": {"summar": ("36_summarization",)},
    "translation": {"translat": ("33_encoder_decoder",)},
    "question answering": {"question": ("35_bert",)},
    "DALL·E": {"DALL·E": ("38_image_tokens",)},
    "speech": {"speech": ("37_speech",)},
    "the comparison table": {"Fréchet": ("41_comparison",), "objective": ("42_choosing",)},
    "choosing the right model": {"recommend": ("42_choosing",)},
}

# The comparison: column -> model -> (what, with its number; the lesson that supports it).
COMPARISON: dict[str, dict[str, list[tuple[str, str]]]] = {
    "main feature": {
        "GAN": [("two players; one pass draws: {race gan images_per_second} pictures a second", "41_comparison")],
        "VAE": [("a latent space without holes: samples 6.8 ± 0.4 times closer than an autoencoder's", "22_vae")],
        "Transformer": [("any token looks up any other: 100 % of sequences reversed", "31_self_attention")],
    },
    "training objective": {
        "GAN": [("fool a judge that learns too (minimax): 8 of 8 modes on 5 of 5 seeds", "11_two_players")],
        "VAE": [("reconstruction {molecule_vae recon} + KL {molecule_vae kl} nats a molecule", "24_drug_discovery")],
        "Transformer": [("guess the next token: {gpt nats_per_token} nats a token", "34_gpt")],
    },
    "applications": {
        "GAN": [
            ("pictures, {digit_gan frechet_over_floor} times the floor", "12_images"),
            ("restyling, content kept {style_transfer held_out_there_content %}", "13_style_transfer"),
            ("pictures from words, {caption_gan of_real_test %} obeyed", "14_text_to_image"),
        ],
        "VAE": [
            ("compression, squared error 53 ± 2 % below PCA's", "21_autoencoder"),
            ("anomaly detection, AUROC 0.927 ± 0.037", "23_anomaly_detection"),
            ("drug discovery, {molecule_vae novelty %} new", "24_drug_discovery"),
        ],
        "Transformer": [
            ("translation, {translator exact_plain_greedy %} exact", "33_encoder_decoder"),
            ("stories, {gpt grammatical_at_1.0 %} of sentences parse", "34_gpt"),
            ("questions, {reader exact_match %} exact", "35_bert"),
            ("summaries, {summarizer all_right_greedy %} without a wrong fact", "36_summarization"),
            ("speech, {listener unseen %} of words wrong", "37_speech"),
            ("pictures from words, {image_gpt of_real_test %} obeyed", "38_image_tokens"),
        ],
    },
}

# Where something simple was as good or better: task, simple, deep, lesson.
SIMPLE = (
    ("strange digits", "5th nearest neighbour: AUROC 0.979 ± 0.023", "VAE: 0.927 ± 0.037", "23_anomaly_detection"),
    ("strange cells, a real table", "one-class SVM: 0.960", "VAE: 0.950", "23_anomaly_detection"),
    ("who has what at the end", "the net reads, a dictionary keeps the books: {summarizer all_right_greedy %} right",
     "one net for both: 9.6 ± 0.9 %", "36_summarization"),
    ("better molecules", "10,000 draws, the 500 best by a guess written: QED 0.922", "uphill in latent space: 0.923",
     "24_drug_discovery"),
    ("new digits", "fit 1 Gaussian to an autoencoder's codes: level with the VAE",
     "VAE: 6.8 ± 0.4 times closer only if the Gaussian is not fitted", "22_vae"),
    ("questions", "count shared words: 67 %", "150 steps without pretraining: 53.8 ± 2.6 %", "35_bert"),
)  # fmt: skip


@lru_cache(maxsize=64)
def header(name: str) -> dict[str, Any]:
    """What is known of a shipped checkpoint; a FileNotFoundError lists the known ones."""
    return checkpoints.load_tree(checkpoints.FOLDER / f"{name}.safetensors")[1]


@lru_cache(maxsize=1)
def runs() -> list[dict[str, Any]]:
    """Lesson 41's stored runs; one that diverged measured nothing and is left out."""
    return [run for run in load_runs() if not run["diverged"]]


@lru_cache(maxsize=3)
def race(part: str = "race") -> list[dict[str, Any]]:
    """Runs on glyphs: "race" with most data and longest training, "few" with least data, "short" with least time."""
    sign_n, sign_seconds = {"race": (-1, -1), "few": (1, -1), "short": (-1, 1)}[part]  # 1: the least comes first
    order = [(sign_n * r["n"], sign_seconds * r["seconds"]) for r in runs() if r["data"] == "glyphs"]
    return [r for r in runs() if r["data"] == "glyphs" and (sign_n * r["n"], sign_seconds * r["seconds"]) == min(order)]


def measured(name: str, key: str, family: str = "") -> tuple[float, float | None]:
    """A measured number with its spread over seeds, None if only one seed was measured.

    Args:
        name: A shipped checkpoint, or a part of lesson 41's race (RACES).
        key: One of its results, or "minutes" of training.
        family: "gan", "vae" or "transformer", for the race alone.
    Raises:
        ValueError: If there is no such number; the message names the known ones.
    """
    if name in RACES:
        mean, spread, n = summary(race(name), key, family=family)
        return mean, spread if n > 1 else None
    about = header(name)
    if key == "minutes":
        return about["seconds"] / 60, None
    if key not in about["results"]:
        raise ValueError(f"{name} has no result {key!r}; known are: {', '.join(sorted(about['results']))}.")
    return about["results"][key], about.get("spread", {}).get(key)


def number(mean: float, spread: float | None = None, percent: bool = False) -> str:
    """A number to three digits with its spread: "1.49 ± 0.09", "97.2 ± 2.5 %"."""
    scale, unit = (100, " %") if percent else (1, "")
    mean, spread = scale * mean, None if spread is None else scale * spread
    digits = 2 - math.floor(math.log10(abs(mean))) if mean else 0

    def short(x: float) -> str:
        return f"{round(x, digits):,.{max(0, digits)}f}"

    return f"{short(mean)} ± {short(spread)}{unit}" if spread is not None else f"{short(mean)}{unit}"


def fill(text: str) -> str:
    """Put measured numbers in their places: "{gpt nats_per_token}", "{caption_gan of_real_test %}", "{few gan fd}"."""

    def found(match: re.Match) -> str:
        name, first, second, percent = match[1], match[2], (match[3] or "").strip(), bool(match[4])
        mean, spread = measured(name, second, first) if name in RACES else measured(name, first)
        return number(mean, spread, percent)

    return FIELD.sub(found, text)


def link(lesson: str) -> str:
    """A markdown link to a lesson of the same folder."""
    return f"[{lesson[:2]}]({lesson}.ipynb)"


def linked_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markdown:
    """A table whose cells may hold links."""
    lines = [head, ["---"] * len(head), *rows]
    return Markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))


def comparison_table() -> Markdown:
    """The comparison: a row for each model, each cell with a measured number and the lesson that supports it."""
    rows = [
        [f"**{model}**", *("; ".join(f"{fill(what)} {link(at)}" for what, at in c[model]) for c in COMPARISON.values())]
        for model in ("GAN", "VAE", "Transformer")
    ]
    return linked_table(["model", *COMPARISON], rows)


def simple_table() -> Markdown:
    """Where something simple was as good or better than a deep model."""
    rows = [[task, fill(simple), fill(deep), link(lesson)] for task, simple, deep, lesson in SIMPLE]
    return linked_table(["task", "simple", "the deep model", "lesson"], rows)


def topic_table() -> Markdown:
    """The map: each item that the course covers, what belongs to it, and the lessons, with links."""
    rows = []
    for topic, words in TOPICS.items():
        parts = ", ".join(words) if len(words) > 1 else ""
        lessons = dict.fromkeys(lesson for lessons in words.values() for lesson in lessons)
        rows.append([topic, parts, " · ".join(f"[{lesson}]({lesson}.ipynb)" for lesson in lessons)])
    return linked_table(["what", "with", "lessons"], rows)


def gaps(topics: Mapping[str, Mapping[str, Sequence[str]]], source: Callable[[str], str | None]) -> list[str]:
    """What the map promises and the lessons do not hold, one sentence each.

    Args:
        topics: As TOPICS.
        source: The text of a lesson by name; None if there is no such notebook.
    """
    found = [f"{topic} has no lesson" for topic, words in topics.items() if not any(words.values())]
    for topic, words in topics.items():
        for word, lessons in words.items():
            for lesson in lessons:
                text = source(lesson)
                if text is None:
                    found.append(f"{topic}: there is no notebook {lesson}")
                elif word.lower() not in text.lower():
                    found.append(f"{topic}: {lesson} never says {word!r}")
    return found
