"""Lesson 35: the 80/10/10 rule, questions with answers, spans, exact match and F1, and what the notebook builds."""

import math
import re

import pytest
import torch
from twins import from_notebook

from helpers.datasets import load_world
from helpers.exercises.bert import hide_words, masked_loss, span_loss
from helpers.models.attention import causal_mask
from helpers.models.transformer import SequenceModel
from helpers.plots.bert import answer_bars, blank_bars
from helpers.reading import (
    SPECIALS,
    best_span,
    exact_match,
    exam,
    excerpt,
    f1,
    mask_words,
    normalized,
    passage_mask,
    sentence_pairs,
)
from helpers.text import Words
from helpers.widgets.bert import blank_view, question_view
from helpers.widgets.typed import tidy
from helpers.world.questions import questions_about

LESSON = "35_bert"
STORY = "Ben was in the school . Mia took the blue cup . She gave it to Ben . He went to the cellar ."
WORDS = Words([STORY, "Who What did To whom ? take give Where go at first"], SPECIALS)


def asked(text: str) -> dict[str, str]:
    return {question.question: question.answer for question in questions_about(text)}


# ---- masking ----


def test_shares_of_masking_are_those_of_the_rule():
    ids = torch.randint(len(SPECIALS), len(WORDS), (400, 300), generator=torch.Generator().manual_seed(0))
    ids[:, ::10] = torch.randint(len(SPECIALS), (400, 30))
    before = ids.clone()
    read, picked = mask_words(ids, WORDS, generator=torch.Generator().manual_seed(1))
    assert torch.equal(ids, before)
    ordinary = ids >= len(SPECIALS)
    assert not picked[~ordinary].any()
    assert torch.equal(read[~picked], ids[~picked])
    assert picked[ordinary].float().mean().item() == pytest.approx(0.15, abs=0.005)
    n_words = len(WORDS) - len(SPECIALS)
    assert (read == WORDS["<mask>"])[picked].float().mean().item() == pytest.approx(0.8, abs=0.01)
    kept = (read == ids)[picked].float().mean().item()
    assert kept == pytest.approx(0.1 + 0.1 / n_words, abs=0.01)
    assert not torch.isin(read[picked], torch.tensor([WORDS[s] for s in ("<pad>", "<sep>", "<unk>")])).any()


def test_every_ordinary_word_is_drawn_as_a_replacement():
    ids = torch.full((100, 200), len(SPECIALS))
    read, picked = mask_words(ids, WORDS, share=1.0, generator=torch.Generator().manual_seed(2))
    assert picked.all()
    assert set(read.unique().tolist()) == {WORDS["<mask>"], *range(len(SPECIALS), len(WORDS))}


@pytest.mark.parametrize("share", [0.0, -0.1, 1.5])
def test_a_share_out_of_range_is_refused(share):
    with pytest.raises(ValueError, match=f"share is {share}"):
        mask_words(torch.ones(2, 3, dtype=torch.long), WORDS, share)


def test_the_exercises_rule_is_that_of_mask_words():
    ids = torch.randint(len(WORDS), (20, 30), generator=torch.Generator().manual_seed(3))
    dice = torch.Generator().manual_seed(4)
    first = len(SPECIALS)
    picked = (torch.rand(ids.shape, generator=dice) < 0.15) & (ids >= first)
    chance = torch.rand(ids.shape, generator=dice)
    other = (first + torch.rand(ids.shape, generator=dice) * (len(WORDS) - first)).long()
    read, places = mask_words(ids, WORDS, generator=torch.Generator().manual_seed(4))
    assert torch.equal(places, picked)
    assert torch.equal(read, hide_words(ids, picked, chance, other, WORDS["<mask>"]))


# ---- texts ----


def test_an_excerpt_is_the_first_sentences():
    assert excerpt(STORY, 2) == "Ben was in the school . Mia took the blue cup ."
    assert excerpt(STORY, 99) == STORY


def test_sentence_pairs_put_each_sentence_before_its_text():
    rows = sentence_pairs([STORY], WORDS)
    assert len(rows) == 4
    assert WORDS.decode(rows[1]).startswith("Mia took the blue cup . <sep> Ben was in the school .")
    assert all(WORDS.decode(row).endswith(f"<sep> {STORY}") for row in rows)


# ---- questions ----


