"""The tiny world: its grammar, both languages, the stories, and the files made from them."""

import gzip
import importlib.util
import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from tiny_world import random_sentence, render, tell_story

from helpers.world import Clause, Phrase, Sentence, grammatical_share, is_sentence, parse
from helpers.world.lexicon import ADJECTIVES, LINKS, NAMES, NOUNS, PLACES, THINGS, TIMES, VERBS

ROOT = Path(__file__).resolve().parents[1]
FILES = [f"{kind}.{split}" for kind in ("stories", "questions", "summaries", "pairs") for split in ("train", "test")]
FILES.append("longer.test")


def read(name: str, folder: Path = ROOT / "data" / "world") -> list[dict]:
    """The rows of one file."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def rows() -> dict[str, list[dict]]:
    return {name: read(name) for name in FILES}


@pytest.fixture(scope="module")
def frames() -> list[Sentence]:
    rng = Random("frames of the test")
    return [random_sentence(rng) for _ in range(1500)]


# -- the grammar ---------------------------------------------------------------------------------------------------


def test_reading_what_was_written_gives_the_frame_back(frames):
    for frame in frames:
        text = render(frame)
        assert parse(text, before=()) == frame, text
        assert is_sentence(text), text


def test_same_seed_same_sentences_other_seed_others():
    def draw(seed: int) -> list[str]:
        rng = Random(seed)
        return [render(random_sentence(rng)) for _ in range(20)]

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)


KIND_OF_WORD = {
    **dict.fromkeys(NAMES, "name"),
    **{word: "noun" for word in NOUNS if word not in NAMES},
    **dict.fromkeys(ADJECTIVES, "adjective"),
    **{v: "verb" for verb in VERBS.values() for v in (verb.base, verb.past, verb.participle) if v and " " not in v},
    **dict.fromkeys(LINKS, "link"),
    **dict.fromkeys(("the", "a", "an"), "article"),
    **dict.fromkeys(("in", "at", "on", "to"), "preposition"),
    **dict.fromkeys(("not", "did", "who", "that", ",", "."), "small"),
}


def words_of(text: str) -> list[str]:
    """The words, the first one in small letters unless it is a name."""
    words = text.split(" ")
    return words if words[0] in NAMES else [words[0].lower(), *words[1:]]


def as_text(words: list[str]) -> str:
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def test_a_word_of_another_part_of_speech_is_rejected(frames):
    rng, tried = Random(1), Counter()
    for frame in frames:
        words = words_of(render(frame))
        for place, word in enumerate(words):
            if word in KIND_OF_WORD:
                strange = rng.choice([w for w, kind in KIND_OF_WORD.items() if kind != KIND_OF_WORD[word]])
                changed = as_text([*words[:place], strange, *words[place + 1 :]])
                assert not is_sentence(changed), changed
                tried[KIND_OF_WORD[word]] += 1
    assert min(tried.values()) > 250 and len(tried) == 8, tried


def test_shuffled_words_are_rejected(frames):
    rng = Random(2)
    for frame in frames:
        words = words_of(render(frame))
        mixed = words[:-1]
        while [KIND_OF_WORD.get(w, w) for w in mixed] == [KIND_OF_WORD.get(w, w) for w in words[:-1]]:
            rng.shuffle(mixed)  # "Ben saw Anna" for "Anna saw Ben" is a sentence: some kinds of words must move
        text = as_text([*mixed, "."])
        assert not is_sentence(text), text


def may_be_missing(words: list[str], place: int) -> bool:
    """Whether a sentence can be whole without this word."""
    word, before = words[place], words[place - 1] if place else ""
    owned = "her" in words[max(0, place - 2) : place]  # "saw her brother", "saw her"
    shared = before in ("and", "but")  # "and she sang", "and sang"
    adverb = word in TIMES and " " not in word
    past_too = word == "had" and "that" in words[:place]  # "that Ben had found", "that Ben found"
    return word in ADJECTIVES or word == "not" or owned or shared or adverb or past_too


def test_a_missing_word_is_rejected(frames):
    tried = 0
    for frame in frames:
        words = words_of(render(frame))
        for place in range(len(words)):
            if not may_be_missing(words, place) or (words[place] in ADJECTIVES and words[place - 1] in ("was", "not")):
                text = as_text(words[:place] + words[place + 1 :])
                assert not is_sentence(text), text
                tried += 1
    assert tried > 9_000


def test_a_doubled_word_is_rejected(frames):
    for frame in frames:
        words = words_of(render(frame))
        for place, word in enumerate(words):
            text = as_text([*words[: place + 1], word, *words[place + 1 :]])
            assert not is_sentence(text), text


def test_a_pronoun_of_the_wrong_gender_is_rejected(frames):
    other = {"he": "she", "she": "he", "him": "her", "his": "her"}
    tried = Counter()
    for frame in frames:
        words = words_of(render(frame))
        genders = {NOUNS[word].pronoun for word in words if word in NOUNS} - {"it"}
        for place, word in enumerate(words):
            possessive = word == "his" or (word == "her" and {words[place + 1]} & (NOUNS.keys() | ADJECTIVES.keys()))
            wrong = ("his" if possessive else "him") if word == "her" else other.get(word)
            if wrong and (possessive or len(genders) == 1):  # with a man and a woman in it, either may be meant
                text = as_text([*words[:place], wrong, *words[place + 1 :]])
                assert not is_sentence(text), text
                tried[word] += 1
    assert min(tried[word] for word in ("he", "she", "him", "his", "her")) > 5, tried


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "Anna",
        "anna took the cup .",
        "Anna took the cup",
        "Anna took the cup.",
        "Anna took the cup . .",
        "Anna took  the cup .",
        "Anna took the happy cup .",
        "Anna took a old cup .",
        "Anna fed the cup .",
        "Anna gave Ben to the cup .",
        "Anna saw Ben and he saw Ben .",
        "Anna saw Mia and she was sad .",
        "Ben was sad because she had found it .",
        "Ben was sad because he found the cup .",
        "The cup was happy .",
        "The cup found Ben .",
        "The man that Ben saw was sad .",
        "The cup who had found Ben was red .",
        "Her brother was sad .",
        "Then .",
        "Anna went in the garden .",
        "Anna went to the garden and came to the garden .",
        "The sheep that the nun invited was white .",
        "Anna was sad because the dog had followed her .",
        "Anna thanked the woman who had slept .",
        "Anna thanked the woman who had helped his brother .",
        "When Ben slept , Anna was in the garden yesterday .",
        "Der Mann war müde .",
        "the cup that " * 500 + ".",
    ],
)
def test_these_are_no_sentences(text):
    assert not is_sentence(text)


def test_pronouns_may_point_to_the_sentence_before():
    assert is_sentence("She took it .")
    assert parse("She took it .", before=["Anna", "cup"]) == parse("She took it .")
    assert parse("She took it .", before=["Ben", "cup"]) is None
    assert parse("She took it .", before=["Anna", "Mia", "cup"]) is None
    assert parse("She took it .", before=[]) is None


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Anna saw the cup . She took it .", 1.0),
        ("Anna saw the cup . He took it .", 0.5),
        ("Anna saw the cup . Cup the took she .", 0.5),
        ("Anna saw the cup . She took it . Then she", 1.0),
        ("She took it . Anna slept .", 0.5),
        ("Anna saw the cup .\nBen slept .", 1.0),
        ("Anna saw", 0.0),
        ("", 0.0),
    ],
)
def test_share_of_sentences(text, share):
    assert grammatical_share(text) == share


@pytest.mark.parametrize(
    ("frame", "language", "message"),
    [
        (Sentence(Clause("fly", Phrase("Anna"))), "en", "'fly' is not a verb"),
        (Sentence(Clause("take", Phrase("Anna"), Phrase("sword", "the"))), "en", "'sword' is not a noun"),
        (Sentence(Clause("take", Phrase("Anna"), Phrase("cup", "the", "happy"))), "en", "'cup' cannot be 'happy'"),
        (Sentence(Clause("take", Phrase("Anna"))), "en", "'take' has a wrong number of objects"),
        (Sentence(Clause("go", Phrase("Anna"))), "en", "'go' needs a place"),
        (Sentence(Clause("be", Phrase("Anna"), state="red")), "en", "cannot be 'red'"),
        (
            Sentence(
                Clause("be", Phrase("Anna"), state="sad"),
                "after",
                Clause("be", Phrase("Ben"), state="sad", tense="perfect"),
            ),
            "en",
            "'be' does not stand in the tense 'perfect'",
        ),
        (
            Sentence(Clause("sing", Phrase("Anna"), tense="present")),
            "en",
            "'sing' does not stand in the tense 'present'",
        ),
        (
            Sentence(Clause("have", Phrase("Anna"), Phrase("cup", "the"))),
            "en",
            "'have' does not stand in the tense 'past'",
        ),
        (Sentence(Clause("take", Phrase("Anna"), Phrase("it"))), "de", "outside the sentence"),
        (Sentence(Clause("sing", Phrase("Anna"))), "fr", "unknown language 'fr'"),
    ],
)
def test_a_wrong_frame_is_refused_with_its_reason(frame, language, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        render(frame, language)


# -- German --------------------------------------------------------------------------------------------------------

GERMAN = """
The old man slept .
Der alte Mann schlief .
A rich woman was tired .
Eine reiche Frau war müde .
A tall knight waited in the castle .
Ein großer Ritter wartete im Schloss .
Anna took a red hat .
Anna nahm einen roten Hut .
Anna took the red hat .
Anna nahm den roten Hut .
Ben found a small horse .
Ben fand ein kleines Pferd .
Ben found the small horse .
Ben fand das kleine Pferd .
Mia lost her expensive ring .
Mia verlor ihren teuren Ring .
Paul washed his dirty shirt .
Paul wusch sein schmutziges Hemd .
Leo hid his dark lamp .
Leo versteckte seine dunkle Lampe .
Emma helped an old king .
Emma half einem alten König .
Emma thanked the friendly queen .
Emma dankte der freundlichen Königin .
The nun followed the tired goat .
Die Nonne folgte der müden Ziege .
Nora gave the cup to her grandfather .
Nora gab ihrem Großvater die Tasse .
Tom showed an old map to a clever witch .
Tom zeigte einer klugen Hexe eine alte Karte .
Yesterday the waiter sold the clock to Ida .
Gestern verkaufte der Kellner Ida die Uhr .
Finn lent the rope to his aunt last week .
Finn lieh seiner Tante letzte Woche das Seil .
Clara saw the fox at night .
Clara sah in der Nacht den Fuchs .
Clara saw Max on Sunday .
Clara sah Max am Sonntag .
In winter Max came to the lake .
Im Winter kam Max zum See .
Max went to the house .
Max ging ins Haus .
Max ran to the bridge .
Max rannte zur Brücke .
Max hurried to the market .
Max eilte auf den Markt .
Lena arrived at the station in the evening .
Lena kam am Abend am Bahnhof an .
Soon the wizard returned to the tower .
Bald kehrte der Zauberer in den Turm zurück .
Lena invited her uncle .
Lena lud ihren Onkel ein .
Lena did not invite the monk .
Lena lud den Mönch nicht ein .
Today Hugo did not find the key .
Heute fand Hugo den Schlüssel nicht .
Hugo was not proud .
Hugo war nicht stolz .
Anna found the ball and Ben took it .
Anna fand den Ball und Ben nahm ihn .
Anna found the flower and Ben took it .
Anna fand die Blume und Ben nahm sie .
Anna found the book and Ben took it .
Anna fand das Buch und Ben nahm es .
Ben looked for the cup but he did not find it .
Ben suchte die Tasse , aber er fand sie nicht .
Leo took the picture and sold it to the actress .
Leo nahm das Bild und verkaufte es der Schauspielerin .
Mia saw the man and thanked him .
Mia sah den Mann und dankte ihm .
Paul met the princess and he visited her .
Paul traf die Prinzessin und er besuchte sie .
Because Vera had lost the key , Hugo gave the coin to her .
Weil Vera den Schlüssel verloren hatte , gab Hugo ihr die Münze .
After Vera had lost the key , Hugo brought it to her .
Nachdem Vera den Schlüssel verloren hatte , brachte Hugo ihn ihr .
Theo was angry because Ruth had not followed him .
Theo war wütend , weil Ruth ihm nicht gefolgt war .
Ruth was happy because she had met a famous actor .
Ruth war glücklich , weil sie einen berühmten Schauspieler getroffen hatte .
Because the waitress was sick , she stayed in the bakery .
Weil die Kellnerin krank war , blieb sie in der Bäckerei .
Felix bought the guitar because it was cheap .
Felix kaufte die Gitarre , weil sie billig war .
When Oskar called Sofia , she laughed .
Als Oskar Sofia anrief , lachte sie .
Before Emil borrowed the ladder , he called the woman .
Bevor Emil die Leiter auslieh , rief er die Frau an .
David slept before he went to the farm .
David schlief , bevor er auf den Bauernhof ging .
After Greta had run to the beach , she danced on the island .
Nachdem Greta zum Strand gerannt war , tanzte sie auf der Insel .
The hat that Jonas saw was green .
Der Hut , den Jonas sah , war grün .
The bottle that Jonas had hidden was in the stable .
Die Flasche , die Jonas versteckt hatte , war im Stall .
The sheep that the nun looked for was white .
Das Schaf , das die Nonne suchte , war weiß .
The dog that Marie followed was hungry .
Der Hund , dem Marie folgte , war hungrig .
The cat that Marie followed was black .
Die Katze , der Marie folgte , war schwarz .
The king who had invited Stella was calm .
Der König , der Stella eingeladen hatte , war ruhig .
Anton greeted the woman who had helped her sister .
Anton begrüßte die Frau , die ihrer Schwester geholfen hatte .
Moritz invited the knight who had stolen a golden ring .
Moritz lud den Ritter ein , der einen goldenen Ring gestohlen hatte .
Hanna repaired the chair that she had drawn .
Hanna reparierte den Stuhl , den sie gezeichnet hatte .
Paula is in the library and has a wooden box .
Paula ist in der Bibliothek und hat eine hölzerne Kiste .
"""


@pytest.mark.parametrize("english, german", list(zip(GERMAN.split("\n")[1::2], GERMAN.split("\n")[2::2], strict=False)))
def test_german_written_by_hand(english, german):
    frame = parse(english)
    assert frame is not None
    assert render(frame, "de") == german


# Written down a second time, without looking at the lexicon, so that a slip there shows.
ARTICLES = """
die Frau, der Mann, der König, die Königin, der Kellner, die Kellnerin, die Hexe, der Ritter, die Prinzessin,
der Schauspieler, die Schauspielerin, der Mönch, die Nonne, der Zauberer, die Schwester, der Bruder, die Großmutter,
der Großvater, der Onkel, die Tante, die Tasse, der Schlüssel, das Buch, der Ball, die Lampe, das Bild, der Brief,
die Tasche, das Messer, der Hut, der Apfel, die Kiste, die Karte, der Mantel, das Fahrrad, die Blume, der Ring,
die Flasche, das Glas, die Uhr, der Stuhl, die Münze, das Seil, der Löffel, die Trommel, der Korb, die Kerze, das Hemd,
der Regenschirm, die Gitarre, der Schal, das Kissen, der Spiegel, die Geige, der Drachen, das Fernrohr, die Leiter,
der Hammer, der Anker, der Hund, die Katze, das Pferd, der Vogel, die Ziege, das Schaf, die Ente, der Fuchs
"""
WHERE_AND_WHERE_TO = """
in der Küche/in die Küche, im Garten/in den Garten, im Haus/ins Haus, auf dem Markt/auf den Markt,
in der Schule/in die Schule, im Wald/in den Wald, am Bahnhof/zum Bahnhof, im Keller/in den Keller, im Büro/ins Büro,
in der Bibliothek/in die Bibliothek, im Museum/ins Museum, am See/zum See, im Dorf/ins Dorf, im Turm/in den Turm,
auf der Brücke/zur Brücke, im Laden/in den Laden, im Schloss/ins Schloss, in der Kirche/in die Kirche,
auf dem Bauernhof/auf den Bauernhof, am Strand/zum Strand, im Theater/ins Theater, in der Bäckerei/in die Bäckerei,
im Stall/in den Stall, auf der Insel/auf die Insel
"""
PERFECT = """
hatte: gefunden gesehen genommen verloren gekauft versteckt geholfen besucht gesucht gelassen vergessen getroffen
gedankt eingeladen gewaschen gestohlen gefüttert begrüßt gezeichnet angerufen ausgeliehen gehört repariert bewundert
erkannt gegeben gezeigt verkauft gebracht geliehen geschickt gewartet geschlafen gesungen gelacht getanzt
war: gefolgt gegangen gerannt gekommen zurückgekehrt geeilt angekommen geblieben
"""


def test_german_genders_places_and_participles_agree_with_a_second_list():
    genders = {word: "mfn"[("der", "die", "das").index(article)] for article, word in map(str.split, entries(ARTICLES))}
    lexicon = {n.german: n.gender for n in NOUNS.values() if n.kind not in ("name", "place")}
    assert genders == lexicon
    places = [
        [
            render(Sentence(Clause(verb, Phrase("Ben"), place=place)), "de").split(" ", 2)[2][:-2]
            for verb in ("be", "go")
        ]
        for place in PLACES
    ]
    assert places == [entry.split("/") for entry in entries(WHERE_AND_WHERE_TO)]
    perfect = {"hatte": PERFECT.split("war:")[0].split()[1:], "war": PERFECT.split("war:")[1].split()}
    for auxiliary, participles in perfect.items():
        in_lexicon = [v.german_participle for v in VERBS.values() if v.auxiliary == auxiliary]
        assert sorted(in_lexicon) == sorted(participles)


def entries(table: str) -> list[str]:
    return [entry.strip() for entry in table.replace("\n", " ").split(",")]


def test_every_german_noun_and_verb_is_used(rows):
    german = {noun.german: noun.gender for noun in NOUNS.values()}
    assert len(german) == len(NOUNS)
    said = Counter(word for row in rows["pairs.train"] for word in row["de"].split())
    assert all(said[word] for word in german)
    assert all(said[VERBS[verb].german_past] for verb in VERBS if VERBS[verb].kind != "be")


# -- stories -------------------------------------------------------------------------------------------------------


def read_clause(words: list[str], known: list[str], last: str) -> dict:
    """Who did what, read from the words alone; a pronoun means the latest fitting noun, but not the subject."""
    verb = next(place for place, word in enumerate(words) if word in VERB_FORMS)
    found = {"who": last, "what": "", "to": "", "place": "", "words": words}
    for place, word in enumerate(words):
        noun = {"him": "he", "her": "she"}.get(word, word)
        if noun in ("he", "she", "it"):
            barred = found["who"] if place > verb else ""
            noun = next(n for n in reversed(known) if NOUNS[n].pronoun == noun and n != barred)
        if noun in PLACES:
            found["place"] = noun
        elif noun in NOUNS:
            known.append(noun)
            found["who" if place < verb else "to" if words[place - 1] == "to" else "what"] = noun
    return found


VERB_FORMS = {form for verb in VERBS.values() for form in (verb.past, verb.participle) if form}


def read_story(text: str) -> tuple[dict, dict, dict, list]:
    """A second reading of a story, without the grammar: who is where, who has what, what lies where, all gifts."""
    at, has, lies, gifts = {}, {}, {}, []
    known: list[str] = []
    for sentence in text.split(" .")[:-1]:
        clauses, links, last = [], [], ""
        for part in re.split(r" , | (?=and |because |before |after )", words_text(sentence)):
            first, _, rest = part.partition(" ")
            link = first if first in LINKS else ""
            clauses.append(read_clause((rest if link else part).split(), known, last))
            last = clauses[0]["who"]
            links.append(link)
        order = {"after": -1, "when": -1, "because": -1, "before": 1}
        for _, event in sorted(zip(links, clauses, strict=True), key=lambda pair: order.get(pair[0], 0)):
            happen(event, at, has, lies, gifts)
    return at, has, lies, gifts


def words_text(sentence: str) -> str:
    return " ".join(words_of(sentence.strip()))


def happen(event: dict, at: dict, has: dict, lies: dict, gifts: list) -> None:
    who, what, words = event["who"], event["what"], set(event["words"])
    if "was" in words and event["place"]:
        (at if who in NAMES else lies)[who] = event["place"]
    elif words & {"went", "gone", "ran", "run", "came", "come", "hurried"}:
        at[who] = event["place"]
    elif words & {"took", "taken", "stole", "stolen", "bought"}:
        assert lies.pop(what) == at[who] and who not in has, "one takes only what lies there, with empty hands"
        has[who] = what
    elif words & {"left", "hid", "hidden", "lost"}:
        assert has.pop(who) == what and at[who] == event["place"], "one leaves only what one has, where one is"
        lies[what] = event["place"]
    elif words & {"gave", "given", "sold", "lent"}:
        assert has.pop(who) == what and at[who] == at[event["to"]] and event["to"] not in has
        has[event["to"]] = what
        gifts.append((who, next(w for w in event["words"] if w in VERB_FORMS), what, event["to"]))


def answer(question: str, state: tuple[dict, dict, dict, list]) -> str:
    """Answer a question from the state that the second reading found."""
    at, has, lies, gifts = state
    words = question.split()
    thing = next((word for word in words if word in THINGS), "")
    if question.startswith("Where"):
        holder = next((person for person in has if has[person] == thing), "")
        return "the " + (lies.get(thing) or at[holder or words[2]])
    if question.startswith("What"):
        return has[words[2]]
    if question.startswith("Who has"):
        return next(person for person in has if has[person] == thing)
    verb = next(base for base in VERBS if VERBS[base].past == words[1])
    forms = (VERBS[verb].past, VERBS[verb].participle)
    return next(who for who, form, what, to in gifts if form in forms and (what, to) == (thing, words[-2]))


def test_a_second_reading_of_the_stories_finds_the_same_answers(rows):
    kinds = Counter()
    for split in ("train", "test"):
        asked: dict[int, list[dict]] = {}
        for row in rows[f"questions.{split}"]:
            asked.setdefault(row["story"], []).append(row)
        for number, row in enumerate(rows[f"stories.{split}"][:1500]):
            state = read_story(row["text"])
            for question in asked[number]:
                found = answer(question["question"], state)
                expected = question["answer"].split()[-1] if question["kind"] == "held" else question["answer"]
                assert found == expected, (row["text"], question)
                kinds[question["kind"]] += 1
            summary = read_summary(rows[f"summaries.{split}"][number]["summary"])
            assert summary == state[:3], row["text"]
    assert set(kinds) == {"person", "thing", "carried", "holder", "held", "giver"} and min(kinds.values()) > 300


def read_summary(text: str) -> tuple[dict, dict, dict]:
    at, has, lies = {}, {}, {}
    for sentence in text.split(" .")[:-1]:
        place, rest = re.match(r".* (?:in|at|on) the (\w+)(?: and has (?:the|a) (.*))?$", sentence).groups()
        subject = sentence.split(" is ")[0].split()[-1]
        (at if subject in NAMES else lies)[subject] = place
        if rest:
            has[subject] = rest.split()[-1]
    return at, has, lies


def test_answers_stand_where_they_should(rows):
    for split in ("train", "test"):
        stories = rows[f"stories.{split}"]
        for row in rows[f"questions.{split}"]:
            text, start, end = stories[row["story"]]["text"], row["start"], row["start"] + len(row["answer"])
            assert text[start:end] == row["answer"]
            assert text[end] == " " and (start == 0 or text[start - 1] == " "), row


def test_stories_and_summaries_are_made_of_sentences(rows):
    for split in ("train", "test"):
        for row, summary in list(zip(rows[f"stories.{split}"], rows[f"summaries.{split}"], strict=True))[:800]:
            assert grammatical_share(row["text"]) == 1.0, row["text"]
            assert grammatical_share(summary["summary"]) == 1.0
    texts = [row["text"] for row in rows["stories.train"]]
    assert sum(bool(re.search(r"\. (She|He) ", text)) for text in texts) > 1000  # pronouns across sentences
    assert all(5 <= text.count(" .") <= 15 for text in texts)


def test_stories_depend_on_their_seed_only():
    assert tell_story(Random(3)) == tell_story(Random(3)) != tell_story(Random(4))


# -- the files -----------------------------------------------------------------------------------------------------


def test_the_files_are_made_again_byte_for_byte(tmp_path, capsys):
    spec = importlib.util.spec_from_file_location("make_world", ROOT / "data" / "make" / "world.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    maker.make(tmp_path)
    assert capsys.readouterr().out.count("rows") == len(FILES)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{name}.jsonl.gz" for name in FILES)
    for name in FILES:
        stored, made = (folder / f"{name}.jsonl.gz" for folder in (ROOT / "data" / "world", tmp_path))
        assert gzip.decompress(made.read_bytes()) == gzip.decompress(stored.read_bytes()), name
        assert made.read_bytes()[:10] == stored.read_bytes()[:10] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    # Compressed bytes may differ under another zlib; under one zlib they are the same each time.
    maker.write(tmp_path / "twice.jsonl.gz", read("pairs.test", tmp_path))
    assert (tmp_path / "twice.jsonl.gz").read_bytes() == (tmp_path / "pairs.test.jsonl.gz").read_bytes()


def test_counts_and_sizes(rows):
    counts = {name: len(found) for name, found in rows.items()}
    assert counts["stories.train"] == counts["summaries.train"] == 5000
    assert counts["stories.test"] == counts["summaries.test"] == 500
    assert counts["pairs.train"] == 20_000 and counts["pairs.test"] == 2000
    assert counts["longer.test"] == 200
    assert counts["questions.train"] > 15_000 and counts["questions.test"] > 1500
    assert sum((ROOT / "data" / "world" / f"{name}.jsonl.gz").stat().st_size for name in FILES) < 2_000_000


def test_nothing_for_testing_was_seen_in_training(rows):
    train, test = rows["pairs.train"], rows["pairs.test"]
    for language in ("en", "de"):
        assert not {row[language] for row in train} & {row[language] for row in test}
        assert len({row[language] for row in train}) == len(train)
        known = {word for row in train for word in row[language].split()}
        assert {word for row in test for word in row[language].split()} <= known
    assert not {row["text"] for row in rows["stories.train"]} & {row["text"] for row in rows["stories.test"]}


def test_held_out_combinations_and_long_sentences(rows):
    def combinations(row: dict) -> set[tuple[str, str]]:
        words = words_of(row["en"])
        return {(a, b) for a, b in pairwise(words) if a in ADJECTIVES and b in NOUNS}

    train, test = rows["pairs.train"], rows["pairs.test"]
    seen = set().union(*(combinations(row) for row in train))
    held_out = [row for row in test if row["heldout"]]
    assert len(held_out) == 300 and all(combinations(row) - seen for row in held_out)
    assert all(len(row["en"].split()) <= 16 for row in train) and not any(
        row["heldout"] or row["long"] for row in train
    )
    assert sum(row["long"] for row in test) == 200
    assert all(row["long"] == (len(row["en"].split()) > 16) for row in test)


def test_pairs_belong_to_the_grammar_and_translate(rows):
    for row in rows["pairs.test"] + rows["pairs.train"][:1000]:
        frame = parse(row["en"], before=())
        assert frame is not None and render(frame, "de") == row["de"]


def test_words_are_many_and_some_are_rare(rows):
    said = Counter(word for row in rows["pairs.train"] for word in words_of(row["en"]))
    assert 200 <= len(said) <= 300
    assert all(said[word] for word in [*NOUNS, *ADJECTIVES])
    for words in (NAMES, THINGS):
        counts = sorted((said[word] for word in words), reverse=True)
        assert counts[0] > 15 * counts[-1]
        assert counts[-1] >= 10
