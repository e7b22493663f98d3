"""Which run and which of its models are meant by the names that were typed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from results.answers.asked import require_model
from results.errors import StoreError
from results.store.run_store import RunStore


def run_and_models(names: Sequence[str], output: Path) -> tuple[RunStore, list[str]]:
    """The run and the models that are meant: all names are models of the latest run, or the first names a run."""
    if not names:
        return RunStore.find(None, output), []
    try:
        latest = RunStore.find(None, output)
    except StoreError:
        return RunStore.find(names[0], output), list(names[1:])
    models = {record.model for record in latest.records()}
    if set(names) <= models:
        return latest, list(names)
    try:
        return RunStore.find(names[0], output), list(names[1:])
    except StoreError:
        wrong = next(name for name in names if name not in models)
        require_model(wrong, models, latest.path.name)
        raise