def test_questions_of_a_story_worked_by_hand():
    assert asked(STORY) == {
        "Where was Ben at first ?": "the school",
        "Who took the blue cup ?": "Mia",
        "What did Mia take ?": "the blue cup",
        "Who gave the blue cup to Ben ?": "Mia",
        "What did Mia give to Ben ?": "the blue cup",
        "To whom did Mia give the blue cup ?": "Ben",
        "Who went to the cellar ?": "Ben",
        "Where did Ben go ?": "the cellar",
    }
    direct = {question.question: question.direct for question in questions_about(STORY)}
    assert direct["Who took the blue cup ?"] and not direct["To whom did Mia give the blue cup ?"]


def test_every_answer_stands_where_it_says_and_no_question_comes_twice():
    for story in load_world("stories", "test")[:150]:
        questions = questions_about(story["text"])
        for q in questions:
            assert story["text"][q.start : q.start + len(q.answer)] == q.answer
            assert q.start == 0 or story["text"][q.start - 1] == " "
            assert q.question.endswith(" ?")
        assert len({q.question for q in questions}) == len(questions)


def test_a_question_with_two_answers_is_dropped():
    found = asked("Ben went to the school . Ben went to the cellar . Mia went to the school .")
    assert "Where did Ben go ?" not in found
    assert "Who went to the school ?" not in found
    assert found["Who went to the cellar ?"] == "Ben"
    assert found["Where did Mia go ?"] == "the school"


def test_what_did_not_happen_is_not_asked():
    found = asked("Ben did not take the cup . Mia took the cup .")
    assert found == {"Who took the cup ?": "Mia", "What did Mia take ?": "the cup"}


@pytest.mark.parametrize("bad", ["Ben flurbed the cup .", "The cup took Ben ."])
def test_a_sentence_of_another_world_is_quoted(bad):
    with pytest.raises(ValueError, match=re.escape(repr(bad))):
        questions_about(f"Ben was in the school . {bad}")


def test_an_exam_points_at_the_answers():
    pairs = [(STORY, question) for question in questions_about(STORY)]
    ids, spans = exam(pairs, WORDS)
    allowed = passage_mask(ids, WORDS)
    for row, (a, b), fits, (_, question) in zip(ids, spans.tolist(), allowed, pairs, strict=True):
        assert WORDS.decode(row[a : b + 1]) == question.answer
        assert fits[a : b + 1].all()
        assert not fits[: len(question.question.split()) + 1].any()  # not the question, not "<sep>"
        assert not fits[row == 0].any()
        assert fits.sum() == len(STORY.split())


# ---- spans and scores ----


@pytest.mark.parametrize("longest", [1, 2, 4, 9])
def test_best_span_equals_trying_all(longest):
    generator = torch.Generator().manual_seed(longest)
    logits = torch.randn(30, 9, 2, generator=generator)
    allowed = torch.rand(30, 9, generator=generator) < 0.6
    allowed[:, 4] = True
    for z, fits, found in zip(logits, allowed, best_span(logits, allowed, longest).tolist(), strict=True):
        scores = {
            (a, b): float(z[a, 0] + z[b, 1])
            for a in range(9)
            for b in range(a, min(9, a + longest))
            if fits[a] and fits[b]
        }
        assert tuple(found) == max(scores, key=scores.get)


def test_answers_are_normalized_as_squad_does():
    assert normalized("The  Blue, cup.") == "blue cup"
    assert normalized("an apple a day") == "apple day"
    assert normalized("another theatre") == "another theatre"  # articles are whole words
    assert normalized("The .") == ""


@pytest.mark.parametrize(
    ("answer", "truth", "exact", "near"),
    [
        ("the cup", "a cup .", 1.0, 1.0),
        ("the blue cup", "the cup", 0.0, 2 / 3),
        ("Ben", "Mia", 0.0, 0.0),
        ("Ben Ben", "Ben", 0.0, 2 / 3),
        ("the", "a", 1.0, 1.0),
        ("", "Ben", 0.0, 0.0),
        ("the garden", "", 0.0, 0.0),
    ],
)
def test_exact_match_and_f1_worked_by_hand(answer, truth, exact, near):
    assert exact_match(answer, truth) == exact
    assert f1(answer, truth) == pytest.approx(near)
    assert f1(truth, answer) == pytest.approx(near)


