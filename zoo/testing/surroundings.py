"""What a plugin may change for everybody: seen, and put back."""

from __future__ import annotations

import os
import random
import sys
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass, field
from io import StringIO
from typing import TYPE_CHECKING, Any

from zoo.manager import switches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(slots=True, kw_only=True)
class Traces:
    """What is other after something than before, by name, and what it printed to stdout."""

    switches: list[str] = field(default_factory=list)
    surroundings: list[str] = field(default_factory=list)
    generators: list[str] = field(default_factory=list)
    printed: str = ""


@contextmanager
def undisturbed(traces: Traces | None = None) -> Iterator[None]:
    """Put back at the end all that a plugin may change for everybody; `traces` are added to by what that was."""
    import torch

    before, states, printed = surroundings(), random_states(), StringIO()
    switched = switches.read() if traces is not None else {}
    with torch.random.fork_rng(devices=[]), switches.kept(), redirect_stdout(printed):
        try:
            yield
        finally:
            if traces is not None:
                traces.switches += _changed(switched, switches.read())
                traces.surroundings += _changed(before, surroundings())
                traces.generators += _changed(states, random_states())
                traces.printed += printed.getvalue().strip()
            _put_back(before)
            random.setstate(states["random"])
            if "numpy.random" in states:
                sys.modules["numpy"].random.set_state(states["numpy.random"])


def surroundings() -> dict[str, Any]:
    """The current folder, the environment, and where modules are looked for."""
    folder = ""
    with suppress(OSError):  # it may have been removed
        folder = os.getcwd()
    return {"the current folder": folder, "os.environ": dict(os.environ), "sys.path": list(sys.path)}


def random_states() -> dict[str, Any]:
    """The states of generators other than torch's."""
    numpy = sys.modules.get("numpy")
    return {"random": random.getstate()} | ({"numpy.random": numpy.random.get_state()} if numpy else {})


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return [name for name, value in after.items() if str(value) != str(before.get(name, value))]


def _put_back(before: Mapping[str, Any]) -> None:
    now = surroundings()
    if now["the current folder"] != before["the current folder"]:
        os.chdir(before["the current folder"])
    if now["os.environ"] != before["os.environ"]:
        os.environ.clear()
        os.environ.update(before["os.environ"])
    sys.path[:] = before["sys.path"]
