"""What differs between two sets of settings, key by key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo.errors import ZooError

MAX_NAMED, MAX_SHOWN = 5, 24


def refuse_changes(then: Mapping[str, Any], now: Mapping[str, Any], what: str, remedy: str) -> None:
    """Raise ZooError that names the keys whose value is not what it was."""
    changed = [f"{key} {_short(old)} -> {_short(new)}" for key, old, new in differences(then, now)]
    if changed:
        more = f" and {len(changed) - MAX_NAMED} more" if len(changed) > MAX_NAMED else ""
        raise ZooError(f"{what}: {', '.join(changed[:MAX_NAMED])}{more}", remedy)


def differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Keys with different values, each with the old and the new one; nested keys are joined by dots."""
    changes: list[tuple[str, Any, Any]] = []
    for key in [*then, *(key for key in now if key not in then)]:
        old, new = _plain(then.get(key)), _plain(now.get(key))
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            changes += [(f"{key}.{inner}", a, b) for inner, a, b in differences(old, new)]
        elif old != new:
            changes.append((key, old, new))
    return changes


def _plain(value: Any) -> Any:
    """As JSON has it, which knows no tuples."""
    return list(value) if isinstance(value, tuple) else value


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
