"""What plugins and loggers are told of a trial that has ended."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from results.records import Record
from results.store.file_names import trial_slug
from zoo.events import TrialEvent


def trial_event(record: Record, path: Path, attempt: int = 1) -> TrialEvent:
    """The event of a record that is on disk at `path`."""
    return TrialEvent(
        key=record.key,
        model=record.model,
        dataset=record.dataset,
        seed=record.seed,
        status=record.status,
        path=path,
        record=asdict(record),
        name=trial_slug(record.model, record.seed, record.fold),
        attempt=attempt,
        metrics={one.name: one.median for one in record.measurements},
    )
