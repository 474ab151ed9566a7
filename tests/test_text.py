"""Characters to numbers and back."""

import pytest

from helpers.text import Characters


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
