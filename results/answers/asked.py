"""What is asked about: models of a run by their names, and what is said where there is no such thing."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from results.errors import StoreError
from results.sanitize import plain

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


def some(models: Collection[str]) -> str:
    """The names of the first few, and how many more there are."""
    names = [plain(model) for model in sorted(models)]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more if names else "none"
