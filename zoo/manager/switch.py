"""One of torch's process-wide switches: how it is read and written. Torch is imported inside functions only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

UNREADABLE = "unreadable"  # torch raises where its older and newer words for one thing contradict each other


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """One switch: `read` and `write` get torch, and `name` is what a person would look for.

    `standard` is what every trial begins with; None leaves it as it is. A plugin that changes one with `refused` as it
    is imported is left out: it would break whatever else is imported.
    """

    name: str
    read: Callable[[Any], Any]
    write: Callable[[Any, Any], None]
    standard: Any = None
    refused: bool = False


def torch_itself() -> Any:
    """The module, imported now if it was not."""
    import torch

    return torch


def read_one(switch: Switch, torch: Any) -> Any:
    """The value; None where this torch has no such switch, since it is younger or older."""
    try:
        return switch.read(torch)
    except AttributeError:
        return None
    except RuntimeError:
        return UNREADABLE


def attribute(path: str, standard: Any = None) -> Switch:
    """A switch that is an attribute of one of torch's modules."""
    *parents, name = path.split(".")

    def owner(torch: Any) -> Any:
        for parent in parents:
            torch = getattr(torch, parent)
        return torch

    def write(torch: Any, value: Any) -> None:
        setattr(owner(torch), name, value)

    return Switch(name=f"torch.{path}", read=lambda torch: getattr(owner(torch), name), write=write, standard=standard)
