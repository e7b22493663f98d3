"""What is asked about: models of a run by their names, and what is said where there is no such thing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from pathlib import Path

from results.errors import StoreError
from results.sanitize import plain
from results.store.run_store import RunStore

USAGE, NO_DATA = 2, 3
MOST_NAMED = 6


class Unanswerable(StoreError):
    """A question that this run cannot be asked."""

    def __init__(self, cause: str, remedy: str, exit_code: int = USAGE) -> None:
        super().__init__(cause, remedy, exit_code)


def require_model(name: str, models: Collection[str], run: str) -> str:
    """`name`, where the run has such a model. Raises Unanswerable, which says what was meant or what there is."""
    if name in models:
        return name
    raise no_model(name, models, run)


def no_model(name: str, models: Collection[str], run: str) -> Unanswerable:
    """That the run has no such model, which one was meant, and what there is."""
    near = get_close_matches(name, models, 1)
    guess = f" Did you mean {plain(near[0])}?" if near else ""
    return Unanswerable(f"run {plain(run)} has no model '{plain(name)}'.{guess}", f"its models: {some(models)}")


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


def some(models: Collection[str]) -> str:
    """The names of the first few, and how many more there are."""
    names = [plain(model) for model in sorted(models)]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more if names else "none"
