"""The digit tasks of the attention lessons: nothing held out is trained on, answers are right, training works."""

import pytest
import torch

from helpers.models.transformer import SequenceModel
from helpers.sequences import DIGITS, PAD, accuracy, answer, make_digits, to_text, train


def draw(n=500, length=12, seed=0, **options):
    return make_digits(n, length, torch.Generator().manual_seed(seed), **options)


@pytest.mark.parametrize("shortest", [None, 1, 5])
def test_held_out_sequences_are_never_drawn_for_training(shortest):
    trained, tested = draw(5000, shortest=shortest), draw(2000, seed=1, shortest=shortest, held_out=True)
    assert (len(trained), len(tested)) == (5000, 2000)
    for ids, held_out in ((trained, False), (tested, True)):
        sums = ids.where(ids != PAD, 0).sum(1)
        assert ((sums % 10 == 0) == held_out).all()
    assert not set(map(tuple, trained.tolist())) & set(map(tuple, tested.tolist()))


def test_lengths_are_as_asked_and_padding_stands_at_the_end():
    ids = draw(2000, shortest=3)
    sizes = (ids != PAD).sum(1)
    assert sizes.unique().tolist() == list(range(3, 13))
    assert ((ids != PAD) == (torch.arange(12) < sizes[:, None])).all()
    assert (draw() != PAD).all()


@pytest.mark.parametrize("shortest", [None, 1])
@pytest.mark.parametrize(
    ("task", "by_python"),
    [
        ("reverse", lambda d: d[::-1]),
        ("sort", sorted),
        ("copy", lambda d: d),
        ("previous", lambda d: [PAD, *d[:-1]]),
    ],
)
def test_answers_are_pythons(task, by_python, shortest):
    ids = draw(200, shortest=shortest)
    for row, got in zip(ids.tolist(), answer(task, ids).tolist(), strict=True):
        digits = [d for d in row if d != PAD]
        assert got == [*by_python(digits), *[PAD] * (12 - len(digits))]


def test_accuracy_counts_digits_and_whole_sequences_but_no_padding():
    ids = torch.tensor([[1, 2, PAD, PAD], [3, 4, 5, 6]])
    reply = torch.tensor([[2, 1, 7, 7], [6, 5, 4, 9]])  # wrong in the padding, and in one digit
    assert accuracy(lambda _: reply, "reverse", ids) == pytest.approx((5 / 6, 1 / 2))


def test_places_without_an_answer_do_not_count():
    ids = torch.tensor([[1, 2, 3, PAD], [4, 5, 6, 7]])
    reply = torch.tensor(
        [[9, 1, 2, 9], [9, 4, 5, 0]]
    )  # anything at the first place and in the padding; one digit wrong
    assert accuracy(lambda _: reply, "previous", ids) == pytest.approx((4 / 5, 1 / 2))


def test_text_and_back():
    assert DIGITS.encode("0918").tolist() == [0, 9, 1, 8]
    assert to_text(torch.tensor([0, 9, PAD])) == "09·"


@pytest.mark.parametrize("shortest", [None, 1])
def test_training_repeats_itself_and_learns(shortest):
    def run():
        torch.manual_seed(0)
        model = SequenceModel(11, 4, d_model=16, n_heads=1, n_layers=2)
        return train(model, "reverse", 150, shortest=shortest, lr=1e-2, live=False)

    history, again = run(), run()
    assert history.series == again.series
    assert history.last("loss", 10) < 0.5 * history.series["loss"][0]


@pytest.mark.parametrize("shortest", [None, 2])
def test_training_on_shorter_sequences_than_the_model_takes(shortest):
    model, seen = SequenceModel(11, 9, d_model=16, n_heads=1, n_layers=1), []
    model.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    train(model, "copy", 3, length=5, shortest=shortest, live=False)
    train(model, "copy", 1, shortest=shortest, live=False)
    assert [ids.shape[1] for ids in seen] == [5, 5, 5, 9]
    assert all((ids.where(ids != PAD, 0).sum(1) % 10 != 0).all() for ids in seen)
    with pytest.raises(ValueError, match="10 tokens are longer than the context of 9"):
        train(model, "copy", 1, length=10, live=False)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="shortest is 13; give a number from 1 to the length, 12"):
        draw(shortest=13)
    with pytest.raises(ValueError, match="no task 'revert'; known are: reverse, sort, copy, previous"):
        answer("revert", draw(1))
