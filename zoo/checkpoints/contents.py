"""Which of the things that a training script saved are the weights."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from zoo.checkpoints.checkpoint import Checkpoint, listed
from zoo.errors import ZooError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Averages over the training, as timm's train.py (state_dict_ema), torchvision's reference script (model_ema) and
# others keep them: all of these evaluate and rank by them where they are.
_AVERAGED = re.compile(r"(?:^|_)ema(?:_|$)", re.IGNORECASE)
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network")
MOST_WRAPPERS = 3
PLAIN = (bool, int, float, str)
# The key under which the harness's own files, which are safetensors, keep the versions of the modules that saved them.
VERSIONS = "versions"


def checkpoint_of(content: Any, words: Mapping[str, str], path: Path) -> Checkpoint:
    """The tensors themselves, out of what training scripts put around them. Raises ZooError where it is not plain."""
    notes, settings = _architecture(content), _settings(content)
    for _ in range(MOST_WRAPPERS):
        if _is_state(content):
            break
        sets = {name: entry for name, entry in _entries(content) if _leads_to_state(entry)}
        name = _preferred(sets, path)
        notes.append(_chosen(name, [other for other in sets if other != name]))
        content = sets[name]
    if not _is_state(content):
        raise _no_tensors(path)
    return Checkpoint(tensors=content, versions=_versions(content, words), notes=tuple(notes), settings=settings)


def _architecture(content: Any) -> list[str]:
    """What timm and torch's own example say the model is: two may have equal tensors and compute otherwise."""
    arch = dict(_entries(content)).get("arch")
    return [f"saved as {listed([arch])}"] if isinstance(arch, str) else []


def _settings(content: Any) -> dict[str, Any]:
    """What stands beside the tensors and is plain: a size, a name, a list of widths, a table of classes."""
    return {name: entry for name, entry in _entries(content) if _is_plain(entry)}


def _is_plain(entry: Any) -> bool:
    if isinstance(entry, dict):
        return bool(entry) and all(isinstance(part, PLAIN) for pair in entry.items() for part in pair)
    return isinstance(entry, PLAIN) or (isinstance(entry, list | tuple) and all(isinstance(e, PLAIN) for e in entry))


def _is_state(content: Any) -> bool:
    import torch

    named = isinstance(content, dict) and bool(content) and all(isinstance(name, str) for name in content)
    return named and all(isinstance(value, torch.Tensor) for value in content.values())


def _entries(content: Any) -> list[tuple[str, Any]]:
    items = content.items() if isinstance(content, dict) else ()
    return [(name, entry) for name, entry in items if isinstance(name, str)]


def _leads_to_state(entry: Any) -> bool:
    return _is_state(entry) or any(name in _WRAPPERS and _is_state(inner) for name, inner in _entries(entry))


def _preferred(sets: Mapping[str, Any], path: Path) -> str:
    """The averaged weights where there are some, else those under a usual name, else the only ones."""
    averaged = [name for name in sets if _AVERAGED.search(name)]
    usual = [name for name in _WRAPPERS if name in sets]
    likely = averaged or usual[:1] or list(sets)
    if len(likely) == 1:
        return likely[0]
    if not likely:
        raise _no_tensors(path)
    cause = f"{path} holds {len(likely)} sets of tensors: {listed(likely)}"
    raise ZooError(cause, "save the one that is meant by itself, with torch.save")


def _chosen(name: str, others: list[str]) -> str:
    averaged = " (averaged weights)" if _AVERAGED.search(name) else ""
    return f"{listed([name])}{averaged} taken{f', not {listed(others)}' if others else ''}"


def _versions(state: Any, words: Mapping[str, str]) -> dict[str, int]:
    """What `state_dict()` notes of each module beside its tensors; a file made by other means says nothing."""
    said = getattr(state, "_metadata", None)
    if not isinstance(said, dict):
        said = _decoded(words.get(VERSIONS, "{}"))
    versions = {name: entry.get("version") if isinstance(entry, dict) else entry for name, entry in said.items()}
    return {name: version for name, version in versions.items() if isinstance(name, str) and type(version) is int}


def _decoded(text: str) -> dict[str, Any]:
    try:
        versions = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return versions if isinstance(versions, dict) else {}


def _no_tensors(path: Path) -> ZooError:
    return ZooError(f"{path} holds no plain tensors by name", "save model.state_dict()")
