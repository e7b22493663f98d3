"""Loggers without a library: a run's epochs and trials as CSV, and as JSON lines."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from zoo.events import EpochEvent, LoggerSpec, RunEvent, TrialEvent
from zoo.hookspecs import hookimpl

if TYPE_CHECKING:
    from pathlib import Path

ABOUT = ("model", "dataset", "seed", "fold", "attempt")
EPOCH = ("train_loss", "val_loss", "val_top1_err", "lr", "train_images_per_sec")


@hookimpl
def zoo_loggers() -> list[LoggerSpec]:
    return [
        LoggerSpec(name="csv", open=open_csv, summary="epochs.csv and trials.csv, a line each"),
        LoggerSpec(name="jsonl", open=JsonLinesLogger, summary="events.jsonl, an object a line"),
    ]


def open_csv(folder: Path, run: RunEvent) -> CsvLogger:
    """Go on with the trials that an earlier part of the run has written."""
    import csv
    import io

    path = folder / "trials.csv"
    with path.open(newline="", encoding="utf-8") if path.exists() else io.StringIO() as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    return CsvLogger(folder, {tuple(row[name] for name in ABOUT): row for row in rows})


class CsvLogger:
    """Both files have a column for each figure; `trials.csv` is written anew with each trial, which may bring more."""

    def __init__(self, folder: Path, trials: dict[tuple[str, ...], dict[str, Any]]) -> None:
        self.folder, self.trials = folder, trials

    def epoch(self, event: EpochEvent) -> None:
        import csv

        figures = [event.metrics.get(name, "") for name in EPOCH]
        with (self.folder / "epochs.csv").open("a", newline="", encoding="utf-8") as file:
            header = [] if file.tell() else [[*ABOUT, "epoch", *EPOCH]]
            csv.writer(file).writerows([*header, [*_about(event).values(), event.epoch, *figures]])

    def trial(self, event: TrialEvent) -> None:
        import csv

        row = {name: "" if value is None else str(value) for name, value in _about(event).items()}
        self.trials[tuple(row.values())] = row | {"status": event.status, **event.metrics}
        columns = dict.fromkeys(name for row in self.trials.values() for name in row)
        draft = self.folder / "trials.csv.part"
        with draft.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(columns), restval="")
            writer.writeheader()
            writer.writerows(self.trials.values())
        draft.replace(self.folder / "trials.csv")

    def close(self) -> None:
        """Every line is on its way to the disk already."""


class JsonLinesLogger:
    """`events.jsonl`: {"event": "epoch" or "trial", …, "metrics": {…}}; a trial with its configuration and its facts.

    The last line of a trial holds. Numbers that JSON lacks are null.
    """

    def __init__(self, folder: Path, run: RunEvent) -> None:
        self.path = folder / "events.jsonl"

    def epoch(self, event: EpochEvent) -> None:
        self._write({"event": "epoch", **_about(event), "epoch": event.epoch, "metrics": event.metrics})

    def trial(self, event: TrialEvent) -> None:
        config, facts, error = (event.record[name] for name in ("trial", "facts", "error"))
        line = {"event": "trial", **_about(event), "status": event.status, "metrics": event.metrics}
        self._write(line | {"config": config, "facts": facts, "error": error})

    def close(self) -> None:
        """Every line is on its way to the disk already."""

    def _write(self, line: dict[str, Any]) -> None:
        import json

        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(_plain(line), allow_nan=False) + "\n")


def _about(event: EpochEvent | TrialEvent) -> dict[str, Any]:
    fold = event.fold if isinstance(event, EpochEvent) else event.record["trial"].get("fold")
    return {name: fold if name == "fold" else getattr(event, name) for name in ABOUT}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not isfinite(value) else value
