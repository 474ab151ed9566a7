"""Frames to English, and English back to frames."""

from collections.abc import Sequence

from .frames import Clause, Phrase, Sentence, pronoun_of, resolve
from .lexicon import ADJECTIVES, LINKS, NAMES, NOUNS, PLACES, SUBORDINATE, TIMES, VERBS, Verb
from .rules import problem

LONGEST = 40  # words; the grammar's longest sentence is shorter
OBJECT_FORM = {"he": "him", "she": "her", "it": "it"}
POSSESSIVE = {"he": "his", "she": "her"}


def english(sentence: Sentence) -> str:
    """Write a well-formed frame in English, words and punctuation apart by spaces."""
    _, meaning = resolve(sentence)
    clauses = [_clause(c, c.subject or sentence.leader, meaning) for c in sentence.clauses]
    if not sentence.link:
        text = clauses[0]
    elif sentence.fronted:
        text = f"{sentence.link} {clauses[0]} , {clauses[1]}"
    else:
        text = f"{clauses[0]} {sentence.link} {clauses[1]}"
    return text[0].upper() + text[1:] + " ."


def _clause(clause: Clause, leader: Phrase | None, meaning: dict[str, str]) -> str:
    owner = "" if leader is None else POSSESSIVE.get(pronoun_of(meaning.get(leader.noun, leader.noun)), "")
    words = [clause.time] if clause.time_first else []
    if clause.subject is not None:
        words.append(_phrase(clause.subject, "", "", meaning))
    words.append(_verb(VERBS[clause.verb], clause))
    if clause.object is not None:
        words.append(_phrase(clause.object, owner, "object", meaning))
    if clause.to is not None:
        words.append("to " + _phrase(clause.to, owner, "object", meaning))
    if clause.place:
        towards = VERBS[clause.verb].kind == "go"
        words.append(f"{'to' if towards else PLACES[clause.place].at} the {clause.place}")
    words += [clause.state, "" if clause.time_first else clause.time]
    return " ".join(word for word in words if word)


def _verb(verb: Verb, clause: Clause) -> str:
    if verb.kind == "be":
        return ("is" if clause.tense == "present" else "was") + (" not" if clause.negated else "")
    if clause.tense == "perfect":
        return f"had {'not ' if clause.negated else ''}{verb.participle}"
    return f"did not {verb.base}" if clause.negated else verb.past


def _phrase(phrase: Phrase, owner: str, slot: str, meaning: dict[str, str]) -> str:
    if phrase.noun in OBJECT_FORM:
        return OBJECT_FORM[phrase.noun] if slot == "object" else phrase.noun
    words = [phrase.adj, phrase.noun] if phrase.adj else [phrase.noun]
    if phrase.det:
        article = "an" if words[0][0] in "aeiou" else "a"
        words.insert(0, {"the": "the", "a": article, "own": owner}[phrase.det])
    if phrase.rel is not None:
        words.append("who" if phrase.rel.subject is None else "that")
        words.append(_clause(phrase.rel, phrase.rel.subject or phrase, meaning))
    return " ".join(words)


def parse(text: str, before: Sequence[str] | None = None) -> Sentence | None:
    """Read one English sentence.

    Args:
        text: A sentence as `english` writes it, "Anna lost the key ."
        before: Nouns mentioned in the sentence before, for an opening pronoun; None accepts any.
    Returns:
        The frame, such that english(parse(text)) == text; None if the text is no sentence of this world.
    """
    try:
        sentence = _Reader(text).sentence()
    except LookupError:
        return None
    return sentence if not problem(sentence, before) and english(sentence) == text else None


def is_sentence(text: str) -> bool:
    """Whether a text is exactly one sentence of the tiny world, such as "Anna lost the red key ."."""
    return parse(text) is not None


def grammatical_share(text: str) -> float:
    """The share of the sentences in a text that belong to the grammar, between 0 and 1.

    An opening pronoun must mean someone in the sentence before. What follows the last " ." is unfinished and does
    not count; a text without any " ." gives 0.
    """
    pieces = text.split(" .")[:-1]
    good, before = 0, None if not pieces else []
    for piece in pieces:
        frame = parse(piece.strip() + " .", before)
        good += frame is not None
        before = None if frame is None else resolve(frame, before)[0]
    return good / max(1, len(pieces))


