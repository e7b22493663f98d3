"""A run on paper, whose epochs and records are given to real loggers in their own processes: nothing is trained."""

from __future__ import annotations

from pathlib import Path

from harness.plan.config import TimingConfig, TrainConfig, Trial
from harness.runs.loggers.choice import chosen
from harness.runs.loggers.run_loggers import RunLoggers
from results.records import Measurement
from results.store.run_store import RunStore
from tests.results.samples import record
from zoo.discovery import discover

NUM_TRAIN = 100


def new_store(folder: Path) -> RunStore:
    return RunStore.create(folder, "digits", {"command": ["run"]})


def trial(model="net", seed=1, fold=None) -> Trial:
    train = TrainConfig(epochs=3)
    return Trial(
        model=model, dataset="digits", train=train, timing=TimingConfig(), device="cpu", seed=seed, fold=fold,
        folds=5 if fold else None,
    )  # fmt: skip


def row(epoch, loss=1.0):
    """A line of a history: half the images are right, and the training takes two seconds."""
    losses = {"train_loss": loss, "eval_loss": loss + 0.5, "eval_top1": 50.0}
    return {"epoch": epoch, **losses, "lr": 0.01, "train_seconds": 2.0, "eval_seconds": 1.0}


def record_of(trial, rows=(), *, top1_err=2.5, times=(8.0, 9.0, 10.0), **changes):
    measurements = (
        Measurement(name="top1_err", unit="%", values=(top1_err,)),
        Measurement(name="cpu_infer_step_time", unit="ms", values=times),
    )
    about = {"key": trial.key, "trial": trial.as_json(), "measurements": measurements, "history": tuple(rows)}
    return record(trial.model, trial.seed, **about | changes)


def loggers_of(plugin_file: Path | None, *names: str) -> RunLoggers:
    """These loggers, of a plugin file or of those that ship."""
    plugins = [str(plugin_file)] if plugin_file else []
    return RunLoggers(chosen(names, discover(plugins)), plugins)


def whole_trial(store, trial, rows, **changes):
    """What a run tells of a trial that comes to its end, its record on disk."""
    kept = record_of(trial, rows, **changes)

    def deal(loggers: RunLoggers) -> None:
        for one in rows:
            loggers.epoch(trial, one, NUM_TRAIN)
        store.save(kept)
        loggers.record(trial, NUM_TRAIN)

    return kept, deal


def logged(store, loggers, *deals) -> list[str]:
    """Open the loggers, deal out, close them; returns the lines on the screen."""
    lines: list[str] = []
    with loggers.opened(store, lines.append):
        for deal in deals:
            deal(loggers)
    return lines
