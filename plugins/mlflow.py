"""The logger `mlflow`: an experiment a run, and in it an MLflow run for each trial.

Where MLFLOW_TRACKING_URI is set it logs there, else into the database `logs/mlflow/mlflow.db`: MLflow 3 refuses stores
that are plain files.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zoo.events import EpochEvent, LoggerSpec, RunEvent, TrialEvent
from zoo.hookspecs import hookimpl

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow import MlflowClient

MOST_PARAMS, LONGEST_PARAM = 100, 500  # that MLflow takes at once


@hookimpl
def zoo_loggers() -> list[LoggerSpec]:
    return [
        LoggerSpec(
            name="mlflow",
            open=open_logger,
            summary="an MLflow run for each trial, at MLFLOW_TRACKING_URI or in a database of the run's folder",
            requires=("mlflow",),
            install="zoo-harness[mlflow]",
        )
    ]


def open_logger(folder: Path, run: RunEvent) -> MlflowLogger:
    """Find the run's experiment, or make it."""
    # Before the library is imported; this process is the logger's own. A run asks no server that nobody named.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    from mlflow import MlflowClient

    if os.environ.get("MLFLOW_TRACKING_URI"):
        client, artifacts = MlflowClient(), None
    else:
        database = f"sqlite:///{folder / 'mlflow.db'}"
        client = MlflowClient(tracking_uri=database, registry_uri=database)
        artifacts = (folder / "artifacts").as_uri()
    known = client.get_experiment_by_name(run.name)
    experiment = known.experiment_id if known else client.create_experiment(run.name, artifacts)
    return MlflowLogger(client, experiment)


class MlflowLogger:
    """Epochs are steps, from 1 on, of metrics `epoch/…`; a trial's figures are `trial/…`, at its last epoch's step.

    A second attempt at a trial is an MLflow run of its own. `runs` are those that are under way, by name.
    """

    def __init__(self, client: MlflowClient, experiment: str) -> None:
        self.client, self.experiment = client, experiment
        self.runs: dict[str, str] = {}

    def epoch(self, event: EpochEvent) -> None:
        self._log(self._run(event), "epoch", event.metrics, event.epoch)

    def trial(self, event: TrialEvent) -> None:
        run = self._run(event)
        logged = self.client.get_run(run).data.metrics
        # A record that was written anew has a few new figures.
        new = {name: value for name, value in event.metrics.items() if logged.get(f"trial/{name}") != value}
        self._log(run, "trial", new, len(event.record["history"]))
        self._log_options(run, event.record["trial"])
        self.client.set_tag(run, "zoo.status", event.status)
        self.client.set_terminated(run, "FINISHED" if event.status == "ok" else "FAILED")
        self.runs.pop(_name(event))

    def close(self) -> None:
        """A trial that is under way was stopped; where it is resumed, so is its MLflow run."""
        for run in self.runs.values():
            self.client.set_terminated(run, "KILLED")

    def _run(self, event: EpochEvent | TrialEvent) -> str:
        name = _name(event)
        if name not in self.runs:
            self.runs[name] = self._earlier(event) or self._new(event)
        return self.runs[name]

    def _earlier(self, event: EpochEvent | TrialEvent) -> str | None:
        """The run of this attempt, where an earlier part of our run has begun it."""
        this = f"tags.`zoo.key` = '{event.key}' and tags.`zoo.attempt` = '{event.attempt}'"
        for run in self.client.search_runs([self.experiment], this, max_results=1):
            self.client.update_run(run.info.run_id, "RUNNING")
            return str(run.info.run_id)
        return None

    def _new(self, event: EpochEvent | TrialEvent) -> str:
        tags = {"zoo.key": event.key, "zoo.attempt": event.attempt, "model": event.model, "dataset": event.dataset}
        tags |= {"seed": event.seed}
        return str(self.client.create_run(self.experiment, tags=tags, run_name=_name(event)).info.run_id)

    def _log(self, run: str, group: str, metrics: Mapping[str, float], step: int) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self.client.log_batch(run, [Metric(f"{group}/{name}", value, now, step) for name, value in metrics.items()])

    def _log_options(self, run: str, trial: Mapping[str, Any]) -> None:
        from mlflow.entities import Param

        params = [Param(name, str(value)[:LONGEST_PARAM]) for name, value in _flat(trial)]
        for first in range(0, len(params), MOST_PARAMS):
            self.client.log_batch(run, params=params[first : first + MOST_PARAMS])


def _name(event: EpochEvent | TrialEvent) -> str:
    return event.name if event.attempt == 1 else f"{event.name}.{event.attempt}"


def _flat(options: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Nested options as `train.lr`."""
    pairs: list[tuple[str, Any]] = []
    for name, value in options.items():
        pairs += _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else [(f"{prefix}{name}", value)]
    return pairs
