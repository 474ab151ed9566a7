"""Safetensors files: shipped models with what was measured, and the saved state of a training run."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

FOLDER = Path(__file__).resolve().parent.parent / "data" / "checkpoints"


def names() -> list[str]:
    """List the shipped checkpoints."""
    return sorted(file.stem for file in FOLDER.glob("*.safetensors"))


def save(path: str | Path, model: nn.Module, **header: Any) -> Path:
    """Write a model of `helpers.models` with its config and what is known of it.

    Args:
        path: A file, or a plain name for a file in the shipped checkpoints' folder.
        model: A model with a `config` attribute: the arguments that build it.
        header: What a reader wants to know: seed, steps, seconds, data_sha256, results, command.
    Returns:
        The file's path.
    Raises:
        OSError: If it cannot be written; nothing half-written remains, an older file stays as it was.
    """
    cls = type(model)
    about = {"model": f"{cls.__module__}.{cls.__qualname__}", "config": model.config, **header}
    return save_tree(_file(path), model.state_dict(), about)


def load(path: str | Path) -> tuple[nn.Module, dict[str, Any]]:
    """Build a saved model, in evaluation mode on the CPU, and return it with its header.

    Args:
        path: A file, or the name of a shipped checkpoint.
    Raises:
        FileNotFoundError: If there is no such file; the message lists the known names.
        ValueError: If the file is damaged, or holds something that is not a model of `helpers.models`.
    """
    from helpers import models

    tree, header = load_tree(_file(path))
    model_class = models.by_name(header.get("model", ""))
    if model_class is None:
        raise ValueError(f"{path} holds {header.get('model', 'no model')!r}, which helpers.models does not have.")
    try:
        model = model_class(**header["config"])
        model.load_state_dict(tree)
    except (RuntimeError, TypeError, KeyError) as error:
        raise ValueError(f"{path} does not fit {header['model']}: it was saved by another version.") from error
    return model.eval(), header


def load_into(path: str | Path, model: nn.Module) -> dict[str, Any]:
    """Fill a model that you built yourself with saved weights of the same names and shapes; return the header.

    Raises:
        ValueError: If the weights do not fit; the message quotes the first difference.
    """
    tree, header = load_tree(_file(path))
    have, want = ({k: tuple(v.shape) for k, v in d.items()} for d in (tree, model.state_dict()))
    for key in sorted(have.keys() | want.keys()):
        if have.get(key) != want.get(key):
            raise ValueError(
                f"{path} does not fit this {type(model).__name__}: {key} is {have.get(key, 'absent')} in the file "
                f"and {want.get(key, 'absent')} in the model."
            )
    model.load_state_dict(tree)
    return header


def save_tree(path: str | Path, tree: Mapping[str, Any], header: Mapping[str, Any]) -> Path:
    """Write nested dicts and lists of tensors and plain values, first to a temporary file, then renamed."""
    path = Path(path)
    tensors: dict[str, Tensor] = {}
    skeleton = _take_tensors(tree, "", tensors)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    metadata = {"tree": json.dumps(skeleton), "header": json.dumps(dict(header))}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, temporary, metadata=metadata)
        temporary.chmod(0o644)  # the library leaves it to its owner alone; a class may share the folder
        os.replace(temporary, path)
    except (OSError, SafetensorError) as error:
        raise OSError(f"{path} could not be written ({error}); free some space or choose another folder.") from error
    finally:
        temporary.unlink(missing_ok=True)
    return path


def load_tree(path: str | Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read what `save_tree` wrote: the nested dicts and lists, and the header.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is damaged or was not written by `save_tree`.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no checkpoint {path.stem!r}; known are: {', '.join(names()) or 'none yet'}.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            # Copies, because a view keeps the file mapped, and Windows does not replace a mapped file.
            tensors = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118 - not a mapping
        return _put_tensors(json.loads(metadata["tree"]), tensors), json.loads(metadata["header"])
    except PermissionError as error:
        raise PermissionError(f"{path} may not be read by you; change its permissions or copy it.") from error
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise ValueError(
            f"{path} is damaged or not one of our checkpoints ({error}); make or copy it again."
        ) from error


def _file(path: str | Path) -> Path:
    plain = isinstance(path, str) and not path.endswith(".safetensors") and os.sep not in path
    return FOLDER / f"{path}.safetensors" if plain else Path(path)


def _take_tensors(node: Any, key: str, tensors: dict[str, Tensor]) -> Any:
    """Copy a tree with each tensor moved to `tensors` and its key left in its place; dict keys may be numbers."""
    if isinstance(node, Tensor):
        tensors[key] = node.detach().cpu().contiguous().clone()
        return {"tensor": key}
    if isinstance(node, Mapping):
        return {"dict": [[k, _take_tensors(v, f"{key}/{k}".lstrip("/"), tensors)] for k, v in node.items()]}
    if isinstance(node, list | tuple):
        return {"list": [_take_tensors(v, f"{key}/{i}", tensors) for i, v in enumerate(node)]}
    return {"value": node}


def _put_tensors(node: dict[str, Any], tensors: Mapping[str, Tensor]) -> Any:
    ((kind, content),) = node.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "dict":
        return {k: _put_tensors(v, tensors) for k, v in content}
    if kind == "list":
        return [_put_tensors(v, tensors) for v in content]
    return content
