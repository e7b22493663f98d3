"""Where plugins come from: the `plugins` folder, installed packages, single files. Loads each one by itself."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import partial, reduce
from importlib import import_module
from importlib.metadata import distributions
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import USAGE, ZooError
from zoo.manager.neighbours import import_file, import_named
from zoo.manager.sandbox import LIMIT_SECONDS, time_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from importlib.metadata import Distribution, EntryPoint

ENTRY_POINT_GROUP = "zoo"
ENTRY_POINTS_FILE = "entry_points.txt"
_GROUP = re.compile(rf"^\s*\[\s*{ENTRY_POINT_GROUP}\s*\]", re.MULTILINE)
PLUGINS_VARIABLE = "ZOO_PLUGINS"
BLOCK_VARIABLE = "ZOO_BLOCK_PLUGINS"
SHIPPED = "shipped"
INSTALLED = "installed: "
ASKED_FOR = ("file: ", "module: ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A plugin that could be loaded: `load` imports it and is not called when it is blocked.

    `place` is the file and line that a person would look at where nothing better is known, `module` what is imported.
    """

    name: str
    source: str
    load: Callable[[], Any]
    version: str = ""
    place: str = ""
    module: str = ""

    @property
    def full_name(self) -> str:
        """What it is called where there is another of its name."""
        return f"{self.name} ({self.source})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """What a person asked for: extra plugin files or modules, names to leave out, how long a plugin may take.

    `blocked` maps each name that is left out to what says so, such as "-p no:mlp".
    Files have absolute paths: what is asked for holds in every process, and in every folder that a run is resumed from.
    """

    extra: tuple[str, ...] = ()
    blocked: Mapping[str, str] = field(default_factory=dict)
    limit_seconds: float = LIMIT_SECONDS

    @property
    def words(self) -> tuple[str, ...]:
        """The same as `-p` arguments."""
        return (*self.extra, *(f"no:{name}" for name in sorted(self.blocked)))


def read_requests(arguments: Iterable[str], environment: Mapping[str, str]) -> Requests:
    """From `-p` arguments (`FILE.py`, `module.name`, `no:NAME`) and the environment variables."""
    words = [*_words(environment.get(PLUGINS_VARIABLE, "")), *arguments]
    blocked = dict.fromkeys(_words(environment.get(BLOCK_VARIABLE, "")), BLOCK_VARIABLE)
    blocked |= {name.removeprefix("no:"): f"-p {name}" for name in words if name.startswith("no:")}
    # Each once: what the environment names, a resumed run may bring along too.
    extra = dict.fromkeys(_absolute(name) for name in words if not name.startswith("no:"))
    return Requests(extra=tuple(extra), blocked=blocked, limit_seconds=time_limit(environment))


def candidates(requests: Requests) -> Iterator[Candidate]:
    """All plugins in the order in which they may claim names: shipped, installed, then asked for."""
    return chain.from_iterable(find() for find in _kinds(requests).values())


def _kinds(requests: Requests) -> dict[str | tuple[str, ...], Callable[[], Iterator[Candidate]]]:
    """How each kind of source is looked through, by how its names begin."""
    return {SHIPPED: shipped, INSTALLED: installed, ASKED_FOR: lambda: map(from_text, requests.extra)}


def of_source(source: str, requests: Requests) -> Iterator[Candidate]:
    """The candidates from one source. Other kinds are not looked through: in 180 installed packages that takes 6 ms."""
    find = next(find for beginning, find in _kinds(requests).items() if source.startswith(beginning))
    return (one for one in find() if one.source == source)


def only(owner: str, source: str) -> Callable[[Requests], Iterator[Candidate]]:
    """The candidates of which one is the plugin `owner` from `source`: no other is loaded, nor can harm it."""

    def chosen(requests: Requests) -> Iterator[Candidate]:
        # Where there are two of one name, the later one is called after its source too.
        return (one for one in of_source(source, requests) if owner in (one.name, one.full_name))

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
    """One candidate for each entry point of the group `zoo`, and for each package whose entry points cannot be read."""
    seen = set()
    for package in distributions():
        text = _read(package)
        # A package that lies in two folders is the first, as an import is; only those with plugins are asked for names.
        if text and _GROUP.search(text):
            name, version = _name_and_version(package)
            if (key := re.sub(r"[-_.]+", "-", name).lower()) not in seen:  # as pip compares names
                seen.add(key)
                yield from _offered(package, name, version, text)


def _offered(package: Distribution, name: str, version: str, text: str) -> Iterator[Candidate]:
    file = os.path.join(str(getattr(package, "_path", "")), ENTRY_POINTS_FILE)
    source = f"{INSTALLED}{name} {version}".rstrip()
    keys = [line.partition("=")[0].strip() for line in text.splitlines()]
    try:
        points = [point for point in package.entry_points if point.group == ENTRY_POINT_GROUP]
    except Exception:  # whatever a malformed line makes of a parser: one broken package must not cost the others
        lines = [line.strip() for line in text.splitlines()]
        wrong = [n for n, line in enumerate(lines, 1) if line and "=" not in line and line[0] not in "[#;"]
        yield Candidate(name=name, source=source, load=partial(_unreadable, name), place=f"{file}:{(wrong or [1])[0]}")
        return
    for point in points:
        yield Candidate(
            name=point.name,
            source=source,
            load=partial(_load, point),
            version=version,
            place=f"{file}:{keys.index(point.name) + 1}",
            module=point.value.partition(":")[0].strip(),
        )


def _read(package: Distribution) -> str:
    try:
        return package.read_text(ENTRY_POINTS_FILE) or ""
    except (OSError, ValueError):
        return ""


def _name_and_version(package: Distribution) -> tuple[str, str]:
    """Its name, from its folder's where its metadata cannot be read, and its version or ""."""
    folder = str(getattr(package, "_path", "")).rpartition("/")[2].partition("-")[0]
    try:
        metadata = package.metadata  # parsed anew each time
        return str(metadata["Name"] or folder), str(metadata["Version"] or "")
    except Exception:  # whatever a file that is not there, or is none, makes of a parser
        return folder, ""


