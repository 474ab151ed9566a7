"""The words of the tiny world, English and German, common ones first."""

from dataclasses import dataclass

PRONOUNS = ("he", "she", "it")


@dataclass(frozen=True)
class Noun:
    """A name, role, relative, thing, animal or place; the last three fields are for places only."""

    english: str
    german: str
    gender: str  # of the German noun: m, f or n
    kind: str  # name, role, kin, thing, animal or place
    at: str = ""  # English preposition of rest: "in the garden"
    german_at: str = ""  # German preposition of rest, with the dative: "im Garten"
    german_to: str = ""  # German preposition of motion: "in den Garten", "zum Bahnhof"

    @property
    def group(self) -> str:
        """Names, roles and relatives are persons; the other kinds stand for themselves."""
        return "person" if self.kind in ("name", "role", "kin") else self.kind

    @property
    def pronoun(self) -> str:
        """The English pronoun: he, she or it."""
        if self.group != "person":
            return "it"
        return "she" if self.gender == "f" else "he"


@dataclass(frozen=True)
class Adjective:
    """An adjective, its German form after "war", the stem that takes endings, and what it may describe."""

    german: str
    stem: str
    fits: frozenset[str]  # thing, animal, role; mood: how a person may feel


@dataclass(frozen=True)
class Verb:
    """A verb with its forms in both languages and the slots it opens."""

    base: str
    past: str
    participle: str
    german_past: str
    german_participle: str
    prefix: str  # of a German separable verb: "lud ... ein"
    auxiliary: str  # of the past perfect: hatte or war
    case: str  # of the German object: acc or dat
    kind: str  # act, give, go or stay
    objects: frozenset[str]  # groups of nouns that its object may come from


@dataclass(frozen=True)
class Time:
    """When it happened; some of these stand only at the front of an English sentence."""

    german: str
    front_only: bool


def _rows(table: str) -> list[list[str]]:
    return [row.split() for row in table.replace("\n", " ").split(",") if row.strip()]


def _nouns(kind: str, table: str) -> dict[str, Noun]:
    return {row[0]: Noun(*row[:3], kind, *row[3:]) for row in _rows(table)}


NAMES = {
    name: Noun(name, name, gender, "name")
    for name, gender in _rows(
        "Anna f, Ben m, Emma f, Paul m, Leo m, Lena f, Mia f, Max m, Clara f, Tom m, Nora f, Finn m, Ida f,"
        "Jonas m, Greta f, Felix m, Paula f, David m, Hanna f, Emil m, Sofia f, Oskar m, Marie f, Anton m,"
        "Vera f, Hugo m, Ruth f, Theo m, Stella f, Moritz m"
    )
}
ROLES = _nouns(
    "role",
    "woman Frau f, man Mann m, king König m, queen Königin f, waiter Kellner m, witch Hexe f, knight Ritter m,"
    "princess Prinzessin f, actor Schauspieler m, waitress Kellnerin f, monk Mönch m, nun Nonne f,"
    "wizard Zauberer m, actress Schauspielerin f",
)
KIN = _nouns(
    "kin",
    "sister Schwester f, brother Bruder m, grandmother Großmutter f, uncle Onkel m, aunt Tante f,"
    "grandfather Großvater m",
)
THINGS = _nouns(
    "thing",
    "cup Tasse f, key Schlüssel m, book Buch n, ball Ball m, lamp Lampe f, picture Bild n, letter Brief m,"
    "bag Tasche f, knife Messer n, hat Hut m, apple Apfel m, box Kiste f, map Karte f, coat Mantel m,"
    "bicycle Fahrrad n, flower Blume f, ring Ring m, bottle Flasche f, glass Glas n, clock Uhr f,"
    "chair Stuhl m, coin Münze f, rope Seil n, spoon Löffel m, drum Trommel f, basket Korb m, candle Kerze f,"
    "shirt Hemd n, umbrella Regenschirm m, guitar Gitarre f, scarf Schal m, pillow Kissen n, mirror Spiegel m,"
    "violin Geige f, kite Drachen m, telescope Fernrohr n, ladder Leiter f, hammer Hammer m, anchor Anker m",
)
ANIMALS = _nouns(
    "animal",
    "dog Hund m, cat Katze f, horse Pferd n, bird Vogel m, goat Ziege f, sheep Schaf n, duck Ente f, fox Fuchs m",
)
PLACES = _nouns(
    "place",
    "kitchen Küche f in in in, garden Garten m in in in, house Haus n in in in, market Markt m at auf auf,"
    "school Schule f in in in, forest Wald m in in in, station Bahnhof m at an zu, cellar Keller m in in in,"
    "office Büro n in in in, library Bibliothek f in in in, museum Museum n in in in, lake See m at an zu,"
    "village Dorf n in in in, tower Turm m in in in, bridge Brücke f on auf zu, shop Laden m in in in,"
    "castle Schloss n in in in, church Kirche f in in in, farm Bauernhof m on auf auf, beach Strand m at an zu,"
    "theatre Theater n in in in, bakery Bäckerei f in in in, stable Stall m in in in, island Insel f on auf auf",
)
NOUNS = NAMES | ROLES | KIN | THINGS | ANIMALS | PLACES

