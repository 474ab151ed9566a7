"""Frames to German: gender, case, adjective endings, verb second in main clauses, verb last in the others."""

from dataclasses import dataclass

from helpers.world.frames import Clause, Phrase, Sentence, resolve
from helpers.world.lexicon import ADJECTIVES, LINKS, NOUNS, PLACES, PRONOUNS, TIMES, VERBS

ARTICLE = {
    "nom": {"m": "der", "f": "die", "n": "das"},
    "acc": {"m": "den", "f": "die", "n": "das"},
    "dat": {"m": "dem", "f": "der", "n": "dem"},
}
EIN_ENDING = {  # of ein, sein and ihr
    "nom": {"m": "", "f": "e", "n": ""},
    "acc": {"m": "en", "f": "e", "n": ""},
    "dat": {"m": "em", "f": "er", "n": "em"},
}
ADJECTIVE_ENDING = {  # after der; after ein it differs where ein has no ending
    "nom": {"m": "e", "f": "e", "n": "e"},
    "acc": {"m": "en", "f": "e", "n": "e"},
    "dat": {"m": "en", "f": "en", "n": "en"},
}
BARE_ENDING = {"m": "er", "n": "es"}  # "ein roter Hut", "ein rotes Buch"
PRONOUN = {
    "nom": {"m": "er", "f": "sie", "n": "es"},
    "acc": {"m": "ihn", "f": "sie", "n": "es"},
    "dat": {"m": "ihm", "f": "ihr", "n": "ihm"},
}
POSSESSIVE = {"m": "sein", "f": "ihr", "n": "sein"}
CONTRACTED = {"in dem": "im", "an dem": "am", "zu dem": "zum", "zu der": "zur", "in das": "ins"}


@dataclass(frozen=True)
class _Parts:
    """A clause before its words are put in order."""

    time: str
    subject: str
    finite: str
    middle: str  # objects, time, "nicht", place
    tail: str  # prefix or participle
    relative: str  # a relative clause on the object comes after everything else

    def main(self, inverted: bool = False, time_first: bool = False) -> str:
        """Verb second: after the subject, the time, or a clause that came first (inverted)."""
        if time_first:
            head = f"{self.time} {self.finite} {self.subject}"
        else:
            head = _join(self.finite, self.subject) if inverted else _join(self.subject, self.finite)
        return _join(head, self.middle, self.tail, self.relative)

    def subordinate(self, prefix: str) -> str:
        """Verb last; a separated prefix goes back to its verb."""
        verb = prefix + self.finite if prefix else _join(self.tail, self.finite)
        return _join(self.subject, self.middle, verb, self.relative)


def german(sentence: Sentence) -> str:
    """Write a well-formed frame in German, words and punctuation apart by spaces.

    Raises:
        ValueError: If "it" points outside the sentence, for then its German gender is unknown.
    """
    meaning = {word: noun for word, noun in resolve(sentence)[1].items() if word != noun}
    genders = {"he": "m", "she": "f"} | {word: NOUNS[noun].gender for word, noun in meaning.items()}
    main, other, link = sentence.main, sentence.other, LINKS.get(sentence.link, "")
    first = _parts(main, sentence.leader, genders)
    if other is None:
        text = first.main(time_first=main.time_first)
    else:
        second = _parts(other, sentence.leader, genders)
        linked = second.main() if link in ("und", "aber") else second.subordinate(_loose_prefix(other))
        if sentence.fronted:
            text = f"{link} {linked} , {first.main(inverted=True)}"
        else:
            comma = "" if link == "und" else ", "
            text = f"{first.main(time_first=main.time_first)} {comma}{link} {linked}"
    return text[0].upper() + text[1:] + " ."


def _join(*words: str) -> str:
    return " ".join(word for word in words if word)


def _gender(phrase: Phrase, genders: dict[str, str]) -> str:
    if phrase.noun not in PRONOUNS:
        return NOUNS[phrase.noun].gender
    if phrase.noun not in genders:
        raise ValueError('"it" points outside the sentence, so its German gender is unknown; name the thing')
    return genders[phrase.noun]


