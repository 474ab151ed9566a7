"""The models of the lessons, family by family; each keeps its constructor's arguments as `config`."""

from importlib import import_module

from torch import nn


def by_name(name: str) -> type[nn.Module] | None:
    """Find a model class of this package by its full name; None for anything else."""
    module, _, cls = name.rpartition(".")
    if not module.startswith(f"{__name__}."):
        return None
    try:
        found = getattr(import_module(module), cls, None)
    except ImportError:
        return None
    return found if isinstance(found, type) and issubclass(found, nn.Module) else None
