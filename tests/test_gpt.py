"""Lesson 34: its exercises' answers against what they are about, its picture, and what the notebook builds."""

import json
import math
from collections import Counter

import huggingface_hub
import pytest
import torch
from safetensors.torch import save_file
from twins import from_notebook

from helpers.exercises.gpt import bigram_nats, cache_bytes, gpt_parameters, keep_top_p, merge_pair, next_token_loss
from helpers.models.transformer import GPT
from helpers.plots.gpt import next_token_bars
from helpers.sampling import next_probs
from helpers.text import byte_pairs

LESSON = "34_gpt"
TEXTS = ["the cat sat on the mat .\n", "the other cat sat there , on that hat .\n"] * 3


@pytest.fixture(autouse=True)
def _seed():
    torch.manual_seed(0)


def test_merge_pair_does_not_use_a_piece_twice():
    assert merge_pair(list("aaaaa"), ("a", "a")) == ["aa", "aa", "a"]
    assert merge_pair([], ("a", "b")) == []


def test_replaying_the_librarys_merges_cuts_as_the_library_does():
    tokenizer = byte_pairs(TEXTS, 40)
    merges = [tuple(pair) for pair in json.loads(tokenizer.to_str())["model"]["merges"]]
    assert len(merges) > 15
    cut = from_notebook(LESSON, "cut").cut
    for word in (" the", "the", " that", " hotter", "\n", " ."):
        assert cut(word, merges) == tokenizer.encode(word).tokens, word


def test_the_lesson_learns_what_the_library_learns_up_to_the_first_tie():
    learn = from_notebook(LESSON, "learn_merges").learn_merges
    words = Counter({"aab": 5, "ab": 4, "cab": 2})  # ab: 11, aab: 5, cab: 2, no tie
    merges, lengths = learn(words, 3)
    assert merges == [("a", "b"), ("a", "ab"), ("c", "ab")]
    assert lengths == [29 - 11, 29 - 16, 29 - 18]


def test_keep_top_p_is_what_next_probs_does():
    for p in (0.05, 0.5, 0.9, 0.999, 1.0):
        probs = torch.randn(40).softmax(0)
        torch.testing.assert_close(keep_top_p(probs, p), next_probs(probs.log(), top_p=p))


def test_nats_of_a_bigram_and_of_a_model_that_is_one():
    probs = torch.rand(6, 6).softmax(1)
    ids = torch.randint(6, (50,))
    logits = probs[ids].log()[None]  # a model whose guess depends on the last token alone
    torch.testing.assert_close(next_token_loss(logits, ids[None]), bigram_nats(probs, ids))


def test_counted_parameters_are_those_of_the_model_and_of_gpt2():
    model = GPT(37, 11, d_model=8, n_heads=2, n_layers=3)
    assert gpt_parameters(37, 11, 8, 3) == sum(p.numel() for p in model.parameters())
    assert gpt_parameters(50_257, 1024, 768, 12) == 124_439_808  # Hugging Face's "gpt2"


def test_cache_bytes_are_those_of_a_full_cache():
    model = GPT(37, 11, d_model=8, n_heads=2, n_layers=3)
    cache = model.new_cache()
    model(torch.randint(37, (5, 11)), cache)
    held = sum(t.numel() * t.element_size() for c in cache for t in (c.keys, c.values))
    assert cache_bytes(5, 11, 8, 3, 4) == held


def test_bars_stand_in_the_order_of_the_first_and_leave_nothing_out():
    names, own = ["a", " b", "\n", "d"], torch.tensor([0.1, 0.6, 0.25, 0.05])
    fig = next_token_bars(names, {"own": own, "cut": torch.tensor([0.0, 1.0, 0.0, 0.0])}, most=2)
    ax = fig.axes[0]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["␣b", "⏎", "others"]
    heights = torch.tensor([bar.get_height() for bar in ax.patches], dtype=torch.float32).view(2, 3)
    torch.testing.assert_close(heights, torch.tensor([[0.6, 0.25, 0.15], [1.0, 0.0, 0.0]]))


def test_bars_refuse_another_number_of_tokens():
    with pytest.raises(ValueError, match="'own' has 3 probabilities for 2 tokens"):
        next_token_bars(["a", "b"], {"own": torch.ones(3) / 3})


