"""The captions of the colour glyphs: eight attributes, several ways to say them, and the way back."""

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

# Attribute -> its values, in the order of their numbers.
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "character": tuple("AEGHKMRSTX47"),
    "family": ("sans", "mono", "serif"),
    "weight": ("regular", "bold"),
    "slant": ("upright", "italic"),
    "colour": ("black", "red", "blue", "green", "purple"),
    "size": ("small", "large"),
    "place": ("middle", "top left", "top right", "bottom left", "bottom right"),
    "background": ("white", "yellow", "grey"),
}
PHRASINGS = (
    "a {size} {weight} {slant} {colour} {family} {character} {at} on {background}",
    "{at} on {background}: a {size} {character} in {colour}, {weight} {slant} {family}",
    "the character {character}, {colour}, {size}, {family}, {weight} and {slant}, {at} of a {background} page",
    "on a {background} background {at}, draw a {colour} {slant} {weight} {family} {character}, {size}",
)
FILLERS = ("a", "an", "and", "at", "background", "character", "draw", "in", "of", "on", "page", "the")
_CORNERS = ("top", "bottom", "left", "right")
_SINGLE = {value: name for name, values in ATTRIBUTES.items() for value in values if " " not in value}
VOCABULARY = ("<pad>", *FILLERS, *_SINGLE, *_CORNERS)
CAPTION_LENGTH = 20  # words; shorter captions are filled up with <pad>


def describe(attributes: Mapping[str, str], phrasing: int = 0) -> str:
    """Put eight attributes into English.

    Args:
        attributes: A value for each attribute, `{"character": "A", "family": "serif", ...}`.
        phrasing: Which of the ways to say it, in [0, len(PHRASINGS)).
    Raises:
        ValueError: If an attribute is missing or unknown, or its value is; the message lists the known ones.
    """
    for name in [*attributes, *ATTRIBUTES]:
        if name not in ATTRIBUTES:
            raise ValueError(f"There is no attribute {name!r}; known are {', '.join(ATTRIBUTES)}.")
        if attributes.get(name) not in ATTRIBUTES[name]:
            known = ", ".join(ATTRIBUTES[name])
            raise ValueError(f"{name} is {attributes.get(name)!r}; known are {known}.")
    at = f"in the {attributes['place']}" if attributes["place"] == "middle" else f"at the {attributes['place']}"
    return PHRASINGS[phrasing].format(at=at, **attributes)


def words(caption: str) -> list[str]:
    """Split a caption into known words; capital letters are characters, and everything else is lower case.

    Raises:
        ValueError: If a word is unknown; the message quotes it and lists the known ones.
    """
    found = re.findall(r"[^\s,.:;!?]+", caption)
    found = [word if word in ATTRIBUTES["character"] else word.lower() for word in found]
    if found[:1] == ["A"] and any(word in ATTRIBUTES["character"] for word in found[1:]):
        found[0] = "a"  # "A red T": the article
    for word in found:
        if word not in VOCABULARY[1:]:
            known = "; ".join(f"{name}: {', '.join(values)}" for name, values in ATTRIBUTES.items())
            raise ValueError(f"The word {word!r} is not known. Known are {known}; and {', '.join(FILLERS)}.")
    return found


def parse(caption: str) -> dict[str, str]:
    """Read the attributes that a caption names.

    Returns:
        Attribute -> value, in the order of `ATTRIBUTES`; an attribute that is not named is left out.
    Raises:
        ValueError: If a word is unknown, an attribute has two values, or a place is half said.
    """
    said: dict[str, set[str]] = {name: set() for name in ATTRIBUTES}
    found = words(caption)
    for word in found:
        if word in _SINGLE:
            said[_SINGLE[word]].add(word)
    sides = [word for word in dict.fromkeys(found) if word in _CORNERS]
    if sides:
        corner = " ".join(word for word in _CORNERS if word in sides)
        said["place"].add(corner)
        if corner not in ATTRIBUTES["place"]:
            raise ValueError(f"The place {corner!r} is none; known are {', '.join(ATTRIBUTES['place'])}.")
    for name, values in said.items():
        if len(values) > 1:
            raise ValueError(f"The caption names two values of {name}, {' and '.join(sorted(values))}: choose one.")
    return {name: values.pop() for name, values in said.items() if values}


def complete(attributes: Mapping[str, str], seed: int = 0) -> dict[str, str]:
    """Draw a value at random for each attribute that a caption left open."""
    generator = torch.Generator().manual_seed(seed)
    picks = {
        name: values[int(torch.randint(len(values), (), generator=generator))] for name, values in ATTRIBUTES.items()
    }
    return picks | dict(attributes)


def to_numbers(attributes: Mapping[str, str]) -> list[int]:
    """The number of each attribute's value, in the order of `ATTRIBUTES`."""
    return [values.index(attributes[name]) for name, values in ATTRIBUTES.items()]


def to_names(numbers: Sequence[int] | Tensor) -> dict[str, str]:
    """The values that eight numbers stand for."""
    return {name: values[int(i)] for (name, values), i in zip(ATTRIBUTES.items(), numbers, strict=True)}


def encode(captions: Sequence[str], length: int = CAPTION_LENGTH) -> Tensor:
    """Captions as numbers of words, filled up with 0.

    Returns:
        Shape (B, length), int64 in [0, len(VOCABULARY)).
    Raises:
        ValueError: If a word is unknown, or a caption has no words or more than `length`.
    """
    rows = []
    for caption in captions:
        ids = [VOCABULARY.index(word) for word in words(caption)]
        if not 0 < len(ids) <= length:
            raise ValueError(f"A caption has 1 to {length} words, this one has {len(ids)}: {caption!r}.")
        rows.append(ids + [0] * (length - len(ids)))
    return torch.tensor(rows)


def only(tokens: Tensor, *names: str) -> Tensor:
    """Replace by padding, word 0, every word that is no value of the named attributes; words are int64 (B, T).

    Raises:
        ValueError: If an attribute is unknown; the message quotes it.
    """
    if unknown := [name for name in names if name not in ATTRIBUTES]:
        raise ValueError(f"There is no attribute {unknown[0]!r}; known are {', '.join(ATTRIBUTES)}.")
    kept = {word for name in names for value in ATTRIBUTES[name] for word in value.split()}
    return tokens * torch.tensor([word in kept for word in VOCABULARY], device=tokens.device)[tokens]


def held_out(numbers: Tensor) -> Tensor:
    """Whether attributes hold a pair of values that training never shows together.

    Character number i is never in colour i mod 5 and never at place (i + 2) mod 5; family j never on background j.

    Args:
        numbers: Shape (N, 8), int64, in the order of `ATTRIBUTES`.
    Returns:
        Shape (N, 3), bool: character and colour, character and place, family and background.
    """
    character, family, _, _, colour, _, place, background = numbers.unbind(1)
    return torch.stack([colour == character % 5, place == (character + 2) % 5, background == family], 1)
