"""Make the tiny world's files again: `python data/make/world.py [FOLDER]`, data/world if no folder is given.

Stories, questions and summaries belong together: "story" in a question or summary counts the lines of the stories' file
of the same split, from 0. Of the pairs, the test file alone holds sentences with certain adjective-noun combinations
("heldout") and sentences of more than 16 words ("long").
"""

import argparse
import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tiny_world import german, random_sentence, tell_story

from helpers.world import Sentence, english
from helpers.world.frames import phrases
from helpers.world.lexicon import ADJECTIVES, NOUNS

FOLDER = Path(__file__).resolve().parents[1] / "world"
STORIES = {"train": 5_000, "test": 500}
LONGER = 200  # stories, for testing only
PAIRS = {"train": 20_000, "test": 2_000}
HELD_OUT, LONG = 300, 200  # of the test pairs
LONGEST = 16  # English words and marks of a train pair

Rows = list[dict]


def held_out(sentence: Sentence) -> bool:
    """Whether it says an adjective-noun combination that is kept for testing: about one in eleven."""
    adjectives, nouns = list(ADJECTIVES), list(NOUNS)
    said = [phrase.phrase for phrase in phrases(sentence) if phrase.phrase.adj]
    return any((5 * adjectives.index(p.adj) + 3 * nouns.index(p.noun)) % 11 == 0 for p in said)


def pairs() -> Iterator[dict]:
    """Distinct sentences, in English and in German."""
    rng, seen = Random("pairs"), set()
    while True:
        frame = random_sentence(rng)
        row = {"en": english(frame), "de": german(frame)}
        if not seen & set(row.values()):
            seen |= set(row.values())
            yield row | {"heldout": held_out(frame), "long": len(row["en"].split()) > LONGEST}


def words(row: dict) -> set[str]:
    """All words and marks of a pair."""
    return set(row["en"].split()) | set(row["de"].split())


def make_pairs() -> dict[str, Rows]:
    """Plain pairs for training; then plain, held-out and long ones for testing, without words that are all new."""
    drawn = pairs()
    plain = (row for row in drawn if not row["heldout"] and not row["long"])
    train = [next(plain) for _ in range(PAIRS["train"])]
    known = set().union(*map(words, train))
    left = {(False, False): PAIRS["test"] - HELD_OUT - LONG, (True, False): HELD_OUT, (False, True): LONG}
    test: Rows = []
    while len(test) < PAIRS["test"]:
        row = next(drawn)
        kind = (row["heldout"], row["long"])
        if left.get(kind, 0) and words(row) <= known:
            left[kind] -= 1
            test.append(row)
    Random("mix").shuffle(test)
    return {"train": train, "test": test}


def make_stories() -> dict[str, dict[str, Rows]]:
    """Stories, questions and summaries, each with its splits."""
    rng, seen = Random("stories"), set()
    made: dict[str, dict[str, Rows]] = {kind: {} for kind in ("stories", "questions", "summaries")}
    for split, count in STORIES.items():
        rows: dict[str, Rows] = {kind: [] for kind in made}
        while len(rows["stories"]) < count:
            story = tell_story(rng)
            if story.text in seen:
                continue
            seen.add(story.text)
            number = len(rows["stories"])
            rows["stories"].append({"text": story.text})
            rows["summaries"].append({"story": number, "summary": story.summary})
            rows["questions"] += [{"story": number, **vars(question)} for question in story.questions]
        for kind in made:
            made[kind][split] = rows[kind]
    return made


def make_longer() -> dict[str, Rows]:
    """Stories with twice as many events, each with its summary."""
    rng = Random("longer")
    told = (tell_story(rng, (9, 11)) for _ in range(LONGER))
    return {"test": [{"text": story.text, "summary": story.summary} for story in told]}


def write(path: Path, rows: Rows) -> None:
    """One JSON object a line, compressed the same way each time; a half-written file never takes the name."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
            file.write(text.encode())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def make(folder: Path) -> None:
    """Make all files in a folder."""
    for kind, splits in (make_stories() | {"pairs": make_pairs(), "longer": make_longer()}).items():
        for split, rows in splits.items():
            path = folder / f"{kind}.{split}.jsonl.gz"
            write(path, rows)
            print(f"{path.name}: {len(rows):,} rows, {path.stat().st_size:,} bytes")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, metavar="FOLDER", help="where to write")
    make(parser.parse_args().folder)


if __name__ == "__main__":
    main()
