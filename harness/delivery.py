# ruff: noqa: TID253
"""How a trial's outcome gets from the process that found it to the run's folder: JSON, and files beside it.

The child is not believed. Its scores are computed here from the predictions that it delivers, whose labels must be
the dataset's own: a plugin that changed a metric, or the labels, is found out.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness import checkpoint
from harness.checked import require_honest
from harness.schema import require_record
from results.codec import from_json, to_json
from results.durable import read_regular, write_atomic
from results.metrics import score, top_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.outcome import Outcome
    from results.records import Record

PREDICTIONS = "predictions.npz"
CHECKPOINT = "checkpoint"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """A trial's record with its scores, the text of its log if it failed, and the files that are to be kept.

    `files` maps the kinds "predictions" and "checkpoint" to where the child left them.
    """

    record: Record
    log: str = ""
    files: Mapping[str, Path] = field(default_factory=dict)


def pack(outcome: Outcome, folder: Path) -> dict[str, Any]:
    """Write the outcome's arrays into `folder`; returns the rest as JSON. Raises StoreError."""
    folder.mkdir(parents=True, exist_ok=True)
    claimed = None
    if outcome.predictions:
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **dict[str, Any](outcome.predictions))
        write_atomic(folder / PREDICTIONS, buffer.getvalue())
        claimed = top_error(outcome.predictions, 1)
    if outcome.model is not None and outcome.card is not None:
        checkpoint.save(folder / CHECKPOINT, outcome.model, outcome.card)
    return {"record": to_json(outcome.record).decode(), "log": outcome.traceback, "claimed_top1_err": claimed}


def unpack(told: Mapping[str, Any], folder: Path, *, labels: Sequence[int], classes: Sequence[str]) -> Delivered:
    """What `pack` gave, checked and scored. Raises ValueError or ZooError where it is not what a trial gives."""
    try:
        record, log, claimed = from_json(told["record"].encode()), str(told["log"]), told["claimed_top1_err"]
    except (KeyError, AttributeError, TypeError) as error:
        raise ValueError(f"it is no result of a trial ({type(error).__name__})") from error
    require_record(record)
    if claimed is None:
        if record.status == "ok":
            raise ValueError("it is ok and has no predictions")
        return Delivered(record=record, log=log)
    arrays = _read_arrays(folder / PREDICTIONS)
    require_honest(arrays, labels, claimed, len(classes))
    scores = score(arrays, classes)
    scored = replace(
        record,
        measurements=(*scores.measurements, *record.measurements),
        per_class=scores.per_class,
        confusion=scores.confusion,
    )
    files = {"predictions": folder / PREDICTIONS, "checkpoint": folder / CHECKPOINT}
    return Delivered(record=scored, log=log, files={kind: path for kind, path in files.items() if path.exists()})


def _read_arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    try:
        with np.load(io.BytesIO(read_regular(path)), allow_pickle=False) as arrays:
            return dict(arrays)
    # What numpy raises for a file that is none of its own depends on where it differs.
    except Exception as error:
        raise ValueError(f"its predictions cannot be read ({type(error).__name__})") from error
