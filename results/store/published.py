"""Tables that are kept in git and in the installed package: what was run, when and where, and what came out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results.store.run_store import RUN_FILE

PUBLISHED = Path(__file__).parents[1] / "published"
# What is kept of a run, by the format that each is.
FILES = {"text": "table.txt", "md": "table.md", "csv": "table.csv"}


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A folder with a table in three formats, and a `run.json` of the machine, the command and the date."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def card(self) -> dict[str, Any]:
        """Harness, command, machine, data, date, and how many models and seeds."""
        card: dict[str, Any] = json.loads((self.folder / RUN_FILE).read_text(encoding="utf-8"))
        return card

    def text(self, written: str) -> str:
        """The table in one of the formats of `FILES`."""
        return (self.folder / FILES[written]).read_text(encoding="utf-8")


def published(folder: Path = PUBLISHED) -> dict[str, PublishedTable]:
    """All published tables by name."""
    return {path.parent.name: PublishedTable(path.parent) for path in sorted(folder.glob(f"*/{RUN_FILE}"))}
