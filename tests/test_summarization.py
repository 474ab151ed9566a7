"""Lesson 36: ROUGE by hand, facts read back, stories followed, the pointer, and what the notebook builds."""

import re
from random import Random

import pytest
import torch
from tiny_world import tell_story
from twins import from_notebook

from helpers.datasets import load_world
from helpers.models.pointer import PointerGenerator, mix
from helpers.plots import png
from helpers.plots.summarization import looked_at
from helpers.reading import SEP
from helpers.rouge import longest_common, rouge_l, rouge_n
from helpers.running_summary import NOTHING, batches, encode_pairs, keep_books, news_along, read_all, readings
from helpers.sampling import beam_search
from helpers.summaries import (
    fact_scores,
    judged,
    last_mention,
    last_place,
    lead,
    precision_recall,
    strange_facts,
    wrong_kinds,
)
from helpers.text import Words
from helpers.widgets.summarization import summary_view
from helpers.world.summaries import facts, sentences, summaries_along

LESSON = "36_summarization"
STORY = (
    "Ben was in the garden and Mia was in the house . The blue cup was in the garden . "
    "Ben took it and ran to the house ."
)
END = "Ben is in the house and has the blue cup . Mia is in the house ."


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def small(**options) -> PointerGenerator:
    sizes = {"d_model": 16, "n_heads": 2, "n_layers": 2, "design": "gpt2", "positions": "rotary"}
    return PointerGenerator(13, 13, 30, **{**sizes, **options}).eval()


# ---- ROUGE


@pytest.mark.parametrize(
    ("summary", "reference", "one", "two", "longest"),
    [
        ("police killed the gunman", "police kill the gunman", 3 / 4, 1 / 3, 3 / 4),  # Lin 2004, section 3
        ("the gunman kill police", "police kill the gunman", 1.0, 1 / 3, 2 / 4),  # the same
        ("the the the", "the cup", 2 / 5, 0.0, 2 / 5),
        ("a b c d", "a b c d", 1.0, 1.0, 1.0),
        ("a", "b", 0.0, 1.0, 0.0),  # neither has a pair
        ("", "", 1.0, 1.0, 1.0),
        ("", "a b", 0.0, 0.0, 0.0),
    ],
)
def test_rouge_worked_by_hand(summary, reference, one, two, longest):
    assert rouge_n(summary, reference) == pytest.approx(one)
    assert rouge_n(summary, reference, 2) == pytest.approx(two)
    assert rouge_l(summary, reference) == pytest.approx(longest)
    assert rouge_n(reference, summary) == pytest.approx(one)  # F1 does not care which is which


def test_longest_common_equals_trying_all():
    def slow(a: str, b: str) -> int:
        if not a or not b:
            return 0
        if a[0] == b[0]:
            return 1 + slow(a[1:], b[1:])
        return max(slow(a[1:], b), slow(a, b[1:]))

    rng = Random(0)
    for _ in range(60):
        a, b = ("".join(rng.choices("abc", k=rng.randint(0, 8))) for _ in range(2))
        assert longest_common(a, b) == slow(a, b), (a, b)


# ---- facts


def test_facts_are_read_from_summaries():
    assert facts(END) == {("Ben", "is in", "house"), ("Ben", "has", "blue cup"), ("Mia", "is in", "house")}
    assert facts("") == set()
    assert facts("The old cup is on the bridge .") == {("old cup", "is in", "bridge")}
    for bad in ("Ben is in the .", "Ben was in the house .", "Ben is happy .", "Ben is in the house"):
        assert facts(bad) == {(bad, "is", "unreadable")}


def test_scores_of_facts():
    said, true = [{1, 2, 3}, {4}], [{1, 2}, {5, 6}]
    assert precision_recall(said, true) == (2 / 4, 2 / 4)
    assert precision_recall([set()], [{1}]) == (0.0, 0.0)
    assert fact_scores([END, "Ben is in the house ."], [END, END]) == {
        "precision": 1.0, "recall": 4 / 6, "all right": 0.5,
    }  # fmt: skip
    with pytest.raises(ValueError, match="there are 1 summaries and 2 truths"):
        fact_scores([END], [END, END])


def test_wrong_facts_are_sorted_by_kind():
    said = "Ben is in the garden and has the red cup . Mia is in the tower . Ben is . Mia is in the house ."
    assert wrong_kinds(said, STORY, END) == {"mixed up": 1, "not in the story": 2, "unreadable": 1}
    assert wrong_kinds(END, STORY, END).total() == 0
    assert strange_facts(facts("Tom is in the house and has the cup ."), STORY) == 2
    text = judged("Ben is in the garden .", END)
    assert text.split("\n") == [
        "✘ WRONG  Ben is in garden", "○ missing  Ben has blue cup", "○ missing  Ben is in house",
        "○ missing  Mia is in house",
    ]  # fmt: skip


