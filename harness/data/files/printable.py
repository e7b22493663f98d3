"""Names from outside (files, folders, classes) as one line of valid, printable text."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from results.sanitize import visible


def shown_path(path: Path) -> str:
    """A path as people write it, with `~` for the home folder."""
    home = Path.home()
    return visible(f"~/{path.relative_to(home)}" if path.is_relative_to(home) and path != home else str(path))


def listed(names: Iterable[object], limit: int = 5) -> str:
    """The first few names, and how many more there are."""
    items = [visible(str(name)) for name in names]
    more = f" and {len(items) - limit:,} more" if len(items) > limit else ""
    return ", ".join(items[:limit]) + more


def how_many(num: int, one: str, many: str) -> str:
    """A number and what is counted, in the singular or the plural: `1 link leads`, `2 links lead`."""
    return f"{num:,} {one if num == 1 else many}"
