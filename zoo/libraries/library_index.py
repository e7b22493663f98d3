"""Names of architectures and of their weights, read from a library's source files without importing it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Bytes, and patterns that begin with literal text: both scans together are part of the start-up of `harness list`.
_TIMM_MODEL = re.compile(rb"@register_model\n(?:@.*\n)*def (\w+)")
_TIMM_TAG = re.compile(rb"""\n +["'](\w+)(?:\.([\w.]*)(\*?))?["']: *(?=\w*[({])""")
_TIMM_ORIGIN = re.compile(
    rb"""(?m)^[^#\n]*(?:\burl=f?["'][^"']|hf_hub_id["']?[=:](?! ?["']{2})"""
    rb"""|\bfile=["']|["']url["']:|\(["']http|_radio_cfg)"""
)
# A table made by loops: each entry of another table under several suffixes; chosen ones under another name.
_TIMM_SUFFIXED = re.compile(rb"for name, cfg in (\w+)\.items\(\)\s+for suffix in \(([^)]*)\)")
_TIMM_RENAMED = re.compile(rb"n\.replace\('(\w+)', '(\w+)'\)")
_TIMM_NOTED = re.compile(rb"'(\w+)' in c\['notes'\]")
_QUOTED = re.compile(rb"'(\w*)'")
_VISION_MODEL = re.compile(rb"@register_model\(\)\n(?:@.*\n)*def (\w+)\(\s*\*,\s*weights: Optional\[(\w+)\]")
_VISION_ENUM = re.compile(rb"class (\w+)\(WeightsEnum\):\n((?:(?:    .*)?\n)+)")
_VISION_TAG = re.compile(rb"(?m)^    (\w+) = (\w+)")


@dataclass(frozen=True, slots=True)
class Architecture:
    """One architecture as its library's source declares it; the first of `weights` is the default."""

    name: str
    family: str
    weights: tuple[str, ...]


class _Entry(NamedTuple):
    """One entry of timm's table, and where it stands there."""

    name: bytes
    tag: bytes
    star: bytes | None
    start: int
    end: int


def timm_architectures(root: Path | None = None) -> list[Architecture]:
    """Every architecture of the installed timm, deprecated names excluded; empty where timm is missing."""
    return [arch for file in _files("timm", root) for arch in _timm_file(file)]


def torchvision_architectures() -> list[Architecture]:
    """Every classifier of the installed torchvision; empty where torchvision is missing."""
    return [arch for file in _files("torchvision") for arch in _torchvision_file(file)]


def _files(package: str, root: Path | None = None) -> list[Path]:
    """The sources under `package.models`; only the top-level name is looked up, which imports nothing."""
    if root is None:
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            return []
        root = Path(spec.submodule_search_locations[0])
    return sorted((root / "models").glob("*.py"))


@cache  # a process that asks again gets the library that it has or would import
def _timm_file(file: Path) -> tuple[Architecture, ...]:
    text = file.read_bytes()
    names = _TIMM_MODEL.findall(text)
    if not names:
        return ()
    start = text.find(b"default_cfgs = ")
    table = text[start : text.find(b"\n@register_model\n", start)]
    entries = list(_timm_entries(table))
    tags = _by_architecture([*entries, *_timm_derived(text[:start], table, entries)], set(names))
    return tuple(Architecture(name.decode(), file.stem, tuple(tags.get(name, ()))) for name in names)


def _timm_entries(table: bytes) -> Iterator[_Entry]:
    """What a table of configurations says of weights that can be had: all others are marks of what might be one day."""
    keys = list(_TIMM_TAG.finditer(table))
    ends = [key.start() for key in keys[1:]] + [len(table)]
    for key, end in zip(keys, ends, strict=False):
        name, tag, star = key.groups()
        if tag and _TIMM_ORIGIN.search(table, key.start(), end):
            yield _Entry(name, tag, star, key.start(), end)


def _timm_derived(before: bytes, table: bytes, entries: Iterable[_Entry]) -> Iterator[_Entry]:
    """Entries that the table is given by a loop: copies of others under another name."""
    # Plain finds first, which are quick: few tables have either.
    if b" for suffix in " in table and (suffixed := _TIMM_SUFFIXED.search(table)):
        source, suffixes = suffixed.groups()
        for entry in _timm_entries(before[before.find(source + b" = {") :]):
            for suffix in _QUOTED.findall(suffixes):
                yield entry._replace(name=entry.name + suffix)
    if b"n.replace(" in table and (renamed := _TIMM_RENAMED.search(table)):
        chosen = table[table.rfind(b"\n_", 0, renamed.start()) : renamed.start()]  # timm's list, by note or by name
        word = _TIMM_NOTED.search(chosen)
        note = re.compile(rb"\n +notes=\([^)]*" + word[1]) if word else None
        for entry in entries:
            listed = note.search(table, entry.start, entry.end) if note else b"'%s.%s'" % entry[:2] in chosen
            if listed:
                yield entry._replace(name=entry.name.replace(renamed[1], renamed[2]))


def _by_architecture(entries: Iterable[_Entry], names: set[bytes]) -> dict[bytes, list[str]]:
    """Pretrained tags by architecture; a star is timm's mark of the default."""
    tags: dict[bytes, list[str]] = {}
    for entry in entries:
        if entry.name in names:
            known = tags.setdefault(entry.name, [])
            known.insert(0 if entry.star else len(known), entry.tag.decode())
    return tags


@cache
def _torchvision_file(file: Path) -> tuple[Architecture, ...]:
    text = file.read_bytes()
    enums = {name: _torchvision_tags(body) for name, body in _VISION_ENUM.findall(text)}
    found = _VISION_MODEL.findall(text)
    return tuple(Architecture(name.decode(), file.stem, enums.get(enum, ())) for name, enum in found)


def _torchvision_tags(body: bytes) -> tuple[str, ...]:
    """The members of one weights enumeration, its default first."""
    members = dict(_VISION_TAG.findall(body))
    default = members.pop(b"DEFAULT", b"")
    ordered = sorted(members, key=lambda member: member != default)
    return tuple(member.decode() for member in ordered)