def test_baselines_by_rule():
    assert lead(STORY, 2) == "Ben was in the garden and Mia was in the house . The blue cup was in the garden ."
    assert (
        last_place(STORY, "Ben") == "house" and last_place(STORY, "Mia") == "house" and last_place(STORY, "Tom") == ""
    )
    assert last_mention(STORY) == "Ben is in the house . Mia is in the house ."


# ---- stories followed


def test_the_end_of_every_story_is_the_gold_summary():
    for split in ("train", "test"):
        rows = zip(load_world("stories", split)[:800], load_world("summaries", split), strict=False)
        for story, row in rows:
            along = summaries_along(story["text"])
            assert along[-1] == row["summary"] and len(along) == len(sentences(story["text"]))
    for row in load_world("longer", "test"):
        assert summaries_along(row["text"])[-1] == row["summary"]


def test_a_story_is_followed_sentence_by_sentence():
    assert summaries_along(STORY) == [
        "Ben is in the garden . Mia is in the house .",
        "Ben is in the garden . Mia is in the house . The blue cup is in the garden .",
        END,
    ]
    assert summaries_along("Ben was in the garden . Ben was happy .")[1] == "Ben is in the garden ."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Ben sat in the garden .", "'Ben sat in the garden .' is no sentence of the tiny world"),
        ("Ben was in the garden . She went to the house .", "'She went to the house .' is no sentence"),
        ("Ben was in the garden . Ben took the cup .", "'Ben took the cup .' cannot happen here"),
        ("Ben was in the garden . Mia hid the cup in the garden .", "cannot happen here: tell first where"),
        ("Ben went to the garden . Ben", "'Ben' is no sentence"),
    ],
)
def test_what_cannot_be_followed_is_quoted(text, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        summaries_along(text)


def test_longer_stories_are_longer_and_for_testing_only():
    rows = load_world("longer", "test")
    assert sum(len(row["text"].split()) for row in rows) / len(rows) > 120
    with pytest.raises(ValueError, match="split of longer"):
        load_world("longer")
    assert tell_story(Random(3)) == tell_story(Random(3), (4, 5))


def test_readings_and_news_belong_together():
    lines = sentences(STORY)
    assert readings(STORY) == [
        f"{SEP} {lines[0]}",
        f"{lines[0]} {SEP} {lines[1]}",
        f"{lines[0]} {lines[1]} {SEP} {lines[2]}",
    ]
    assert news_along(STORY) == [
        "Ben is in the garden . Mia is in the house .",
        "The blue cup is in the garden .",
        "Ben is in the house . Ben has the cup .",
    ]
    assert news_along("Ben was in the garden . Ben was happy .")[1] == NOTHING
    assert readings("One . Two . Three . Four .")[3] == f"Two . Three . {SEP} Four ."


def test_gold_news_kept_as_books_give_the_gold_summary_after_every_sentence():
    for kind in ("stories", "longer"):
        for row in load_world(kind, "test")[:150]:
            kept, along = keep_books(news_along(row["text"])), summaries_along(row["text"])
            assert [facts(a) for a in kept] == [facts(b) for b in along], row["text"]


def test_books_replace_what_is_no_longer_so():
    kept = keep_books(
        ["Ben is in the garden . The old cup is in the garden .", "Ben has the cup . Ben is . Nothing .", NOTHING]
    )
    assert kept[1] == kept[2] == "Ben is in the garden and has the old cup ."
    kept = keep_books(
        [
            "Ben is in the garden . Mia is in the garden . Ben has the cup .",
            "Mia has the cup .",
            "The cup is in the house .",
        ]
    )
    assert kept[1] == "Ben is in the garden . Mia is in the garden and has the cup ."
    assert kept[2] == "Ben is in the garden . Mia is in the garden . The cup is in the house ."
    assert keep_books(["Mia has the cup ."]) == [""]  # where she is, no one said


def test_every_sentence_is_read_by_itself():
    texts = [STORY, "Ben was in the garden ."]
    gold = {read: entry for text in texts for read, entry in zip(readings(text), news_along(text), strict=True)}
    calls = []

    def write(reads):
        calls.append(len(reads))
        return [gold[read] for read in reads]

    assert read_all(write, texts) == [news_along(text) for text in texts] and calls == [4]


def test_batches_hold_every_pair_once_at_equal_lengths():
    words = Words([STORY, END], ("<pad>", "<bos>", "<eos>", SEP))
    x, y = encode_pairs([*zip(readings(STORY), summaries_along(STORY), strict=True)] * 16, words)
    assert words.decode(y[2]) == END and y[0, 0] == words["<bos>"]
    drawn = batches(x, y, 6)
    some = [next(drawn) for _ in range(8)]
    assert sum(len(a) for a, _ in some) == len(x)
    assert sum(int((a != 0).sum()) for a, _ in some) == int((x != 0).sum())
    for a, b in some:
        assert (a != 0).any(0).all() and (b != 0).any(0).all() and len(a) == len(b) == 6


# ---- the pointer


def test_a_mixture_sums_to_one_and_adds_up_a_words_places():
    own, pointed = torch.rand(2, 3, 7).softmax(-1), torch.rand(2, 3, 4).softmax(-1)
    source, gate = torch.tensor([[1, 2, 1, 6], [0, 0, 0, 5]]), torch.rand(2, 3, 1)
    p = mix(own, pointed, source, gate)
    torch.testing.assert_close(p.sum(-1), torch.ones(2, 3))
    want = gate[0, 1, 0] * own[0, 1, 1] + (1 - gate[0, 1, 0]) * (pointed[0, 1, 0] + pointed[0, 1, 2])
    torch.testing.assert_close(p[0, 1, 1], want)
    torch.testing.assert_close(mix(own, pointed, source, torch.ones(2, 3, 1)), own)


def test_the_pointer_generator_is_blind_where_it_must_be():
    model = small()
    source, target = torch.randint(3, 13, (2, 9)), torch.randint(3, 13, (2, 6))
    source[1, 6:] = 0
    with torch.no_grad():
        before = model(source, target)
        torch.testing.assert_close(before.exp().sum(-1), torch.ones(2, 6), rtol=0, atol=1e-4)
        longer = torch.nn.functional.pad(source, (0, 5))
        torch.testing.assert_close(model(longer, target), before)
        changed = target.clone()
        changed[:, 4:] = 7
        torch.testing.assert_close(model(source, changed)[:, :4], before[:, :4])
        turned = source[:1].flip(1)
        assert (model(turned, target[:1]) - before[:1]).abs().max() > 1e-3  # order matters


def test_beam_search_with_a_cache_writes_what_teacher_forcing_says():
    model = small()
    source = torch.randint(3, 13, (3, 9))
    source[1, 5:] = 0
    written = beam_search(model, source, 1, 2, 8)
    given = torch.nn.functional.pad(written[:, :-1], (1, 0), value=1)
    with torch.no_grad():
        best = model(source, given).argmax(-1)
    ended = (written == 2).cumsum(1) - (written == 2).long() > 0
    assert torch.equal(best[~ended], written[~ended])


def test_one_vocabulary_for_reading_and_writing():
    with pytest.raises(ValueError, match="13 words are read and 12 written"):
        PointerGenerator(13, 12, 30, d_model=16)


# ---- picture, view, twins


def test_the_picture_marks_the_largest_weight():
    words = STORY.split()
    weights = torch.zeros(len(words))
    weights[4] = 0.9
    fig = looked_at(words, weights, "here")
    assert [t.get_text() for t in fig.axes[0].texts] == words
    framed = [i for i, patch in enumerate(fig.axes[0].patches) if patch.get_linewidth() > 1.5]
    assert framed == [4] and png(fig)
    with pytest.raises(ValueError, match="words and 3 weights"):
        looked_at(words, torch.zeros(3))


def test_the_view_judges_and_explains():
    words = Words([STORY, END, "Ben slept"])
    asked = []

    def summarize(story):
        asked.append(story)
        lines = sentences(story)
        return [(line, END, torch.full((len(END.split()), len(line.split())), 0.01), END) for line in lines]

    view = summary_view(summarize, words, STORY)
    assert "✔ right  Ben has blue cup" in view.text.value and view.still()
    view.controls["sentence"].value = 2
    view.controls["word"].value = 24
    assert "✘ WRONG  Ben is in house" in view.text.value and asked == [STORY]
    view.controls["story"].value = STORY.replace("Ben took it and ran to the house .", "Ben slept .")
    assert "○ missing  blue cup is in garden" in view.text.value
    view.controls["story"].value = "Ben slept in the in the house"
    assert "What is right cannot be said: &#x27;Ben slept in the in the house .&#x27;" in view.text.value
    view.controls["story"].value = "A dragon ."
    assert "&#x27;dragon&#x27;" in view.text.value
    view.controls["story"].value = STORY * 9
    assert "27 sentences are too many" in view.text.value


def test_the_lessons_summarizer_equals_helpers():
    sizes = {"d_model": 16, "n_heads": 2, "n_layers": 2, "design": "gpt2", "positions": "rotary"}
    ours, mine = small(), from_notebook(LESSON, "Summarizer").Summarizer(13, 30, **sizes).eval()
    mine.load_state_dict(ours.state_dict())
    source, target = torch.randint(3, 13, (3, 9)), torch.randint(3, 13, (3, 6))
    source[1, 5:] = 0
    with torch.no_grad():
        torch.testing.assert_close(mine(source, target), ours(source, target))
        cache = ours.decoder.new_cache(), mine.decoder.new_cache()
        memory, where = ours.encode(source)
        for t in range(6):
            a, b = (m.decode(target[:, t : t + 1], memory, where, c) for m, c in zip((ours, mine), cache, strict=True))
            torch.testing.assert_close(a, b)