def test_losses_of_a_model_that_knows_nothing():
    ids, picked = torch.randint(9, (2, 6)), torch.ones(2, 6, dtype=torch.bool)
    assert masked_loss(torch.zeros(2, 6, 9), ids, picked).item() == pytest.approx(math.log(9))
    allowed = torch.arange(8) >= torch.tensor([[3], [4]])  # 5 and 4 places
    loss = span_loss(torch.zeros(2, 8, 2), torch.tensor([[3, 4], [5, 7]]), allowed)
    assert loss.item() == pytest.approx((math.log(5) + math.log(4)) / 2)


# ---- pictures and views ----


def test_pictures_show_what_they_are_given():
    probs = torch.rand(2, 30).softmax(-1)
    fig = blank_bars([f"w{i}" for i in range(30)], probs, most=5)
    assert [len(ax.patches) for ax in fig.axes] == [5, 5]
    assert fig.axes[0].get_yticklabels()[0].get_text() == f"w{int(probs[0].argmax())}"
    fig = answer_bars(["a", "b", "c"], torch.tensor([0.1, 0.8, 0.1]), torch.tensor([0.1, 0.1, 0.8]), (1, 2))
    assert [label.get_fontweight() for label in fig.axes[0].get_xticklabels()] == ["normal", "bold", "bold"]


def test_typed_texts_are_tidied():
    assert tidy(" Ben took  the cup.Mia went", WORDS) == "Ben took the cup . Mia went ."
    assert tidy("Where did Ben go", WORDS, "?") == "Where did Ben go ?"
    assert tidy("Ben took the _", WORDS, blanks=True) == "Ben took the _ ."


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("  . ", "nothing to read"),
        ("Ben saw a dragon and a rocket .", "that the model knows: 'saw', 'a', 'dragon', 'and', 'rocket'"),
        ("Ben took the _ .", "knows: '_'"),
        ("Ben took the <pad> .", "knows: '<pad>'"),
        ("Ben took the cups .", "'cups'; like them: cup"),
    ],
)
def test_what_cannot_be_read_is_named_in_one_sentence(text, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        tidy(text, WORDS)


def test_views_answer_and_explain():
    blanks = blank_view(lambda text: torch.eye(len(WORDS))[[WORDS["cup"]] * text.split().count("_")], WORDS, "Ben _ .")
    assert "Ben cup ." in blanks.text.value and blanks.still()
    blanks.controls["text"].value = "Ben took the cup ."
    assert "there are 0 blanks; type 1 to 4" in blanks.text.value
    uniform = torch.full((5,), 0.2)
    view = question_view(lambda passage, question: (uniform, uniform, (2, 3)), WORDS, "Ben took the cup", "Who took ?")
    assert "Who took ? the cup  (p = 0.04)" in view.text.value and view.still()
    view.controls["passage"].value = "A dragon ."
    assert "&#x27;dragon&#x27;" in view.text.value


# ---- what the notebook builds ----


def test_the_lessons_reader_equals_helpers():
    sizes = {"context_length": 32, "d_model": 16, "n_heads": 2, "n_layers": 2, "positions": "rotary"}
    ours = SequenceModel(len(WORDS), **sizes, outputs=2).eval()
    body = SequenceModel(len(WORDS), **sizes)
    body.load_state_dict({k: v for k, v in ours.state_dict().items() if not k.startswith("head")}, strict=False)
    mine = from_notebook(LESSON, "Reader").Reader(body).eval()
    mine.head.load_state_dict(ours.head.state_dict())
    ids = torch.randint(len(WORDS), (3, 20))
    for mask in (None, causal_mask(20), (ids != 0)[:, None, None, :]):
        torch.testing.assert_close(mine(ids, mask), ours(ids, mask))


def test_the_lessons_reader_leaves_the_shipped_model_alone():
    body = SequenceModel(len(WORDS), 32, d_model=16, n_heads=2, n_layers=1)
    before = body.tokens.weight.detach().clone()
    mine = from_notebook(LESSON, "Reader").Reader(body)
    with torch.no_grad():
        mine.body.tokens.weight.add_(1.0)
    assert torch.equal(body.tokens.weight, before)


def test_the_lessons_mask_is_both_sides_or_one():
    may_look = from_notebook(LESSON, "may_look").may_look
    ids = torch.tensor([[5, 6, 0]])
    assert may_look(ids).tolist() == [[[[True, True, False]]]]
    assert may_look(ids, "left")[0, 0].tolist() == [[True, False, False], [True, True, False], [True, True, False]]
