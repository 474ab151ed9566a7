"""Where the course measured what: numbers read from the shipped files, and the map from topics to lessons."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from IPython.display import Markdown

from helpers import checkpoints

LESSONS = Path(__file__).resolve().parent.parent / "notebooks"
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
        "encoder-decoder": ("33_encoder_decoder",),
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


@lru_cache(maxsize=64)
def header(name: str) -> dict[str, Any]:
    """What is known of a shipped checkpoint; a FileNotFoundError lists the known ones."""
    return checkpoints.load_tree(checkpoints.FOLDER / f"{name}.safetensors")[1]


@lru_cache(maxsize=1)
def race() -> list[dict[str, Any]]:
    """Lesson 41's stored runs on glyphs with the most data and the longest training, all seeds of all families."""
    from helpers.comparison import load_runs

    runs = [r | {"fd_over_floor": r["fd"] / r["floor"]} for r in load_runs() if r["data"] == "glyphs"]
    most = {key: max(r[key] for r in runs) for key in ("n", "seconds")}
    return [r for r in runs if all(r[key] == value for key, value in most.items())]


def measured(name: str, key: str, family: str = "") -> tuple[float, float | None]:
    """A measured number with its spread over seeds, None if only one seed was measured.

    Args:
        name: A shipped checkpoint, or "race" for lesson 41.
        key: One of its results, or "minutes" of training.
        family: "gan", "vae" or "transformer", for the race alone.
    Raises:
        ValueError: If there is no such number; the message names the known ones.
    """
    if name == "race":
        from helpers.comparison import summary

        mean, spread, n = summary(race(), key, family=family)
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
    """Put measured numbers in their places: "{gpt nats_per_token}", "{caption_gan of_real_test %}", "{race gan fd}"."""

    def found(match: re.Match) -> str:
        name, first, second, percent = match[1], match[2], (match[3] or "").strip(), bool(match[4])
        mean, spread = measured(name, second, first) if name == "race" else measured(name, first)
        return number(mean, spread, percent)

    return FIELD.sub(found, text)


def link(lesson: str) -> str:
    """A markdown link to a lesson of the same folder."""
    return f"[{lesson[:2]}]({lesson}.ipynb)"


def linked_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markdown:
    """A table whose cells may hold links."""
    lines = [head, ["---"] * len(head), *rows]
    return Markdown("\n".join(f"| {' | '.join(line)} |" for line in lines))


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