def _unreadable(name: str) -> None:
    raise ZooError(f"the entry points of {name} cannot be read", "write each as: name = package.module")


def _load(point: EntryPoint) -> Any:
    """The plugin that an entry point names. Raises ZooError where it names none, and what its import raises."""
    text = f"entry point '{point.name} = {point.value}'"
    remedy = f"correct it where the package declares its entry points (group {ENTRY_POINT_GROUP})"
    if point.pattern.match(point.value) is None:
        raise ZooError(f"{text} names no module", remedy)
    try:
        module = import_module(point.module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{point.module}.".startswith(f"{error.name}."):
            raise
        raise ZooError(f"{text}: there is no module {error.name}", remedy) from None
    try:
        return reduce(getattr, filter(None, (point.attr or "").split(".")), module)
    except AttributeError as error:
        raise ZooError(f"{text}: {error}", remedy) from None


def from_text(text: str) -> Candidate:
    """A plugin given as a file or as the name of a module."""
    if not text.endswith(".py"):
        return Candidate(name=text, source=f"module: {text}", load=partial(import_named, text), module=text)
    path = Path(text)
    if not path.is_file():
        raise ZooError(
            f"-p {text}: no such file", "give the path of a plugin file, or a module's name without .py", USAGE
        )
    return Candidate(name=path.stem, source=f"file: {text}", load=partial(import_file, path), place=f"{text}:1")


def _absolute(plugin: str) -> str:
    return str(Path(plugin).expanduser().absolute()) if plugin.endswith(".py") else plugin


def _words(text: str) -> list[str]:
    return [word for word in text.replace(",", os.pathsep).split(os.pathsep) if word]
