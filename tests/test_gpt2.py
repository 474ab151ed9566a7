"""Weights of a Hugging Face GPT-2 in our GPT: the same logits."""

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from helpers.models.gpt2 import from_hugging_face
from helpers.sampling import generate


@pytest.fixture(scope="module")
def theirs() -> GPT2LMHeadModel:
    torch.manual_seed(0)
    model = GPT2LMHeadModel(
        GPT2Config(vocab_size=50, n_positions=24, n_embd=32, n_layer=3, n_head=4, bos_token_id=0, eos_token_id=0)
    ).eval()
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.3)  # larger than at birth, so that a wrong part would show
    return model


def test_logits_are_equal(theirs):
    ids = torch.randint(50, (4, 24), generator=torch.Generator().manual_seed(1))
    ours = from_hugging_face(theirs.state_dict(), n_heads=4)
    with torch.no_grad():
        want = theirs(ids).logits
        assert (ours(ids) - want).abs().max() < 1e-4
        assert want.std() > 0.5  # not a comparison of zeros
        assert (
            from_hugging_face(theirs.state_dict(), n_heads=2)(ids) - want
        ).abs().max() > 0.01  # it could have failed


def test_the_body_alone_has_the_same_names_but_for_a_prefix(theirs):
    ids = torch.arange(10)[None]
    of_body = from_hugging_face(theirs.transformer.state_dict(), n_heads=4)
    assert torch.equal(of_body(ids), from_hugging_face(theirs.state_dict(), n_heads=4)(ids))


def test_both_write_the_same(theirs):
    ours, begin = from_hugging_face(theirs.state_dict(), n_heads=4), torch.tensor([[3, 1, 4]])
    want = theirs.generate(begin, max_new_tokens=15, do_sample=False, pad_token_id=0, eos_token_id=None)
    assert torch.equal(generate(ours, begin, 15, temperature=0), want)


@pytest.mark.parametrize("name", ["transformer.wte.weight", "transformer.h.1.mlp.c_fc.bias"])
def test_a_missing_weight_is_named(theirs, name):
    state = {key: weight for key, weight in theirs.state_dict().items() if key != name}
    with pytest.raises(ValueError, match=name.removeprefix("transformer.").replace(".", r"\.") + " is missing"):
        from_hugging_face(state, n_heads=4)


def test_weights_of_another_shape_are_refused(theirs):
    state = dict(theirs.state_dict()) | {"transformer.h.0.mlp.c_fc.weight": torch.zeros(32, 7)}
    with pytest.raises(ValueError, match=r"not a GPT-2's: .*blocks\.0\.mlp\.0\.weight"):
        from_hugging_face(state, n_heads=4)