def test_the_lessons_model_is_the_plain_form_of_helpers():
    mine = from_notebook(LESSON, "GPT").GPT(11, 8, d_model=16, n_heads=4, n_layers=2)
    ours = GPT(11, 8, d_model=16, n_heads=4, n_layers=2)
    mine.load_state_dict(ours.state_dict())  # strict: the same names and shapes
    ids = torch.randint(11, (3, 7))
    torch.testing.assert_close(mine(ids), ours(ids))


def test_the_lessons_model_begins_as_helpers_does():
    torch.manual_seed(3)
    mine = from_notebook(LESSON, "GPT").GPT(300, 128, d_model=96, n_heads=4, n_layers=2)
    for name, weight in mine.named_parameters():
        if weight.ndim == 2:
            wanted = 0.02 / 2 if name.endswith(("out.weight", "mlp.2.weight")) else 0.02
            assert weight.std().item() == pytest.approx(wanted, rel=0.05), name


def test_the_lessons_tables_are_distributions_and_interpolate():
    space = from_notebook(LESSON, "counts", "tables", "nats_by_counts")
    space.tables.__globals__["V"] = 4
    ids = torch.tensor([0, 1, 0, 1, 0, 2, 0])
    assert space.counts(ids, 2)[0].tolist() == [0, 2, 1, 0]
    found = space.tables(ids, 0.5)
    for table in found:
        torch.testing.assert_close(table.sum(-1), torch.ones(table.shape[:-1]))
        assert table.min() > 0
    uni, bi, tri = found
    assert uni[0].item() == pytest.approx((4 + 0.5 / 4) / 7.5)
    assert bi[0, 1].item() == pytest.approx((2 + 0.5 * uni[1].item()) / 3.5)
    torch.testing.assert_close(tri[3, 3], bi[3])  # never seen: the shorter model decides
    torch.testing.assert_close(torch.tensor(space.nats_by_counts(bi, ids)), bigram_nats(bi, ids))


def test_the_lessons_muon_step_keeps_directions_and_evens_lengths():
    orthogonalize = from_notebook(LESSON, "orthogonalize").orthogonalize
    u, _, v = torch.linalg.svd(torch.randn(6, 9), full_matrices=False)
    out = u.T @ orthogonalize(u @ torch.diag(torch.tensor([5.0, 3, 2, 1, 0.5, 0.3])) @ v) @ v.T
    assert (out - out.diagonal().diag()).abs().max() < 1e-4
    assert out.diagonal().min() > 0.5 and out.diagonal().max() < 1.3


def test_the_lessons_unshifted_loss_is_the_one_that_copying_wins():
    unshifted = from_notebook(LESSON, "unshifted_loss").unshifted_loss
    ids = torch.randint(5, (2, 30))
    copying = 20 * torch.nn.functional.one_hot(ids, 5).float()
    assert unshifted(copying, ids) < 1e-6
    assert next_token_loss(copying, ids) > math.log(5)


def test_the_lessons_cell_for_the_real_gpt2_writes_with_weights_of_its_form(tmp_path, monkeypatch):
    tokenizer, d = byte_pairs(TEXTS, 40), 24
    shapes = {"wte": (tokenizer.get_vocab_size(), d), "wpe": (64, d)}
    shapes |= {"h.0.attn.c_attn": (d, 3 * d), "h.0.attn.c_proj": (d, d), "h.0.mlp.c_fc": (d, 4 * d)}
    shapes |= {"h.0.mlp.c_proj": (4 * d, d), "h.0.ln_1": (d,), "h.0.ln_2": (d,), "ln_f": (d,)}
    state = {f"{name}.weight": torch.randn(shape) for name, shape in shapes.items()}
    state |= {f"{name}.bias": torch.randn(shape[-1]) for name, shape in shapes.items() if not name.startswith("w")}
    save_file(state, tmp_path / "model.safetensors")
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", lambda repo, file: str(tmp_path / file))
    text = from_notebook(LESSON, "real_gpt2").real_gpt2("the cat sat", n=10)
    assert text.startswith("the cat sat") and len(text) > 20


def test_the_lessons_cell_for_the_real_gpt2_says_so_without_a_network(monkeypatch):
    def fail(repo, file):
        raise FileNotFoundError("no network")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fail)
    assert "is there a network?" in from_notebook(LESSON, "real_gpt2").real_gpt2("the cat sat")