def _loose_prefix(clause: Clause) -> str:
    return VERBS[clause.verb].prefix if clause.tense == "past" else ""


def _parts(clause: Clause, leader: Phrase | None, genders: dict[str, str]) -> _Parts:
    verb = VERBS[clause.verb]
    owner = clause.subject or leader
    possessive = POSSESSIVE[_gender(owner, genders)] if owner is not None else ""
    perfect, present = clause.tense == "perfect", {"be": "ist", "have": "hat"}
    finite = verb.auxiliary if perfect else verb.german_past
    if clause.tense == "present":
        finite = present[clause.verb]
    subject = "" if clause.subject is None else _phrase(clause.subject, "nom", "", genders)
    middle = _middle(clause, verb.case, possessive, genders)
    if clause.subject is not None and clause.subject.rel:
        subject += _relative(clause.subject, genders) + " ,"
    relative = _relative(clause.object, genders).strip() if clause.object is not None else ""
    time = TIMES[clause.time].german if clause.time else ""
    return _Parts(time, subject, finite, middle, verb.german_participle if perfect else verb.prefix, relative)


def _middle(clause: Clause, case: str, possessive: str, genders: dict[str, str]) -> str:
    """What stands between verb and tail: known before new, so pronouns, names, time, other objects."""
    objects = [(p, c) for p, c in ((clause.to, "dat"), (clause.object, case)) if p is not None]
    ranked: list[list[str]] = [[], [], []]  # before the time, early and late; after it
    for phrase, its_case in reversed(objects) if _both_pronouns(objects) else objects:
        early = clause.negated or phrase.det == "" or (phrase is clause.to and phrase.det != "a")
        rank = 0 if phrase.noun in PRONOUNS else 1 if early else 2
        ranked[rank].append(_phrase(phrase, its_case, possessive, genders))
    return _join(
        *ranked[0],
        *ranked[1],
        TIMES[clause.time].german if clause.time and not clause.time_first else "",
        *ranked[2],
        "nicht" if clause.negated else "",
        _place(clause),
        ADJECTIVES[clause.state].german if clause.state else "",
    )


def _both_pronouns(objects: list[tuple[Phrase, str]]) -> bool:
    """Of two pronouns the accusative comes first."""
    return len(objects) == 2 and all(phrase.noun in PRONOUNS for phrase, _ in objects)


def _phrase(phrase: Phrase, case: str, possessive: str, genders: dict[str, str]) -> str:
    gender = _gender(phrase, genders)
    if phrase.noun in PRONOUNS:
        return PRONOUN[case][gender]
    word, ending = "", ADJECTIVE_ENDING[case][gender]
    if phrase.det == "the":
        word = ARTICLE[case][gender]
    elif phrase.det:
        bare = EIN_ENDING[case][gender] == ""
        word = (possessive if phrase.det == "own" else "ein") + EIN_ENDING[case][gender]
        ending = BARE_ENDING[gender] if bare else ending
    adjective = ADJECTIVES[phrase.adj].stem + ending if phrase.adj else ""
    return _join(word, adjective, NOUNS[phrase.noun].german)


def _relative(head: Phrase, genders: dict[str, str]) -> str:
    """As in "der Hut , den Ben gefunden hatte": the pronoun has the head's gender and the case of the gap."""
    if head.rel is None:
        return ""
    case = "nom" if head.rel.subject is None else VERBS[head.rel.verb].case
    inner = _parts(head.rel, head, genders).subordinate(_loose_prefix(head.rel))
    return f" , {ARTICLE[case][NOUNS[head.noun].gender]} {inner}"


def _place(clause: Clause) -> str:
    if not clause.place:
        return ""
    place = PLACES[clause.place]
    preposition, case = (place.german_at, "dat")
    if VERBS[clause.verb].kind == "go":
        preposition, case = place.german_to, "dat" if place.german_to == "zu" else "acc"
    words = f"{preposition} {ARTICLE[case][place.gender]}"
    return f"{CONTRACTED.get(words, words)} {place.german}"
