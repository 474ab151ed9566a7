"""Lesson 24: molecules as text, their file formats, the VAE that reads and writes them, and its search."""

import math
import subprocess
import sys

import molecules as maker
import pytest
import torch
from makers import molecules as making
from twins import from_notebook

from helpers import checkpoints, downloads, molecules
from helpers.exercises.molecules import climb, generation_scores, kl_weight, slerp, tanimoto, token_nll
from helpers.models.molecule_vae import BEGIN, END, PAD, MoleculeVAE
from helpers.molecules import Tokens, canonical, load_molecules, measure
from helpers.plots.molecules import molecule_grid

ASPIRIN = "CC(=O)Oc1ccccc1C(=O)O"


# ---- molecules and what is measured


def test_the_library_is_split_and_nothing_is_in_both():
    train, test = load_molecules(), load_molecules(split="test")
    assert (len(train), len(test)) == (36_000, 4_000)
    assert not {canonical(s) for s in train.smiles} & {canonical(s) for s in test.smiles}
    assert len(set(train.smiles)) == 36_000
    assert load_molecules(n=7).smiles == train.smiles[:7]
    for values in train.properties.values():
        assert values.shape == (36_000,) and values.isfinite().all()


def test_stored_properties_are_what_rdkit_measures():
    some = load_molecules(split="test", n=40)
    for name, digits in (("qed", 3), ("logp", 2), ("weight", 1)):
        again = torch.tensor([measure(s)[name] for s in some.smiles])
        assert torch.allclose(again, some.properties[name], atol=0.51 * 10**-digits)


def test_the_file_is_made_again_by_its_script():
    rows = molecules._library()[0][:60]
    assert [smiles for smiles, _ in maker.library(60)] == rows


def test_a_text_is_worth_what_the_lesson_says(monkeypatch):
    assert round(maker.entropy(), 1) == 14.3
    monkeypatch.setattr(maker, "CORES", {"C{a}{b}": "cc", "N{a}": "cc"})
    monkeypatch.setattr(maker, "LINKERS", {"c": ("", "C")})
    monkeypatch.setattr(maker, "TAILS", ("C", "CC"))  # C, CC twice, CCC: 1.5 log 2 nats
    monkeypatch.setattr(maker, "SMALL", {"c": ("F", "Cl")})
    log, share = math.log, maker.SECOND_TAIL
    tail = 1.5 * log(2)
    second = share * (tail - log(share)) + (1 - share) * (log(2) - log(1 - share))
    assert maker.entropy() == pytest.approx(log(2) + tail + second / 2)


def test_measures_of_a_known_molecule():
    found = measure(ASPIRIN)
    assert found["weight"] == pytest.approx(180.16, abs=0.01)  # C9H8O4
    assert found["qed"] == pytest.approx(0.550, abs=0.002)  # Bickerton et al. 2012
    assert found["logp"] == pytest.approx(1.31, abs=0.01)
    assert molecules.scaffold(ASPIRIN) == "c1ccccc1" and molecules.scaffold("CCO") == ""
    assert molecules.synthesizability("CCO") < molecules.synthesizability("C1CC2(C1)C1CC3C2N13")
    assert molecules.alerts("O=CC=C") and not molecules.alerts("CCO")


@pytest.mark.parametrize("text", ["", "C1CC", "c1ccc", "C(", "xyz", "C=C=C=N(C)(C)C"])
def test_a_text_that_is_no_molecule_gives_none_and_says_nothing(text, capfd):
    assert measure(text) is None and canonical(text) is None
    assert molecules.qed_of([text, ASPIRIN])[0] == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("ask", [molecules.scaffold, molecules.synthesizability, molecules.alerts])
@pytest.mark.parametrize("text", ["", "C1CC"])
def test_what_needs_a_molecule_quotes_a_text_that_is_none(ask, text):
    with pytest.raises(ValueError, match=f"'{text}' is no molecule"):
        ask(text)
    with pytest.raises(ValueError, match=f"'{text}' is no molecule"):
        molecules.fingerprints(["CCO", text])


def test_one_molecule_written_in_two_ways_is_one():
    assert canonical("OCC") == canonical("C(O)C") == "CCO"