_FORMS = {
    form: {getattr(verb, form): verb.base for verb in VERBS.values() if verb.kind != "be" and verb.base != "have"}
    for form in ("past", "participle", "base")
}


class _Reader:
    """Reads word by word; a LookupError says that the text is no sentence."""

    def __init__(self, text: str) -> None:
        self.words = text.split(" ")
        if len(self.words) > LONGEST:
            raise LookupError("no sentence is that long")
        if self.words[0] not in NAMES:
            self.words[0] = self.words[0][:1].lower() + self.words[0][1:]
        self.place = 0

    def next_is(self, *choices: str) -> bool:
        return self.place < len(self.words) and self.words[self.place] in choices

    def take(self, *choices: str) -> str:
        """The next word, which must be one of the choices."""
        if not self.next_is(*choices):
            raise LookupError(f"expected one of {choices}")
        self.place += 1
        return self.words[self.place - 1]

    def skip(self, words: str) -> bool:
        """Go past these words if they come next."""
        wanted = words.split(" ")
        found = self.words[self.place : self.place + len(wanted)] == wanted
        self.place += len(wanted) * found
        return found

    def any_of(self, choices: Sequence[str]) -> str:
        return next((words for words in choices if self.skip(words)), "")

    def sentence(self) -> Sentence:
        if self.next_is(*SUBORDINATE):
            link = self.take(*SUBORDINATE)
            other = self.clause()
            self.take(",")
            sentence = Sentence(self.clause(), link, other, fronted=True)
        else:
            main = self.clause()
            link = self.any_of(tuple(LINKS))
            sentence = Sentence(main, link, self.clause() if link else None)
        self.take(".")
        if self.place < len(self.words):
            raise LookupError("words after the end")
        return sentence

    def clause(self) -> Clause:
        first = self.any_of(tuple(TIMES))
        subject = self.phrase() if self.phrase_next() else None
        base, tense, negated = self.verb()
        verb = VERBS[base]
        thing = self.phrase() if verb.kind in ("act", "give") and self.phrase_next() else None
        receiver = self.phrase() if verb.kind == "give" and self.skip("to") else None
        place = self.where(verb)
        state = self.take(*ADJECTIVES) if verb.kind == "be" and not place else ""
        last = "" if first else self.any_of(tuple(TIMES))
        return Clause(base, subject, thing, receiver, place, state, first or last, bool(first), tense, negated)

    def verb(self) -> tuple[str, str, bool]:
        """Base form, tense, and whether denied."""
        if self.next_is("was", "is"):
            tense = "past" if self.take("was", "is") == "was" else "present"
            return "be", tense, self.skip("not")
        if self.skip("has"):
            return "have", "present", False
        if self.skip("did"):
            self.take("not")
            return _FORMS["base"][self.any_of(tuple(_FORMS["base"]))], "past", True
        if self.skip("had"):
            negated = self.skip("not")
            return _FORMS["participle"][self.any_of(tuple(_FORMS["participle"]))], "perfect", negated
        return _FORMS["past"][self.any_of(tuple(_FORMS["past"]))], "past", False

    def phrase_next(self) -> bool:
        return self.next_is("he", "she", "it", "him", "her", "his", "the", "a", "an", *NAMES)

    def phrase(self) -> Phrase:
        word = self.take("he", "she", "it", "him", "her", "his", "the", "a", "an", *NAMES)
        possessive = word == "his" or (word == "her" and self.next_is(*ADJECTIVES, *NOUNS))
        if word in NAMES:
            return Phrase(word)
        if not possessive and word not in ("the", "a", "an"):
            return Phrase({"him": "he", "her": "she"}.get(word, word))
        det = "own" if possessive else word[:1] if word in ("a", "an") else "the"
        adj = self.take(*ADJECTIVES) if self.next_is(*ADJECTIVES) else ""
        noun = self.take(*NOUNS)
        rel = self.clause() if self.next_is("who", "that") and self.take("who", "that") else None
        return Phrase(noun, det, adj, rel)

    def where(self, verb: Verb) -> str:
        """A place, "in the garden"; "in the morning" is left to be read as a time."""
        preposition = "to" if verb.kind == "go" else "in at on"
        ahead = self.words[self.place : self.place + 3]
        if len(ahead) < 3 or ahead[0] not in preposition.split() or ahead[1] != "the" or ahead[2] not in PLACES:
            return ""
        self.place += 3
        return ahead[2]
