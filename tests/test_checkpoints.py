"""Checkpoints: round trip, damage, the wrong model, a full disk."""

import errno
import json

import pytest
import torch
from checkpoints import MAKERS, summary
from safetensors import safe_open
from torch import nn

from helpers import checkpoints, models
from helpers.checkpoints import load, load_into, load_tree, save, save_tree


class Tiny(nn.Module):
    """Stands in for a model of `helpers.models`."""

    def __init__(self, width: int = 3) -> None:
        super().__init__()
        self.config = {"width": width}
        self.layer = nn.Linear(width, 2)


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    monkeypatch.setattr(models, "by_name", lambda name: Tiny if name.endswith(".Tiny") else None)


def test_a_model_comes_back_equal_with_its_header(tmp_path):
    model = Tiny(width=5).train()
    file = save(tmp_path / "deep" / "tiny.safetensors", model, seed=3, steps=10, results={"accuracy": 0.9})
    again, header = load(file)
    assert not again.training
    assert torch.equal(again.layer.weight, model.layer.weight)
    assert header["config"] == {"width": 5}
    assert header["results"] == {"accuracy": 0.9}
    with safe_open(file, framework="pt") as raw:  # readable by any safetensors reader
        assert json.loads(raw.metadata()["header"])["seed"] == 3
        assert "layer.weight" in raw.keys()  # noqa: SIM118 - not a mapping


def test_trees_keep_their_structure(tmp_path):
    tree = {"a": {0: torch.arange(3), 1: None}, "b": [1.5, {"c": torch.ones(2, 2)}, "text"], "empty": {}}
    again, header = load_tree(save_tree(tmp_path / "t.safetensors", tree, {"n": 1}))
    assert header == {"n": 1}
    assert again["a"][1] is None
    assert torch.equal(again["a"][0], torch.arange(3))
    assert torch.equal(again["b"][1]["c"], torch.ones(2, 2))
    assert again["b"][::2] == [1.5, "text"]
    assert again["empty"] == {}


def test_unknown_name_lists_the_known(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "FOLDER", tmp_path)
    save("tiny", Tiny())
    assert checkpoints.names() == ["tiny"]
    with pytest.raises(FileNotFoundError, match=r"no checkpoint 'vay'; known are: tiny"):
        load("vay")


@pytest.mark.parametrize("keep", [0, 7, 60, -1])
def test_a_damaged_file_says_so(tmp_path, keep):
    file = save(tmp_path / "tiny.safetensors", Tiny())
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"tiny.safetensors is damaged or not one of our checkpoints"):
        load(file)


def test_another_model_is_refused(tmp_path):
    file = save(tmp_path / "tiny.safetensors", Tiny(width=3))
    with pytest.raises(ValueError, match=r"layer.weight is \(2, 3\) in the file and \(2, 4\) in the model"):
        load_into(file, Tiny(width=4))
    with pytest.raises(ValueError, match=r"extra.* absent in the file|absent"):
        load_into(file, nn.Linear(3, 2))
    stranger = save_tree(tmp_path / "x.safetensors", {}, {"model": "os.path.Evil", "config": {}})
    with pytest.raises(ValueError, match=r"'os\.path\.Evil', which helpers.models does not have"):
        load(stranger)


def test_only_classes_of_our_models_are_built(monkeypatch):
    monkeypatch.undo()
    assert models.by_name("os.path.join") is None
    assert models.by_name("helpers.models.absent.Thing") is None
    assert models.by_name("helpers.models.nn") is None


def test_a_full_disk_leaves_the_old_file_and_no_half(tmp_path, monkeypatch):
    file = save(tmp_path / "tiny.safetensors", Tiny(), seed=1)

    def full(tensors, path, metadata):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints, "save_file", full)
    with pytest.raises(OSError, match=r"could not be written .*No space left.*free some space"):
        save(file, Tiny(), seed=2)
    assert [p.name for p in tmp_path.iterdir()] == ["tiny.safetensors"]
    assert load(file)[1]["seed"] == 1


def test_files_can_be_read_by_others(tmp_path):
    file = save(tmp_path / "tiny.safetensors", Tiny())
    assert file.stat().st_mode & 0o777 == 0o644


def test_every_maker_ships_a_small_documented_checkpoint_and_the_reverse(monkeypatch):
    monkeypatch.undo()
    assert checkpoints.names() == sorted(MAKERS)
    for name in MAKERS:
        assert (checkpoints.FOLDER / f"{name}.safetensors").stat().st_size <= 4_000_000
        header = load(name)[1]
        assert {"seed", "steps", "seconds", "data_sha256", "results", "command"} <= set(header)
        assert header["results"]
        assert header["command"] == f"make checkpoints NAME={name}"
        if len(seeds := MAKERS[name].seeds) > 1:
            assert len(seeds) >= 3
            assert header["seeds"] == list(seeds)
            again = summary(seeds, [header["by_seed"][str(seed)] for seed in seeds])
            assert (again["results"], again["spread"]) == (header["results"], header["spread"])


def test_seeds_are_summed_up_by_mean_and_standard_deviation():
    found = summary((0, 1, 2), [{"a": 1.0, "b": 0.5}, {"a": 2.0, "b": 0.5}, {"a": 6.0, "b": 0.5}])
    assert found["results"] == {"a": 3.0, "b": 0.5}
    assert found["spread"] == {"a": 2.6, "b": 0.0}  # (4 + 1 + 9) / 2 = 7, and its root
    assert found["by_seed"]["2"] == {"a": 6.0, "b": 0.5}