def test_fingerprints_know_equal_from_different():
    prints = molecules.fingerprints([ASPIRIN, "OC(=O)c1ccccc1OC(C)=O", "CCO"])
    assert prints.shape == (3, 2048) and prints.dtype == torch.bool
    assert tanimoto(prints[:1], prints[1:2]).item() == 1 and tanimoto(prints[:1], prints[2:]).item() < 0.3


# ---- files


def _alkanes(n: int) -> list[str]:
    return ["C" * i for i in range(1, n + 1)]


def test_a_file_of_your_own_names_the_lines_it_cannot_use(tmp_path):
    mine = tmp_path / "mine.smi"
    mine.write_text(
        "\n".join(["CCO ethanol", "", "c1ccccc", "C" * 60, "OCC\tagain", *_alkanes(40)]), encoding="utf-8-sig"
    )
    with pytest.warns(UserWarning) as seen:
        sets = [load_molecules(mine, split) for split in ("train", "test")]
        assert load_molecules(mine, n=3).smiles == sets[0].smiles[:3]
    said = "\n".join(str(w.message) for w in seen)
    assert "1 line(s) left out, no molecule: 3" in said
    assert "1 line(s) left out, longer than 48 SELFIES tokens: 4" in said
    assert "1 line(s) left out, the same molecule again: 5" in said
    train, test = ({canonical(s) for s in part.smiles} for part in sets)
    assert train | test == {"CCO", *_alkanes(40)} and not train & test and test
    assert len(sets[0]) == len(train)
    weights = sets[0].properties["weight"]
    assert weights[sets[0].smiles.index("CC")] == pytest.approx(30.07, abs=0.01)


