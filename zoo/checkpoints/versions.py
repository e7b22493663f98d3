"""Modules that changed from one version of their library to the next, and read what either has saved."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from zoo.errors import ZooError, first_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn


def versions_of(model: nn.Module) -> dict[str, int]:
    """The version of each module, by its name."""
    said: dict[str, dict[str, Any]] = getattr(model.state_dict(), "_metadata", {})
    return {name: entry["version"] for name, entry in said.items() if "version" in entry}


def load_versioned(
    model: nn.Module, tensors: Mapping[str, Tensor], versions: Mapping[str, int], *, strict: bool = True
) -> None:
    """`load_state_dict` of what modules of `versions` saved; where nothing is known of them, of modules like today's.

    torch keeps versions beside the tensors, where neither a safetensors file nor a plain dict has room for them:
    torchvision's mnasnet refuses tensors without one.
    """
    state = OrderedDict(tensors)
    known = versions or versions_of(model)
    state._metadata = {name: {"version": version} for name, version in known.items()}  # type: ignore[attr-defined]
    model.load_state_dict(state, strict=strict)


def take_form_of(model: nn.Module, versions: Mapping[str, int]) -> None:
    """Let modules that `versions` knows as of another time become what they were then, before anything is compared.

    Loading nothing at all is what makes them: mnasnet gives itself the stem of version 1 when it meets one.
    """
    own = versions_of(model)
    if all(own.get(name, version) == version for name, version in versions.items()):
        return
    try:
        load_versioned(model, {}, {**own, **versions}, strict=False)
    except ValueError as error:
        cause = f"{type(model).__name__} does not know the weights' version: {first_line(error)}"
        raise ZooError(cause, "install the version of its library that saved them") from error
