"""The embedded pictures are right and repeat; downloaded ones are read right; bad requests are refused clearly."""

import gzip
import hashlib
import importlib.util
import json
import math
import struct
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from helpers import datasets, downloads, glyphs
from helpers.datasets import ImageSet, load_glyphs, load_images, load_pairs, load_text, load_world, read_idx

CM = [f"Computer Modern {face}" for face in ("Roman", "Bold", "Italic", "Sans", "Mono")]


@pytest.fixture(scope="module")
def maker():
    """The script data/make/glyphs.py as a module."""
    spec = importlib.util.spec_from_file_location("make_glyphs", downloads.DATA / "make" / "glyphs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def splits() -> dict[str, ImageSet]:
    return {split: load_glyphs(split, 2000) for split in ("train", "test", "new_fonts")}


def fingerprints(images: torch.Tensor) -> set[bytes]:
    return {image.numpy().tobytes() for image in images}


# --- the bank of drawings


def test_bank_is_made_again_bit_for_bit(maker, tmp_path, monkeypatch):
    arrays = maker.make_bank()
    with np.load(downloads.DATA / "glyphs.npz") as file:
        committed = dict(file)
    assert list(committed) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, committed[name], err_msg=name)
    maker.write_npz(tmp_path / "one.npz", arrays)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(2e9))
    maker.write_npz(tmp_path / "two.npz", committed)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()


def test_bank_writing_leaves_an_old_file_or_a_whole_new_one(maker, tmp_path):
    target = tmp_path / "bank.npz"
    target.write_bytes(b"old")
    with pytest.raises(ValueError, match="Object arrays"):
        maker.write_npz(target, {"good": np.zeros(9), "bad": np.array([object()])})
    assert target.read_bytes() == b"old" and list(tmp_path.iterdir()) == [target]


