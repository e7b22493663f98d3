"""pick.json: what was asked, and what each stage has come to. A stage that is in it is never done again.

So a pick that was killed goes on with the very times that were measured and the very models that were chosen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.plan.changes import refuse_changes
from results.errors import StoreError
from results.store.atomic import read_regular

if TYPE_CHECKING:
    from harness.data.dataset import Dataset
    from results.store.run_store import RunStore

PICK_FILE = "pick.json"
SCHEMA = 1
RESTORE = "restore them, or start a new pick: python -m harness pick"


@dataclass(slots=True)
class PickFile:
    """The stages of one pick by name; without a `store` they are only remembered."""

    store: RunStore | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    stages: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, store: RunStore) -> PickFile:
        """That of an earlier pick. Raises StoreError where it is damaged or of a later version."""
        path = store.path / PICK_FILE
        try:
            content = json.loads(read_regular(path))
            schema, arguments, stages = int(content["schema"]), dict(content["arguments"]), dict(content["stages"])
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{path} is damaged ({type(error).__name__})", "restore it, or start a new pick"
            ) from error
        if schema > SCHEMA:
            raise StoreError(f"{path} was written by a later version", "go on with the version that began the pick")
        return cls(store, arguments, stages)

    def once(self, stage: str, compute: Callable[[], Any]) -> Any:
        """What the stage came to: as it is kept, or as `compute` says now. Plain data."""
        if stage not in self.stages:
            # Through JSON at once: what is gone on with must not differ from what was just computed.
            self.stages[stage] = json.loads(json.dumps(compute()))
            self.write()
        return self.stages[stage]

    def write(self) -> None:
        """Keep all that is known. Raises StoreError where it cannot be written."""
        if self.store is not None:
            content = {"schema": SCHEMA, "arguments": dict(self.arguments), "stages": self.stages}
            self.store.write(PICK_FILE, json.dumps(content, indent=1).encode())


def is_pick(store: RunStore) -> bool:
    """Whether a run is that of a pick's finalists, or is to become it."""
    return (store.path / PICK_FILE).is_file()


def require_same_data(store: RunStore, dataset: Dataset) -> None:
    """Raise ZooError where the data of a pick are not those that it was begun with."""
    if not store.configuration["trials"]:  # else the run of the finalists asks by itself, which may be one in folds
        refuse_changes(store.configuration["data"], dataset.facts, "the data are not those of the pick", RESTORE)
