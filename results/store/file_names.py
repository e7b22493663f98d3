"""File names for models and trials: readable, different for different ones, and never outside their folder."""

from __future__ import annotations

import hashlib
import re

# Lower case only: two names that differ in case alone would be one file on some systems.
PLAIN = re.compile(r"[a-z0-9][a-z0-9_.-]*(/[a-z0-9][a-z0-9_.-]*)*")
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?")
MAX_LENGTH = 80
CARD_FILE = "model.json"  # of a checkpoint


def slug(name: str) -> str:
    """The file name of a model: `timm/resnet18.a1_in1k` is `timm--resnet18.a1_in1k`.

    A name that cannot be kept letter by letter is cleaned and ends in `+` and a hash. No plain name holds a `+`, so
    none can be made to meet another's file.
    """
    if is_plain(name):
        return name.replace("/", "--")
    cleaned = re.sub(r"[^A-Za-z0-9_.-]+", "_", name)[:MAX_LENGTH].strip(".-_") or "unnamed"
    return f"{cleaned}+{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def trial_slug(model: str, seed: int, fold: int | None = None) -> str:
    """The name of a trial's files and folders: `<model>@s<seed>`, of a fold `<model>@s<seed>f<fold>`."""
    return f"{slug(model)}@s{seed}{'' if fold is None else f'f{fold}'}"


def is_plain(name: str) -> bool:
    """Whether the name can be read back from its slug, and is a file name on every system."""
    parts = name.split("/")
    ambiguous = "--" in name or any(part.endswith((".", "-")) for part in parts)
    reserved = any(RESERVED.fullmatch(part) for part in parts)
    return bool(PLAIN.fullmatch(name)) and len(name) <= MAX_LENGTH and not ambiguous and not reserved
