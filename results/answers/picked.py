"""What a pick has come to before its finals, as its file has it; how the finals ended is the run's own summary."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from results.store.atomic import read_regular

if TYPE_CHECKING:
    from results.store.run_store import RunStore

PICK_FILE, ACCOUNT = "pick.json", "account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A stage of the funnel: how many models were left after it, what it was, and how long it took."""

    left: int
    words: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A model that came near: the stage that dropped it, and what decided that."""

    model: str
    stage: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kindness:
    """The error of the best of `num_models` on `num_images` validation images, in percent, and the percentage points by
    which that is expected to be too kind."""

    error: float
    pp: float
    num_models: int
    num_images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomCheck:
    """The error of the best of the models that were drawn at random, beside that of the best of all `others`."""

    num_models: int
    model: str
    error: float
    others: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """The funnel and what is to be said of it."""

    steps: tuple[Step, ...]
    misses: tuple[Miss, ...]
    kindness: Kindness | None
    random: RandomCheck | None


def picked(store: RunStore) -> Picked | None:
    """That of the run in `store`; None where it is no pick's, or its file cannot be read."""
    path = store.path / PICK_FILE
    if not path.is_file():
        return None
    try:
        return _read(json.loads(read_regular(path))["stages"][ACCOUNT])
    except (ValueError, KeyError, TypeError):  # not begun, or damaged: the finals' own figures are whole
        return None


def _read(account: Mapping[str, Any]) -> Picked:
    kind, drawn = account["optimism"], account["random"]
    return Picked(
        steps=tuple(Step(left=int(left), words=str(words), seconds=float(s)) for left, words, s in account["steps"]),
        misses=tuple(Miss(model=str(model), stage=str(stage), reason=str(r)) for model, stage, r in account["misses"]),
        kindness=None if kind is None else Kindness(**kind, num_images=int(account["num_validation"])),
        random=None if drawn is None else RandomCheck(**drawn),
    )
