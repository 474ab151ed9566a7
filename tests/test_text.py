"""Characters to numbers and back."""

import pytest
import torch

from helpers.text import BOS, EOS, PAD, UNKNOWN, Characters, Words, byte_pairs, pad_batch


def test_round_trip():
    characters = Characters("hello world")
    assert len(characters) == 8
    assert characters.known == " dehlorw"
    assert characters.decode(characters.encode("hold")) == "hold"
    assert characters.encode("dd").tolist() == [1, 1]


def test_unknown_and_empty_say_what_to_do():
    characters = Characters("abc")
    with pytest.raises(ValueError, match="'z' is unknown here; known characters are: abc"):
        characters.encode("baz")
    with pytest.raises(ValueError, match="type at least one character"):
        characters.encode("")
    for wrong in (-1, 3):
        with pytest.raises(ValueError, match=f"{wrong} is no character; numbers go from 0 to 2"):
            characters.decode([wrong])
    with pytest.raises(ValueError, match="alphabet is empty"):
        Characters("")


def test_words_know_specials_first_and_come_back():
    words = Words(["the cat sat", "a cat"])
    assert words.known == (PAD, BOS, EOS, "a", "cat", "sat", "the")
    ids = words.encode("the  cat")
    assert ids.tolist() == [6, 4]
    assert words.decode([words[BOS], *ids, words[EOS], words["sat"], words[PAD]]) == "the cat"
    assert words.unknown("a dog sat , dog") == ["dog", ","]


def test_an_unknown_word_is_quoted_or_has_a_number_of_its_own():
    with pytest.raises(ValueError, match="'dog' is unknown here; 4 words are known"):
        Words(["cat"]).encode("cat dog")
    with pytest.raises(KeyError, match="'dog' is unknown"):
        Words(["cat"])["dog"]
    with pytest.raises(ValueError, match="the text is empty"):
        Words(["cat"]).encode("  ")
    with pytest.raises(ValueError, match="hold no word"):
        Words(["", " "])
    assert Words(["cat"], (PAD, UNKNOWN)).encode("dog cat").tolist() == [1, 2]


def test_a_batch_is_filled_up_at_the_end():
    rows = pad_batch([torch.tensor([5, 6, 7]), torch.tensor([8])], pad=9)
    assert rows.tolist() == [[5, 6, 7], [8, 9, 9]]


def test_byte_pairs_join_what_is_frequent_and_never_cross_a_space_or_a_line():
    text = "low lower lowest\nlow low\n"
    tokenizer = byte_pairs([text] * 3, 40)
    encoded = tokenizer.encode(text)
    assert tokenizer.decode(encoded.ids) == text
    assert " low" in encoded.tokens
    assert all(token == "\n" or "\n" not in token for token in encoded.tokens)
    assert all(" " not in token[1:] for token in encoded.tokens)
    assert len(byte_pairs([text], 12).encode(text).ids) > len(encoded.ids)  # fewer merges, more pieces
