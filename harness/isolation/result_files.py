"""How a trial's outcome gets from the process that found it to the run's folder: JSON, and files beside it.

The child is not believed. Its scores are computed here from the predictions that it leaves, whose labels must be
the dataset's own: a plugin that changed a metric, or the labels, is found out.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.isolation.validate import is_number, require_findings
from harness.isolation.verify_scores import require_honest, require_validation
from harness.trial import saved_model
from harness.trial.outcome import Findings
from results.ranking.metrics import Scores, score, top_error
from results.records import Failure
from results.store.atomic import read_regular, write_atomic
from results.store.codec import decoded, encoded, read_arrays, read_measurement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.trial.outcome import Outcome

PREDICTIONS = "predictions.npz"
CHECKPOINT = "checkpoint"
PLACES = {"rows", "groups"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """A trial's findings and their scores, the text of its log if it failed, and the files that are to be kept.

    `files` maps the kinds "predictions" and "checkpoint" to where the child left them.
    """

    findings: Findings
    scores: Scores | None = None
    log: str = ""
    files: Mapping[str, Path] = field(default_factory=dict)


def pack(outcome: Outcome, folder: Path) -> dict[str, Any]:
    """Write the outcome's arrays into `folder`; returns the rest as JSON. Raises StoreError."""
    folder.mkdir(parents=True, exist_ok=True)
    claimed = None
    if outcome.predictions:
        write_arrays(folder / PREDICTIONS, outcome.predictions)
        # By the metric of this process: the parent's gives another figure if a plugin has patched it.
        claimed = top_error(outcome.predictions, 1)
    if outcome.model is not None and outcome.card is not None:
        saved_model.save(folder / CHECKPOINT, outcome.model, outcome.card)
    findings = encoded(asdict(outcome.findings))
    return {"findings": findings, "log": outcome.traceback, "claimed_top1_err": claimed}


def pack_again(packed: Mapping[str, Any], outcome: Outcome) -> dict[str, Any]:
    """What `pack` gave, with the findings that the outcome has by now: its files are written once."""
    return {**packed, "findings": encoded(asdict(outcome.findings)), "log": outcome.traceback}


def unpack(
    packed: Mapping[str, Any],
    folder: Path,
    *,
    labels: Sequence[int],
    val_labels: Sequence[int],
    classes: Sequence[str],
    places: Mapping[str, Sequence[int]] | None = None,
) -> TrialResult:
    """What `pack` gave, checked and scored. Raises ValueError or ZooError where it is not what a trial gives.

    `labels` are the dataset's own of the test images, `val_labels` those of the validation images, in their order.
    `places` are numbers [N] that say of each test image where it stands; they are kept beside the predictions.
    """
    try:
        findings, log = _read_findings(decoded(packed["findings"])), str(packed["log"])
        claimed = packed["claimed_top1_err"]
    # Whoever can write to the pipe decides how deep the lists are nested.
    except (KeyError, AttributeError, TypeError, RecursionError) as error:
        raise ValueError(f"it is no result of a trial ({type(error).__name__})") from error
    require_findings(findings)
    if claimed is None:
        if findings.status == "ok":
            raise ValueError("it is ok and has no predictions")
        return TrialResult(findings=findings, log=log)
    if not is_number(claimed):
        raise ValueError(f"it claims a top-1 error of {claimed!r:.40}")
    arrays = read_array_file(folder / PREDICTIONS)
    require_honest(arrays, labels, claimed, len(classes))
    require_validation(arrays, val_labels, len(classes))
    if PLACES & arrays.keys():
        raise ValueError("its predictions say where its test images stand, which is not its to say")
    if places:
        write_arrays(folder / PREDICTIONS, arrays | {name: np.asarray(at) for name, at in places.items()})
    files = {"predictions": folder / PREDICTIONS, "checkpoint": folder / CHECKPOINT}
    return TrialResult(
        findings=findings,
        scores=score(arrays, classes),
        log=log,
        files={kind: path for kind, path in files.items() if path.exists()},
    )


def _read_findings(data: Any) -> Findings:
    """By name, so that no further word of a child's gets into a record: not its key, nor the path of a log."""
    error = data["error"]
    return Findings(
        status=data["status"],
        facts=data["facts"],
        error=Failure(phase=error["phase"], cause=error["cause"]) if error else None,
        measurements=tuple(read_measurement(one) for one in data["measurements"]),
        history=tuple(data["history"]),
    )


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **dict[str, Any](arrays))
    write_atomic(path, buffer.getvalue())


def read_array_file(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    try:
        # Never by its path: a child may have put a link or a pipe there.
        return read_arrays(read_regular(path))
    # What numpy raises for a file that is none of its own depends on where it differs.
    except Exception as error:
        raise ValueError(f"its predictions cannot be read ({type(error).__name__})") from error