_ADJECTIVES = {
    "thing": "red rot, blue blau, green grün, new neu, heavy schwer, yellow gelb, expensive teuer teur,"
    "golden golden, cheap billig, wooden hölzern, dark dunkel dunkl",
    "thing animal": "small klein, black schwarz, big groß, white weiß, dirty schmutzig, wet nass",
    "thing animal role": "old alt, beautiful schön, strange seltsam",
    "animal role": "young jung, clever klug",
    "animal": "wild wild, fast schnell",
    "role": "tall groß, friendly freundlich, rich reich, famous berühmt",
    "animal mood": "hungry hungrig, tired müde müd, sick krank",
    "mood": "happy glücklich, sad traurig, angry wütend, proud stolz, nervous nervös, calm ruhig",
}
ADJECTIVES = {
    row[0]: Adjective(row[1], row[-1], frozenset(fits.split()))
    for fits, table in _ADJECTIVES.items()
    for row in _rows(table)
}

# base past participle | German past (with _prefix) participle | what its object may be, then "dative", "sein"
_VERBS = {
    "act": """
find found found fand gefunden thing animal, see saw seen sah gesehen thing animal person,
take took taken nahm genommen thing, lose lost lost verlor verloren thing,
buy bought bought kaufte gekauft thing animal, hide hid hidden versteckte versteckt thing,
help helped helped half geholfen person dative, visit visited visited besuchte besucht person,
look+for looked+for looked+for suchte gesucht thing animal person,
leave left left ließ gelassen thing, forget forgot forgotten vergaß vergessen thing,
meet met met traf getroffen person, thank thanked thanked dankte gedankt person dative,
invite invited invited lud_ein eingeladen person, wash washed washed wusch gewaschen thing animal,
steal stole stolen stahl gestohlen thing animal, feed fed fed fütterte gefüttert animal,
follow followed followed folgte gefolgt person animal dative sein,
greet greeted greeted begrüßte begrüßt person, draw drew drawn zeichnete gezeichnet thing animal person,
call called called rief_an angerufen person, borrow borrowed borrowed lieh_aus ausgeliehen thing,
hear heard heard hörte gehört animal person, repair repaired repaired reparierte repariert thing,
admire admired admired bewunderte bewundert thing animal person,
recognise recognised recognised erkannte erkannt thing animal person""",
    "give": """
give gave given gab gegeben thing animal, show showed shown zeigte gezeigt thing animal,
sell sold sold verkaufte verkauft thing animal, bring brought brought brachte gebracht thing animal,
lend lent lent lieh geliehen thing, send sent sent schickte geschickt thing""",
    "go": """
go went gone ging gegangen sein, run ran run rannte gerannt sein, come came come kam gekommen sein,
return returned returned kehrte_zurück zurückgekehrt sein, hurry hurried hurried eilte geeilt sein""",
    "stay": """
wait waited waited wartete gewartet, sleep slept slept schlief geschlafen, sing sang sung sang gesungen,
arrive arrived arrived kam_an angekommen sein, stay stayed stayed blieb geblieben sein,
laugh laughed laughed lachte gelacht, dance danced danced tanzte getanzt""",
}
PLACE_NEEDED = ("leave", "arrive", "stay")  # "Anna left the cup" alone would not say where


def _verb(kind: str, row: list[str]) -> Verb:
    base, past, participle = (form.replace("+", " ") for form in row[:3])
    german_past, _, prefix = row[3].partition("_")
    auxiliary, case = "war" if "sein" in row else "hatte", "dat" if "dative" in row else "acc"
    objects = frozenset(row[5:]) & {"thing", "animal", "person"}
    return Verb(base, past, participle, german_past, row[4], prefix, auxiliary, case, kind, objects)


VERBS = {verb.base: verb for kind, table in _VERBS.items() for verb in (_verb(kind, r) for r in _rows(table))}
# "be" stands with a state or a place; "have" only in the present tense, for who has what at the end of a story.
VERBS["be"] = Verb("be", "was", "", "war", "", "", "", "acc", "be", frozenset())
VERBS["have"] = Verb("have", "has", "", "hat", "", "", "", "acc", "act", frozenset({"thing", "animal"}))

TIMES = {
    english: Time(german, front_only)
    for english, german, front_only in [
        ("yesterday", "gestern", False),
        ("then", "dann", True),
        ("in the morning", "am Morgen", False),
        ("later", "später", True),
        ("today", "heute", False),
        ("in the evening", "am Abend", False),
        ("suddenly", "plötzlich", True),
        ("on Monday", "am Montag", False),
        ("soon", "bald", True),
        ("at night", "in der Nacht", False),
        ("last week", "letzte Woche", False),
        ("finally", "schließlich", True),
        ("on Sunday", "am Sonntag", False),
        ("in winter", "im Winter", False),
    ]
}
# and, but join equals; the others open a subordinate clause, in German with the verb at its end.
LINKS = {"and": "und", "but": "aber", "because": "weil", "when": "als", "before": "bevor", "after": "nachdem"}
SUBORDINATE = ("because", "when", "before", "after")
