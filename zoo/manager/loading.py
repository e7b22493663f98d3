"""Where plugins come from: the `plugins` folder, installed packages, single files. Loads each one by itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import USAGE, ZooError
from zoo.manager.neighbours import import_file, import_named
from zoo.manager.sandbox import LIMIT_SECONDS, time_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

ENTRY_POINT_GROUP = "zoo"
PLUGINS_VARIABLE = "ZOO_PLUGINS"
BLOCK_VARIABLE = "ZOO_BLOCK_PLUGINS"
SHIPPED = "shipped"
ASKED_FOR = ("file: ", "module: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A plugin that could be loaded: `load` imports it and is not called when it is blocked."""

    name: str
    source: str
    load: Callable[[], Any]
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """What a person asked for: extra plugin files or modules, names to leave out, how long a plugin may take.

    Files have absolute paths: what is asked for holds in every process, and in every folder that a run is resumed from.
    """

    extra: tuple[str, ...] = ()
    blocked: frozenset[str] = frozenset()
    limit_seconds: float = LIMIT_SECONDS

    @property
    def words(self) -> tuple[str, ...]:
        """The same as `-p` arguments."""
        return (*self.extra, *(f"no:{name}" for name in sorted(self.blocked)))


def read_requests(arguments: Iterable[str], environment: Mapping[str, str]) -> Requests:
    """From `-p` arguments (`FILE.py`, `module.name`, `no:NAME`) and the environment variables."""
    words = [*_words(environment.get(PLUGINS_VARIABLE, "")), *arguments]
    blocked = {name.removeprefix("no:") for name in words if name.startswith("no:")}
    blocked |= set(_words(environment.get(BLOCK_VARIABLE, "")))
    # Each once: what the environment names, a resumed run may bring along too.
    extra = dict.fromkeys(_absolute(name) for name in words if not name.startswith("no:"))
    return Requests(extra=tuple(extra), blocked=frozenset(blocked), limit_seconds=time_limit(environment))


def candidates(requests: Requests) -> Iterator[Candidate]:
    """All plugins in the order in which they may claim names: shipped, installed, then asked for."""
    yield from shipped()
    yield from installed()
    for text in requests.extra:
        yield from_text(text)


def only(owner: str, source: str) -> Callable[[Requests], Iterator[Candidate]]:
    """The candidates of which one is the plugin `owner` from `source`: no other is loaded, nor can harm it."""

    def chosen(requests: Requests) -> Iterator[Candidate]:
        # Where there are two of one name, the later one is called after its source too.
        return (
            one
            for one in candidates(requests)
            if one.source == source and owner in (one.name, f"{one.name} ({one.source})")
        )

    return chosen


def shipped() -> Iterator[Candidate]:
    """One candidate for each file of the `plugins` package."""
    package = find_spec("plugins")
    folders = list(package.submodule_search_locations or ()) if package else []
    for folder in folders:
        for entry in sorted(os.listdir(folder)):
            stem, suffix = os.path.splitext(entry)
            if suffix == ".py" and not stem.startswith("_"):
                yield Candidate(name=stem, source=SHIPPED, load=partial(import_module, f"plugins.{stem}"))


def installed() -> Iterator[Candidate]:
    """One candidate for each entry point of the group `zoo`."""
    for point in entry_points(group=ENTRY_POINT_GROUP):
        version = point.dist.version if point.dist else ""
        source = f"installed: {point.dist.name} {version}" if point.dist else "installed"
        yield Candidate(name=point.name, source=source, load=point.load, version=version)


def from_text(text: str) -> Candidate:
    """A plugin given as a file or as the name of a module."""
    if not text.endswith(".py"):
        return Candidate(name=text, source=f"module: {text}", load=partial(import_named, text))
    path = Path(text)
    if not path.is_file():
        raise ZooError(
            f"-p {text}: no such file", "give the path of a plugin file, or a module's name without .py", USAGE
        )
    return Candidate(name=path.stem, source=f"file: {text}", load=partial(import_file, path))


def _absolute(plugin: str) -> str:
    return str(Path(plugin).expanduser().absolute()) if plugin.endswith(".py") else plugin


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", os.pathsep).split(os.pathsep) if word]
