"""Real GPT-2 weights in our GPT: the same numbers under other names."""

from collections.abc import Mapping

import torch
from torch import Tensor

from helpers.models.transformer import GPT

IN_BLOCK = {  # ours -> theirs; their three maps of the attention are one, their matrices stand the other way round
    "norm1": "ln_1",
    "norm2": "ln_2",
    "attention.out": "attn.c_proj",
    "mlp.0": "mlp.c_fc",
    "mlp.2": "mlp.c_proj",
}


def from_hugging_face(state: Mapping[str, Tensor], n_heads: int) -> GPT:
    """Build our GPT with the weights of a Hugging Face GPT-2.

    Args:
        state: The state dict of a `GPT2LMHeadModel` or `GPT2Model`, or what its model.safetensors holds.
        n_heads: Heads of each attention, which the weights do not tell: 12 for "gpt2", 16, 20, 25 for the larger ones.
    Returns:
        The model, in evaluation mode: learned positions, GELU, norms first, tied head.
    Raises:
        ValueError: If a weight is missing, or of a shape that does not fit; the message names it.
    Source: Radford et al. 2019, "Language models are unsupervised multitask learners".
    """
    state = {name.removeprefix("transformer."): weight for name, weight in state.items()}
    if missing := [name for name in ("wte.weight", "wpe.weight", "ln_f.weight") if name not in state]:
        raise ValueError(f"{missing[0]} is missing; give the state dict of a GPT-2.")
    vocab_size, d_model = state["wte.weight"].shape
    layers = {int(name.split(".")[1]) for name in state if name.startswith("h.")}
    model = GPT(vocab_size, len(state["wpe.weight"]), d_model, n_heads, len(layers))
    ours = {"tokens.weight": state["wte.weight"], "places.weight": state["wpe.weight"]}
    ours |= {f"norm.{kind}": state[f"ln_f.{kind}"] for kind in ("weight", "bias")}
    try:
        for i in sorted(layers):
            ours |= _block(state, i)
        model.load_state_dict(ours)
    except KeyError as missing:
        raise ValueError(f"{missing.args[0]} is missing; give the state dict of a GPT-2.") from None
    except RuntimeError as error:
        raise ValueError(f"these weights are not a GPT-2's: {str(error).splitlines()[-1].strip()}") from None
    return model.eval()


def _block(state: Mapping[str, Tensor], i: int) -> dict[str, Tensor]:
    ours = {}
    for name, theirs in IN_BLOCK.items():
        weight, bias = state[f"h.{i}.{theirs}.weight"], state[f"h.{i}.{theirs}.bias"]
        ours |= {f"blocks.{i}.{name}.weight": weight.T if weight.ndim == 2 else weight, f"blocks.{i}.{name}.bias": bias}
    weights = state[f"h.{i}.attn.c_attn.weight"].T.chunk(3)  # (3 * d_model, d_model) -> three of (d_model, d_model)
    biases = state[f"h.{i}.attn.c_attn.bias"].chunk(3)
    for name, weight, bias in zip(("query", "key", "value"), weights, biases, strict=True):
        ours |= {f"blocks.{i}.attention.{name}.weight": weight, f"blocks.{i}.attention.{name}.bias": bias}
    return {name: torch.as_tensor(weight) for name, weight in ours.items()}