def test_bank_holds_every_character_once_in_every_font(maker):
    bank = glyphs._glyph_bank()
    assert bank["bank"].shape == (21, 62, 56, 56) and bank["bank"].dtype == np.uint8
    assert "".join(bank["characters"]) == glyphs.CHARACTERS == maker.CHARACTERS
    assert len(np.unique(bank["bank"].reshape(1302, -1), axis=0)) == 1302
    assert len(set(bank["fonts"])) == 21
    content = (downloads.DATA / "glyphs.npz").read_bytes()
    assert len(content) < 600_000
    datasheet = (downloads.DATA / "README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(content).hexdigest() in datasheet and f"{len(content):,} bytes" in datasheet


def test_drawings_are_centred_with_a_margin_and_capitals_are_20_pixels_tall():
    ink = glyphs._glyph_bank()["bank"] > 0
    rows, columns = ink.any(3), ink.any(2)
    for sides in (rows, columns):
        before, after = sides.argmax(2), sides[:, :, ::-1].argmax(2)
        assert before.min() >= 4 and after.min() >= 4
        assert abs(before - after).max() <= 1
    assert abs(rows[:, glyphs.CHARACTERS.index("H")].sum(1) - 40).max() <= 1


def test_bold_is_heavier_and_italic_leans_in_the_bank():
    bank = glyphs._glyph_bank()
    ink = bank["bank"].astype(float) / 255
    weight = ink.sum((2, 3)).mean(1)
    # The lean of a straight stem: how far its ink moves left from the top half to the bottom half.
    stems = ink[:, [glyphs.CHARACTERS.index(c) for c in "EFHILPR"]].sum(1)
    x = np.arange(56)
    top, bottom = ((stems[:, half].sum(1) @ x) / stems[:, half].sum((1, 2)) for half in (slice(28), slice(28, 56)))
    lean = top - bottom
    for family in range(4):  # regular, bold, italic, bold italic
        regular, bold, italic, both = range(4 * family, 4 * family + 4)
        assert weight[bold] > 1.2 * weight[regular] and weight[both] > 1.2 * weight[italic]
        assert lean[italic] > lean[regular] + 2 and lean[both] > lean[bold] + 2
    assert bank["bold"].tolist()[:4] == [False, True, False, True]
    assert bank["italic"].tolist()[:4] == [False, False, True, True]


# --- glyphs


@pytest.mark.parametrize("split", ["train", "test", "new_fonts"])
def test_glyphs_have_the_promised_form(splits, split):
    data = splits[split]
    assert data.images.shape == (2000, 1, 28, 28) and data.images.dtype == torch.float32
    assert data.images.min() == 0 and 0.95 < data.images.max() <= 1
    assert data.classes == tuple(glyphs.CHARACTERS) and data.labels.dtype == torch.int64
    assert set(data.factors) == set(data.factor_names) == {"font", "family", "bold", "italic"}
    assert data.factor_names["family"] == ("sans", "mono", "serif")
    assert (data.images.sum((1, 2, 3)) > 5).all(), "an empty picture"
    assert data.images[:, :, 0].mean() < 0.02, "ink is cut off at the border"


@pytest.mark.parametrize("split", ["train", "test", "new_fonts"])
def test_glyphs_are_balanced(splits, split):
    data = splits[split]
    fonts = data.factors["font"].unique()
    assert torch.bincount(data.labels).aminmax() == (2000 // 62, 2000 // 62 + 1)
    pairs = torch.bincount(data.labels * 21 + data.factors["font"], minlength=62 * 21).view(62, 21)[:, fonts]
    assert pairs.max() - pairs.min() <= 1
    order = data.labels[: 62 * 30].view(30, 62)
    assert (order.sort(1).values == torch.arange(62)).all(), "a run of 62 shows every character"
    assert all((a != b).any() for a, b in pairwise(order)), "in an order that changes"


def test_fonts_of_the_splits(splits):
    names = splits["train"].factor_names["font"]
    used = {split: {names[i] for i in data.factors["font"].unique()} for split, data in splits.items()}
    assert used["new_fonts"] == set(CM)
    assert used["train"] == used["test"] == set(names) - set(CM) and len(used["train"]) == 16


def test_factors_agree_with_the_font_names(splits):
    for data in splits.values():
        for i in range(200):
            font = data.factor_names["font"][data.factors["font"][i]]
            assert ("Bold" in font) == bool(data.factors["bold"][i])
            assert ("Italic" in font) == bool(data.factors["italic"][i])
            family = data.factor_names["family"][data.factors["family"][i]]
            expected = "mono" if "Mono" in font else "sans" if "Sans" in font else "serif"
            assert family == expected


def test_splits_share_no_picture_and_no_distortion(splits):
    sets = [fingerprints(data.images) for data in splits.values()]
    assert [len(one) for one in sets] == [2000] * 3, "two pictures of one split are equal"
    assert len(set.union(*sets)) == 6000
    seeds = {
        glyphs._generator(use, split, seed).initial_seed() & 0xFFFFFFFF  # what the generator uses of it
        for use in ("order", "distortion")
        for split in splits
        for seed in range(50)
    }
    assert len(seeds) == 300


def test_glyphs_repeat_by_seed_whatever_the_rest_of_the_program_does(splits):
    torch.manual_seed(123)
    state = torch.get_rng_state()
    again = load_glyphs("train", 2000)
    assert again.sha256() == splits["train"].sha256()
    assert torch.equal(torch.get_rng_state(), state), "the global generator was used"
    assert load_glyphs("train", 2000, seed=1).sha256() != again.sha256()


def test_glyphs_do_not_depend_on_threads_or_chunks(splits, monkeypatch):
    monkeypatch.setattr(glyphs, "CHUNK", 70)
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert load_glyphs("test", 400).sha256() == splits["test"].select(range(400)).sha256()
    finally:
        torch.set_num_threads(threads)


def test_fewer_glyphs_are_the_start_of_more(splits):
    few = load_glyphs("train", 100)
    assert few.sha256() == splits["train"].select(range(100)).sha256()


def test_some_characters_only():
    data = load_glyphs("train", 160, characters="A7z")
    assert data.classes == ("A", "7", "z") and torch.bincount(data.labels).tolist() in (
        [54, 53, 53],
        [53, 54, 53],
        [53, 53, 54],
    )
    clean = load_glyphs("train", 160, characters=["z", "7", "A"], distortion=0)
    bank = torch.from_numpy(glyphs._glyph_bank()["bank"]).float() / 255
    small = torch.nn.functional.avg_pool2d(bank, 2)
    for image, label, font in zip(clean.images, clean.labels, clean.factors["font"], strict=True):
        expected = small[font, glyphs.CHARACTERS.index(clean.classes[label])]
        assert (image[0] - expected).abs().mean() < 0.03, "not the drawing that its labels name"
    assert len(fingerprints(clean.images)) == 48, "without distortion there is one picture for each font and character"


def test_distortion_grows_with_its_strength():
    clean, half, full = (load_glyphs("train", 320, "AR5g", distortion=d).images for d in (0, 0.5, 1))
    assert 0.01 < (half - clean).abs().mean() < (full - clean).abs().mean() < 0.2


def test_each_change_does_what_its_name_says():
    """One chance at a time at its end: turn, lean, size, shape, place, then the wobble."""

    def moved(column: int, value: float = 1.0) -> torch.Tensor:
        dice = torch.zeros(1, glyphs.N_PLAIN + 2 * glyphs.KNOTS**2)
        dice[0, column] = value
        return glyphs._grid(dice)[0]  # (28, 28, 2)

    still = moved(1, 0.0)
    axis = (torch.arange(28) + 0.5) / 14 - 1
    assert torch.allclose(still, torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1), atol=1e-6)
    cos, sin = math.cos(glyphs.ANGLE), math.sin(glyphs.ANGLE)
    assert torch.allclose(moved(1), still @ torch.tensor([[cos, sin], [-sin, cos]]), atol=1e-6)
    assert torch.allclose(moved(2), still + glyphs.SHEAR * still.flip(-1) * torch.tensor([1, 0]), atol=1e-6)
    assert torch.allclose(moved(3), still * math.exp(-glyphs.SIZE), atol=1e-6)
    shape = torch.tensor([-glyphs.ASPECT, glyphs.ASPECT]).exp()
    assert torch.allclose(moved(4), still * shape, atol=1e-6)
    for column, direction in ((5, [1.0, 0.0]), (6, [0.0, 1.0])):
        assert torch.allclose(moved(column), still + glyphs.SHIFT * torch.tensor(direction), atol=1e-6)
    corner = moved(glyphs.N_PLAIN) - still
    assert torch.allclose(corner[0, 0], torch.tensor([glyphs.WOBBLE, 0.0]), atol=1e-6)
    assert corner[14:, 14:].abs().max() < glyphs.WOBBLE / 5


def test_stroke_weight_changes_both_ways():
    square = torch.zeros(1, 56, 56, dtype=torch.uint8)
    square[0, 18:38, 18:38] = 255
    ink, (thinner, thicker) = glyphs._stroke_weights(square)
    assert ink.sum().item() == pytest.approx(20**2)
    assert thinner.sum().item() == pytest.approx(glyphs.THINNER * (20**2 - 18**2), rel=1e-4)
    assert thicker.sum().item() == pytest.approx(glyphs.THICKER * (22**2 - 20**2), rel=1e-4)
    pictures = glyphs.distort(square, torch.zeros(400, dtype=torch.long), torch.Generator().manual_seed(0))
    again = 2 * torch.rand(400, glyphs.N_PLAIN + 2 * glyphs.KNOTS**2, generator=torch.Generator().manual_seed(0)) - 1
    assert torch.corrcoef(torch.stack([pictures.sum((1, 2, 3)), again[:, 0]]))[0, 1] > 0.2


def test_the_strongest_distortion_stays_in_range():
    assert load_glyphs("train", 500, distortion=2).images.aminmax() == (0, 1)


@pytest.mark.parametrize("split", ["test", "new_fonts"])
def test_labels_can_be_learned(split):
    """A linear classifier reads most digits right, in distortions and in fonts it never saw."""
    train, held_out = load_glyphs("train", 1500, "0123456789"), load_glyphs(split, 500, "0123456789")
    judge = LogisticRegression(C=0.1, tol=0.02).fit(train.images.flatten(1), train.labels)
    assert judge.score(held_out.images.flatten(1), held_out.labels) > (0.9 if split == "test" else 0.75)


def test_the_usual_sizes():
    assert {split: len(load_images("glyphs", split)) for split in ("test", "new_fonts")} == {
        "test": 4000,
        "new_fonts": 4000,
    }
    assert glyphs.GLYPH_SPLITS["train"] == 20_000


# --- digits


def test_digits_fit_where_glyphs_fit():
    train, test = load_images("digits"), load_images("digits", "test")
    assert len(train) + len(test) == 1797 and len(fingerprints(torch.cat([train.images, test.images]))) >= 1790
    for data, share in ((train, 0.8), (test, 0.2)):
        assert data.images.shape[1:] == (1, 28, 28) and data.images.min() == 0 and data.images.max() == 1
        assert data.classes == tuple("0123456789")
        assert (torch.bincount(data.labels) - 179.7 * share).abs().max() < 5
        assert data.images[:, :, :4].sum() == 0 and data.images[..., -4:].sum() == 0
    assert not fingerprints(train.images) & fingerprints(test.images)
    assert train.sha256() == load_images("digits").sha256()


def test_digits_are_the_drawings_of_scikit_learn():
    from sklearn.datasets import load_digits

    raw = load_digits()
    small = torch.nn.functional.interpolate(load_images("digits").images[:, :, 4:24, 4:24], size=(8, 8), mode="area")
    distance = torch.cdist(small.flatten(1), torch.from_numpy(raw.data / 16).float())
    nearest = distance.argmin(1)
    assert len(nearest.unique()) > 0.99 * len(small), "some drawings are there twice"
    agree = torch.from_numpy(raw.target)[nearest] == load_images("digits").labels
    assert agree.float().mean() > 0.995


# --- downloaded sets, here as tiny files in a mirror folder


def idx(values: np.ndarray) -> bytes:
    return gzip.compress(struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes())


CAPTIONS = {
    "en": "Two young, White males are outside.\nA man's hat (in blue).\n\nA dog  runs\u2028off\n",
    "de": "Zwei junge weiße Männer sind im Freien.\nDer Hut eines Mannes.\nNichts\nEin Hund läuft\n",
}


@pytest.fixture
def mirror(monkeypatch, tmp_path):
    """A mirror folder with tiny stand-ins for the real files; returns their values."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COURSE_MIRROR", str(tmp_path / "mirror"))
    dice, values, registry = np.random.default_rng(0), {}, {}
    for name in downloads.REGISTRY:
        if name.endswith(".txt"):
            content = b"First Citizen:\nBefore we proceed any further, hear me speak.\n"
        elif name.startswith("multi30k"):
            values[name] = CAPTIONS[name.split(".")[1]]
            content = gzip.compress(values[name].encode())
        else:
            n = 30 if "train" in name else 20
            shape = (n, 28, 28) if "images" in name else (n,)
            values[name] = dice.integers(0, 256 if "images" in name else 10, shape, np.uint8)
            content = idx(values[name])
        path = tmp_path / "mirror" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        registry[name] = downloads.Source(hashlib.sha256(content).hexdigest(), ())
    monkeypatch.setattr(downloads, "REGISTRY", registry)
    return values


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize(("split", "stem"), [("train", "train"), ("test", "t10k")])
def test_idx_sets_come_out_as_they_went_in(mirror, name, split, stem):
    data = load_images(name, split)
    images, labels = mirror[f"{name}/{stem}-images-idx3-ubyte.gz"], mirror[f"{name}/{stem}-labels-idx1-ubyte.gz"]
    assert len(data) == len(labels) and data.images.shape[1:] == (1, 28, 28)
    np.testing.assert_array_equal((data.images[:, 0] * 255).round().numpy(), images)
    np.testing.assert_array_equal(data.labels.numpy(), labels)
    assert data.classes[9] == ("9" if name == "mnist" else "Ankle boot") and len(data.classes) == 10


def test_some_pictures_and_classes_of_a_real_set(mirror):
    everything = load_images("fashion-mnist")
    assert load_images("fashion-mnist", n=7).sha256() == everything.select(range(7)).sha256()
    two = load_images("fashion-mnist", characters=["Bag", "Coat"])
    assert two.classes == ("Bag", "Coat")
    kept = everything.select((everything.labels == 8) | (everything.labels == 4))
    assert torch.equal(two.images, kept.images) and torch.equal(two.labels, (kept.labels == 4).long())


@pytest.mark.parametrize("split", ["train", "test"])
def test_captions_and_their_translations_are_split_into_words(mirror, split):
    assert load_pairs("multi30k", split) == [  # the pair without English is left out, the others stay together
        {"en": en, "de": de, "heldout": False, "long": False}
        for en, de in [
            ("two young , white males are outside .", "zwei junge weiße männer sind im freien ."),
            ("a man ' s hat ( in blue ) .", "der hut eines mannes ."),
            ("a dog runs off", "ein hund läuft"),
        ]
    ]


def test_pairs_that_lost_their_partners_are_refused(monkeypatch, tmp_path):
    for language, text in (("en", "one\ntwo\n"), ("de", "eins\n")):
        (tmp_path / f"train.{language}.gz").write_bytes(gzip.compress(text.encode()))
    monkeypatch.setattr(datasets, "fetch", lambda name: tmp_path / Path(name).name)
    with pytest.raises(ValueError, match="train has 2 English and 1 German sentences"):
        load_pairs("multi30k")


def test_pairs_of_the_tiny_world_are_its_pairs():
    assert load_pairs(split="test") == load_world("pairs", "test")


def test_shakespeare_is_cut_into_two(mirror):
    train, test = load_text("tiny-shakespeare"), load_text("tiny-shakespeare", "test")
    assert train + test == "First Citizen:\nBefore we proceed any further, hear me speak.\n"
    assert len(train) == 54


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not gzip",
        idx(np.zeros((3, 4), np.uint8))[:-9],
        gzip.compress(b"\0\0\x08"),
        gzip.compress(struct.pack(">HBBI", 0, 8, 1, 5) + b"1234"),
        gzip.compress(struct.pack(">HBBI", 0, 13, 1, 4) + b"1234"),
        gzip.compress(struct.pack(">HBBI", 0, 8, 2, 4)),
    ],
    ids=["empty", "not gzip", "cut gzip", "no header", "too short", "other type", "no values"],
)
def test_bad_idx_is_refused(tmp_path, content):
    (tmp_path / "bad.gz").write_bytes(content)
    with pytest.raises(ValueError, match=r"bad\.gz .*IDX"):
        read_idx(tmp_path / "bad.gz")


# --- the tiny world's files


def test_world_files_are_read_line_by_line(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "DATA", tmp_path)
    rows = [{"text": "Die Tür ist grün ."}, {"text": "Ben has a cup ."}]
    (tmp_path / "world").mkdir()
    with gzip.open(tmp_path / "world" / "stories.test.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    assert load_world("stories", "test") == rows
    assert load_text("stories", "test") == "Die Tür ist grün .\nBen has a cup .\n"
    with pytest.raises(FileNotFoundError, match=r"stories\.train\.jsonl\.gz is missing: .*python data/make/world\.py"):
        load_world("stories")


def test_the_embedded_world_is_there():
    for kind, key in {"stories": "text", "pairs": "en", "questions": "answer", "summaries": "summary"}.items():
        train, test = load_world(kind), load_world(kind, "test")
        assert len(train) > len(test) >= 500 and all(row[key] for row in train + test)
    stories = load_text("stories", "test")
    assert stories.count("\n") == len(load_world("stories", "test")) and stories.endswith(" .\n")


# --- one shape for all, and bad requests


def toy(n: int = 4) -> ImageSet:
    factors = {"size": torch.arange(n) % 2}
    return ImageSet(torch.rand(n, 1, 3, 2), torch.arange(n) % 3, ("a", "b", "c"), factors, {"size": ("small", "big")})


def test_select_by_mask_and_by_position():
    data = toy()
    for chosen in (torch.tensor([False, True, False, True]), torch.tensor([1, 3]), [1, 3], [-3, -1]):
        part = data.select(chosen)
        assert torch.equal(part.images, data.images[[1, 3]]) and part.labels.tolist() == [1, 0]
        assert part.factors["size"].tolist() == [1, 1] and part.classes == data.classes and len(part) == 2
    assert data.select([3, 1]).labels.tolist() == [0, 1]


def test_only_numbers_the_classes_anew():
    data = toy(6).only(("c", "a"))
    assert data.classes == ("c", "a") and data.labels.tolist() == [1, 0, 1, 0]
    assert data.factors["size"].tolist() == [0, 0, 1, 1]


def test_sha256_sees_every_part():
    data, other = toy(), toy()
    args = data.images, data.labels, data.classes, data.factors, data.factor_names
    assert ImageSet(*args).sha256() == data.sha256()
    for i, changed in enumerate(
        (other.images, data.labels.flip(0), ("a", "b", "d"), {"size": 1 - data.factors["size"]}, {"size": ("s", "b")})
    ):
        assert ImageSet(*args[:i], changed, *args[i + 1 :]).sha256() != data.sha256(), i


def test_repr_is_one_line():
    assert repr(toy()) == "ImageSet(4 images 1x3x2, 3 classes, factors: size)"


IMAGES, LABELS = torch.rand(2, 1, 3, 3), torch.zeros(2, dtype=torch.long)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: ImageSet(IMAGES[:, 0], LABELS, ("a",)), r"\(N, 1, H, W\), got torch.float32 \(2, 3, 3\)"),
        (lambda: ImageSet(IMAGES.double(), LABELS, ("a",)), "got torch.float64"),
        (lambda: ImageSet(IMAGES + 1, LABELS, ("a",)), r"\[0, 1\], got 1"),
        (lambda: ImageSet(IMAGES * torch.nan, LABELS, ("a",)), r"\[0, 1\], got nan"),
        (lambda: ImageSet(IMAGES, LABELS[:1], ("a",)), r"labels must be int64 of shape \(2,\), got torch.int64 \(1,\)"),
        (lambda: ImageSet(IMAGES, LABELS.float(), ("a",)), "labels must be int64 .* got torch.float32"),
        (lambda: ImageSet(IMAGES, LABELS + 1, ("a",)), r"labels must lie in \[0, 1\), got 1 to 1"),
        (
            lambda: ImageSet(IMAGES, LABELS, ("a",), {"bold": LABELS - 1}, {"bold": ("no",)}),
            "bold must lie in .*got -1",
        ),
        (lambda: ImageSet(IMAGES, LABELS, ("a",), {"bold": LABELS}), r"\['bold'\] and names .* \[\] differ"),
        (lambda: toy().select(torch.zeros(4, dtype=torch.bool)), "No picture is left of 4"),
        (lambda: toy().select([]), "No picture is left"),
        (lambda: toy().select(torch.ones(3, dtype=torch.bool)), r"shape \(4,\), got \(3,\)"),
        (lambda: toy().select([4]), "0 to 3, got 4"),
        (lambda: toy().only("ad"), "no class 'd'; known are 'a', 'b', 'c'"),
        (lambda: toy().only("aa"), "each once, got 'aa'"),
        (lambda: load_images("minst"), "'minst'; known are 'glyphs', 'digits', 'mnist', 'fashion-mnist'"),
        (lambda: load_images(["mnist"]), r"\['mnist'\]; known are 'glyphs'"),
        (lambda: load_images("glyphs", "valid"), "'valid'; known are 'train', 'test', 'new_fonts'"),
        (lambda: load_images("digits", "new_fonts"), "split of digits 'new_fonts'; known are 'train', 'test'"),
        (lambda: load_images("glyphs", colour="red"), "option for glyphs 'colour'; known are 'characters', 'seed'"),
        (lambda: load_images("digits", seed=1), "option for digits 'seed'; known are 'characters'"),
        (lambda: load_images("digits", n=2000), "n=2000 pictures are more than the 14"),
        (lambda: load_images("digits", characters="A"), "class 'A'; known are '0'"),
        (lambda: load_glyphs(n=0), "whole number of pictures, got 0"),
        (lambda: load_glyphs(n=-5), "got -5"),
        (lambda: load_glyphs(n=2.5), "got 2.5"),
        (lambda: load_glyphs(n=True), "got True"),
        (lambda: load_glyphs(characters="ß"), "class 'ß'; known are '0', .* 'z'"),
        (lambda: load_glyphs(characters=["AB"]), "class 'AB'"),
        (lambda: load_glyphs(characters=[7]), "class 7; known"),
        (lambda: load_glyphs(characters=""), "one class or more"),
        (lambda: load_glyphs(characters="ABA"), "each once, got 'ABA'"),
        (lambda: load_glyphs(distortion=-1), "from 0 to 2, got -1"),
        (lambda: load_text("bible"), "'bible'; known are 'tiny-shakespeare', 'stories'"),
        (lambda: load_text("tiny-shakespeare", "dev"), "'dev'; known are 'train', 'test'"),
        (lambda: load_pairs("wmt14"), "'wmt14'; known are 'tiny-world', 'multi30k'"),
        (lambda: load_pairs("multi30k", "val"), "'val'; known are 'train', 'test'"),
        (lambda: load_world("poems"), "'poems'; known are 'stories', 'pairs', 'questions', 'summaries'"),
        (lambda: load_world("pairs", "dev"), "split of pairs 'dev'; known are 'train', 'test'"),
    ],
)
def test_bad_requests_say_what_is_wrong(build, message):
    with pytest.raises(ValueError, match=message) as caught:
        build()
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_nothing_was_downloaded_for_the_embedded_sets(monkeypatch):
    def refuse(name: str) -> Path:
        raise AssertionError(name)

    monkeypatch.setattr(datasets, "fetch", refuse)
    load_images("glyphs", n=5)
    load_images("digits", n=5)