def test_a_molecule_is_in_the_same_split_in_every_file(tmp_path):
    ways = {"a": ["OCC", "NCC", *_alkanes(30)], "b": [*reversed(_alkanes(30)), "C(O)C", "C(N)C"]}
    found = {}
    for name, lines in ways.items():
        (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
        found[name] = {canonical(s) for s in load_molecules(tmp_path / name).smiles}
    assert found["a"] == found["b"]


def test_a_file_without_molecules_or_without_a_file_says_so(tmp_path):
    (tmp_path / "bad.smi").write_text("hello\nworld\n", encoding="utf-8")
    with pytest.warns(UserWarning, match="1, 2"), pytest.raises(ValueError, match=r"bad.smi holds no molecule"):
        load_molecules(tmp_path / "bad.smi")
    with pytest.raises(FileNotFoundError, match=r"no file 'nowhere.smi'; give 'library', 'zinc'"):
        load_molecules("nowhere.smi")


def test_zinc_is_read_from_its_csv(tmp_path, monkeypatch):
    rows = [f'"{smiles}\n",1.3,0.5,1.6\n' for smiles in _alkanes(20)]  # each SMILES ends with a line break there
    (tmp_path / "zinc.csv").write_text("smiles,logP,qed,SAS\n" + "".join(rows), encoding="utf-8")
    monkeypatch.setattr(molecules, "fetch", lambda name: tmp_path / "zinc.csv")
    assert {*load_molecules("zinc").smiles, *load_molecules("zinc", "test").smiles} == {*_alkanes(20)}
    assert "zinc/250k_rndm_zinc_drugs_clean_3.csv" in downloads.REGISTRY


@pytest.mark.parametrize(("options", "said"), [({"split": "valid"}, "'valid'"), ({"n": 0}, "0"), ({"n": True}, "True")])
def test_impossible_wishes_are_quoted(options, said):
    with pytest.raises(ValueError, match=said):
        load_molecules(**options)


def test_without_the_extra_the_way_out_is_named():
    code = "import sys; sys.modules['rdkit'] = None; import helpers.molecules"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 1 and "need the extra `chem`" in run.stderr and "pip install" in run.stderr


# ---- tokens


@pytest.mark.parametrize("kind", ["selfies", "smiles"])
def test_molecules_become_numbers_and_come_back(kind):
    some = load_molecules(split="test", n=200).smiles
    tokens = Tokens.of(kind, load_molecules().smiles)
    ids = tokens.encode(some)
    assert (ids[:, 0] == BEGIN).all() and ((ids == END).sum(1) == 1).all()
    assert int(ids.max()) < len(tokens) == len(tokens.known) + 3
    assert [canonical(s) for s in tokens.decode(ids)] == [canonical(s) for s in some]
    assert Tokens(kind, tokens.known).texts(ids) == tokens.texts(ids)


def test_what_stands_after_the_end_is_not_read():
    tokens = Tokens.of("smiles", ["CCO"])
    c, o = tokens.encode(["CO"])[0, 1:3].tolist()
    assert tokens.texts(torch.tensor([[BEGIN, c, END, o], [c, o, PAD, PAD], [END, c, c, c]])) == ["C", "CO", ""]


def test_unknown_tokens_and_kinds_are_quoted():
    with pytest.raises(ValueError, match=r"'Br' in 'CBr' is unknown here; known are: C O"):
        Tokens.of("smiles", ["CCO"]).encode(["CBr"])
    with pytest.raises(ValueError, match="at least one"):
        Tokens.of("smiles", ["CCO"]).encode([])
    with pytest.raises(ValueError, match="from 1 to 9; known are 0 to 4"):
        Tokens.of("smiles", ["CCO"]).decode(torch.tensor([[1, 9]]))
    with pytest.raises(ValueError, match="'inchi'"):
        Tokens("inchi", ["C"])
    with pytest.raises(ValueError, match="'C1CC' cannot be written as SELFIES"):
        molecules.to_selfies("C1CC")


def test_any_row_of_selfies_tokens_is_a_molecule():
    tokens = Tokens.of("selfies", load_molecules(n=3000).smiles)
    rows = torch.randint(3, len(tokens), (300, 30), generator=torch.Generator().manual_seed(0))
    assert all(s and canonical(s) for s in tokens.decode(rows))


# ---- the model


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return MoleculeVAE(vocab_size=9, latent_dim=4, hidden_dim=16, d_token=6).eval()


IDS = torch.tensor([[BEGIN, 5, 6, 7, END], [BEGIN, 8, END, PAD, PAD]])


def test_shapes_and_number_of_weights(model):
    logits, guessed, mu, logvar = model(IDS)
    assert logits.shape == (2, 4, 9) and guessed.shape == (2, 3) and mu.shape == logvar.shape == (2, 4)
    gru = lambda n_in, n: 3 * n * (n_in + n + 2)  # noqa: E731
    want = 9 * 6 + gru(6, 16) + 17 * 8 + 5 * 16 + gru(10, 16) + 17 * 9 + 5 * 128 + 129 * 3
    assert sum(p.numel() for p in model.parameters()) == want
    with pytest.raises(ValueError, match="vocab_size is 3"):
        MoleculeVAE(3)


def test_padding_says_nothing(model):
    longer = torch.nn.functional.pad(IDS, (0, 3), value=PAD)
    assert torch.allclose(model.encode(longer)[0], model.encode(IDS)[0], atol=1e-6)
    alone = model.encode(IDS[1:, :3])[0]
    assert torch.allclose(alone, model.encode(IDS)[0][1:], atol=1e-6)


def test_a_later_token_does_not_change_an_earlier_guess(model):
    z, other = torch.ones(2, 4), IDS.clone()
    other[:, 3:] = 5
    assert torch.allclose(model.decode(z, IDS)[0][:, :3], model.decode(z, other)[0][:, :3], atol=1e-6)
    assert not torch.allclose(model.decode(z, IDS)[0][:, 3:], model.decode(z, other)[0][:, 3:], atol=1e-6)
    assert not torch.allclose(model.decode(-z, IDS)[0], model.decode(z, IDS)[0], atol=1e-3)


def test_writing_takes_the_likeliest_token_and_stops_at_the_end(model):
    z = torch.randn(6, 4, generator=torch.Generator().manual_seed(1))
    ids = model.write(z, longest=7)
    begun = torch.cat([torch.full((6, 1), BEGIN), ids[:, :-1]], 1)
    likeliest = model.decode(z, begun)[0].argmax(-1)
    before_end = (ids == END).cumsum(1) - (ids == END).long() == 0
    assert torch.equal(ids[before_end], likeliest[before_end]) and (ids[~before_end] == PAD).all()
    ends = MoleculeVAE(9, 4, 16, 6)
    torch.nn.init.zeros_(ends.to_logits.weight)
    ends.to_logits.bias.data = torch.eye(9)[END]
    assert ends.write(z).tolist() == [[END]] * 6


def test_notebook_and_helpers_build_the_same_model_and_write_alike(model):
    lesson = from_notebook("24_drug_discovery", "session", "MoleculeVAE", "write", "spoil")
    twin = lesson.MoleculeVAE(9, 4, 16, 6).eval()
    twin.load_state_dict(model.state_dict())
    for ours, theirs in zip(model.encode(IDS), twin.encode(IDS), strict=True):
        assert torch.equal(ours, theirs)
    z = torch.randn(5, 4, generator=torch.Generator().manual_seed(2))
    assert torch.equal(model.decode(z[:2], IDS)[0], twin.decode(z[:2], IDS)[0])
    names = Tokens("smiles", "CNOFSP")
    assert names.texts(lesson.write(twin, z)) == names.texts(model.write(z))


def test_a_few_steps_learn():
    tokens = Tokens.of("selfies", some := load_molecules(n=300).smiles)
    torch.manual_seed(0)
    small, ids = MoleculeVAE(len(tokens), 8, 48, 16), tokens.encode(some)
    step = making.training_step(small, ids, torch.randn(300, 3), 60, batch_size=32)
    found = [step(i) for i in range(60)]
    early, late = (sum(f["recon"].item() for f in part) for part in (found[:5], found[-5:]))
    assert late < 0.7 * early


# ---- the measures


def test_scores_of_a_hand_worked_set():
    assert generation_scores(["C", None, "C", "CC"], {"C"}) == (0.75, pytest.approx(2 / 3), 0.5)


def test_a_text_costs_the_logarithms_of_its_tokens():
    probs = torch.tensor([[[0.1, 0.2, 0.7], [0.5, 0.25, 0.25], [0.9, 0.05, 0.05]]])
    cost = token_nll(probs.log(), torch.tensor([[2, 1, PAD]]))
    assert cost.item() == pytest.approx(-torch.tensor([0.7, 0.25]).log().sum().item(), abs=1e-5)


def test_the_weight_rises_evenly_and_stays():
    assert [kl_weight(i, 10, 0.5) for i in (0, 1, 5, 9)] == [0, 0.2, 1, 1]


def test_the_arc_keeps_the_length_and_meets_both_ends():
    a, b = torch.tensor([3.0, 0, 0]), torch.tensor([0, 2.0, 2.0]) * 1.5 / 2**0.5
    assert torch.allclose(slerp(a, b, 0.0), a, atol=1e-6) and torch.allclose(slerp(a, b, 1.0), b, atol=1e-6)
    for t in (0.2, 0.5, 0.7):
        assert slerp(a, b, t).norm().item() == pytest.approx(3, abs=1e-5)


def test_climbing_reaches_a_top():
    top = torch.tensor([1.0, -1.0])
    z = climb(torch.zeros(3, 2), lambda x: -(x - top).square().sum(1), 50, 0.2)
    assert torch.allclose(z, top.expand(3, 2), atol=1e-4) and not z.requires_grad


# ---- pictures, and what is shipped


def test_a_grid_has_a_place_for_each_molecule_and_leaves_a_broken_one_empty():
    fig = molecule_grid(["CCO", "C1CC", ASPIRIN], ["a", "b", "c"], columns=2)
    assert len(fig.axes) == 3
    pixels = [axes.images[0].get_array() for axes in fig.axes]
    assert (pixels[1] == 1).all() and (pixels[0] < 0.5).any() and (pixels[2] < 0.5).any()


def test_the_shipped_models_hold_their_tokens_and_what_was_claimed():
    for name, kind in (("molecule_vae", "selfies"), ("smiles_vae", "smiles")):
        model, header = checkpoints.load(name)
        tokens = Tokens(**header["tokens"])
        assert tokens.kind == kind and len(tokens) == model.config["vocab_size"]
        results = header["results"]
        made = [canonical(s) for s in tokens.decode(model.write(torch.randn(200, model.config["latent_dim"])))]
        scores = generation_scores(made, {canonical(s) for s in load_molecules(n=2000).smiles})
        assert scores[0] == pytest.approx(results["validity"], abs=0.06)
        assert scores[1] > 0.95
    assert checkpoints.load("molecule_vae")[1]["results"]["validity"] == 1
