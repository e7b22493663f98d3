"""A stored run as the sections of a page need it, summed up once for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from results.ranking.summary import Summary, summarise
from results.records import Record
from results.sanitize import name, plain
from results.store.run_store import RunStore
from results.tables.flat_rows import Flat, flat
from results.tables.sentence import remarks, untold


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRun:
    """`rows` are those of table.csv, `records` all trials, those that failed as well; `configuration` is run.json.

    `remarks` are the lines below a table, and `untold` those of them that say what the data cannot tell.
    """

    store: RunStore
    summary: Summary
    rows: Sequence[Flat]
    records: Sequence[Record]
    configuration: Mapping[str, Any]
    remarks: Sequence[str]
    untold: Sequence[str]

    @property
    def folder(self) -> str:
        """What names the run to a command, wherever runs lie."""
        return plain(self.store.path)

    @property
    def name(self) -> str:
        """What the run is called: its folder."""
        return name(self.store.path.absolute().name)


def report_run(store: RunStore, summary: Summary | None = None) -> ReportRun:
    """The run in `store`, whose `summary` may be known. Raises StoreError where its trials cannot be ranked."""
    records = store.records()
    known = summary or summarise(records, store.predictions)
    return ReportRun(
        store=store,
        summary=known,
        rows=flat(known),
        records=records,
        configuration=store.configuration,
        remarks=remarks(known),
        untold=untold(known),
    )
