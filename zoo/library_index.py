"""Names of architectures and of their weights, read from a library's source files without importing it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

# Bytes, and patterns that begin with literal text: both scans together are part of the start-up of `harness list`.
_TIMM_MODEL = re.compile(rb"@register_model\n(?:@.*\n)*def (\w+)")
_TIMM_TAG = re.compile(rb"""\n +["'](\w+)(?:\.([\w.]*)(\*?))?["']: *(?=\w*[({])""")
_TIMM_ORIGIN = re.compile(
    rb"""(?m)^[^#\n]*(?:\burl=f?["'][^"']|hf_hub_id["']?[=:]|\bfile=["']|["']url["']:|\(["']http|_radio_cfg)"""
)
_VISION_MODEL = re.compile(rb"@register_model\(\)\n(?:@.*\n)*def (\w+)\(\s*\*,\s*weights: Optional\[(\w+)\]")
_VISION_ENUM = re.compile(rb"class (\w+)\(WeightsEnum\):\n((?:(?:    .*)?\n)+)")
_VISION_TAG = re.compile(rb"(?m)^    (\w+) = (\w+)")


@dataclass(frozen=True, slots=True)
class Architecture:
    """One architecture as its library's source declares it; the first of `weights` is the default."""

    name: str
    family: str
    weights: tuple[str, ...]


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


def _timm_file(file: Path) -> list[Architecture]:
    text = file.read_bytes()
    names = _TIMM_MODEL.findall(text)
    if not names:
        return []
    start = text.find(b"default_cfgs = ")
    tags = _timm_tags(text[start : text.find(b"\n@register_model\n", start)], set(names))
    return [Architecture(name.decode(), file.stem, tuple(tags.get(name, ()))) for name in names]


def _timm_tags(text: bytes, names: set[bytes]) -> dict[bytes, list[str]]:
    """Pretrained tags by architecture; a starred or a missing tag is timm's mark of the default."""
    tags: dict[bytes, list[str]] = {}
    keys = list(_TIMM_TAG.finditer(text))
    ends = [key.start() for key in keys[1:]] + [len(text)]
    for key, end in zip(keys, ends, strict=False):
        name, tag, star = key.groups()
        if name in names and tag and _TIMM_ORIGIN.search(text, key.start(), end):
            known = tags.setdefault(name, [])
            known.insert(0 if star else len(known), tag.decode())
    return tags


def _torchvision_file(file: Path) -> list[Architecture]:
    text = file.read_bytes()
    enums = {name: _torchvision_tags(body) for name, body in _VISION_ENUM.findall(text)}
    return [Architecture(name.decode(), file.stem, enums.get(enum, ())) for name, enum in _VISION_MODEL.findall(text)]


def _torchvision_tags(body: bytes) -> tuple[str, ...]:
    """The members of one weights enumeration, its default first."""
    members = dict(_VISION_TAG.findall(body))
    default = members.pop(b"DEFAULT", b"")
    ordered = sorted(members, key=lambda member: member != default)
    return tuple(member.decode() for member in ordered)
