"""What the cache holds, as plain data and as lines; and clearing it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from harness.data.files.cache import BOUND, KINDS, bound, cache_root
from harness.data.files.cache_entries import Entry, entries, remove, sum_bytes
from harness.data.files.printable import shown_path
from results.errors import StoreError
from results.tables.number_format import counted, duration, shown_bytes


def report() -> dict[str, Any]:
    """Folder, bound, and of each kind: files and bytes, those of other versions and in use, and seconds since use."""
    kept = entries()
    return {
        "folder": str(cache_root()),
        "bytes": sum_bytes(kept),
        "bound": bound(sum_bytes(kept)),
        "kinds": {kind: _of_kind([entry for entry in kept if entry.kind == kind]) for kind in KINDS},
    }


def as_text(facts: Mapping[str, Any]) -> list[str]:
    """The same for people, a line for each kind."""
    held, limit = shown_bytes(facts["bytes"]), shown_bytes(facts["bound"])
    lines = [f"{shown_path(cache_root())}: {held}, at most {limit} ({BOUND} sets that)"]
    for kind, of_kind in facts["kinds"].items():
        lines.append(f"  {kind:<8}  {_counted(of_kind)}{_details(of_kind)}  ({KINDS[kind]})")
    return lines


def clear(kind: str | None, *, dry: bool) -> dict[str, Any]:
    """Delete everything of a kind, or of all, that no run is using; where `dry`, only say what would go.

    Raises StoreError where the folder does not allow it.
    """
    kept = [entry for entry in entries() if kind in (None, entry.kind)]
    going = [entry for entry in kept if not entry.in_use]
    try:
        remove([] if dry else going)
    except OSError as error:
        cause = f"{shown_path(cache_root())} cannot be cleared: {error.strerror}"
        raise StoreError(cause, "check its permissions and the disk") from error
    return {
        "dry_run": dry,
        "removed": _amount(going),
        "in_use": _amount([entry for entry in kept if entry.in_use]),
    }


def cleared_as_text(facts: Mapping[str, Any]) -> str:
    """The same for people."""
    text = f"{'would remove' if facts['dry_run'] else 'removed'} {_counted(facts['removed'])}"
    return f"{text}; {_counted(facts['in_use'])} kept: a run is using them" if facts["in_use"]["files"] else text


def _of_kind(kept: Sequence[Entry]) -> dict[str, Any]:
    ages = [max(0.0, time.time() - entry.used) for entry in kept]
    return {
        **_amount(kept),
        "other_versions": _amount([entry for entry in kept if not entry.current]),
        "in_use": _amount([entry for entry in kept if entry.in_use]),
        "used_s_ago": {"least": min(ages), "most": max(ages)} if ages else None,
    }


def _amount(kept: Sequence[Entry]) -> dict[str, int]:
    return {"files": len(kept), "bytes": sum_bytes(kept)}


def _counted(amount: Mapping[str, int]) -> str:
    return f"{counted(amount['files'], 'file')}, {shown_bytes(amount['bytes'])}"


def _details(of_kind: Mapping[str, Any]) -> str:
    """What is more than nothing: other versions, users, ages."""
    other, used, ages = of_kind["other_versions"], of_kind["in_use"], of_kind["used_s_ago"]
    parts = [f"of other versions {_counted(other)}"] if other["files"] else []
    parts += [f"in use {_counted(used)}"] if used["files"] else []
    parts += [f"used {_ago(ages['least'])} to {_ago(ages['most'])} ago"] if ages else []
    return "".join(f"; {part}" for part in parts)


def _ago(seconds: float) -> str:
    days = int(seconds // 86_400)
    return counted(days, "day") if days else duration(seconds)
