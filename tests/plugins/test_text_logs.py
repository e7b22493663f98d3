"""CSV and JSON lines of a run, read back with pandas and json."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from tests.harness.runs.loggers.paper_run import logged, loggers_of, new_store, record_of, row, trial, whole_trial


def in_part(store, *rows):
    """A run that is stopped after these epochs."""
    return lambda loggers: [loggers.epoch(trial(), one, 100) for one in rows]


@pytest.fixture
def store(tmp_path):
    return new_store(tmp_path)


def lines_of(store):
    return [json.loads(line) for line in (store.path / "logs/jsonl/events.jsonl").read_text().splitlines()]


def test_epochs_and_trials_are_tables_with_a_column_for_each_figure(store):
    record, deal = whole_trial(store, trial(), [row(0), row(1, 0.25)])
    logged(store, loggers_of(None, "csv"), deal)
    epochs, trials = (pd.read_csv(store.path / f"logs/csv/{name}.csv") for name in ("epochs", "trials"))
    figures = ["epoch", "train_loss", "val_loss", "val_top1_err", "lr", "train_images_per_sec"]
    assert epochs[figures].values.tolist() == [[1, 1.0, 1.5, 50.0, 0.01, 50.0], [2, 0.25, 0.75, 50.0, 0.01, 50.0]]
    assert trials[["model", "seed", "status", "top1_err", "cpu_infer_step_time"]].values.tolist() == [
        ["net", 1, "ok", record.measured("top1_err").median, record.measured("cpu_infer_step_time").median]
    ]


def test_a_stopped_and_resumed_run_goes_on_without_doubles(store):
    logged(store, loggers_of(None, "csv", "jsonl"), in_part(store, row(0), row(1)))
    _, deal = whole_trial(store, trial(), [row(1), row(2)], history=(row(0), row(1), row(2)))
    logged(store, loggers_of(None, "csv", "jsonl"), deal)
    assert pd.read_csv(store.path / "logs/csv/epochs.csv").epoch.tolist() == [1, 2, 3]
    assert [(line["event"], line.get("epoch")) for line in lines_of(store)] == [
        ("epoch", 1), ("epoch", 2), ("epoch", 3), ("trial", None),
    ]  # fmt: skip


def test_what_a_killed_run_did_not_log_is_logged_when_it_goes_on(store):
    store.save(record_of(trial(), [row(0), row(1)]))
    logged(store, loggers_of(None, "jsonl"), lambda loggers: loggers.record(trial(), 100))
    assert [(line["event"], line.get("epoch")) for line in lines_of(store)] == [
        ("epoch", 1), ("epoch", 2), ("trial", None),
    ]  # fmt: skip


def test_later_rounds_of_timing_replace_a_trials_row_and_are_its_last_line(store):
    _, deal = whole_trial(store, trial(), [row(0)])
    logged(store, loggers_of(None, "csv", "jsonl"), deal)
    store.extend(record_of(trial(), [row(0)], times=(20.0, 21.0, 22.0)))
    logged(store, loggers_of(None, "csv", "jsonl"), lambda loggers: loggers.record(trial(), 100))
    assert pd.read_csv(store.path / "logs/csv/trials.csv").cpu_infer_step_time.tolist() == [21.0]
    assert lines_of(store)[-1]["metrics"]["cpu_infer_step_time"] == 21.0


def test_a_resumed_run_keeps_the_trials_that_it_wrote_before(store):
    for seed in (1, 2):
        logged(store, loggers_of(None, "csv"), whole_trial(store, trial(seed=seed), [row(0)])[1])
    trials = pd.read_csv(store.path / "logs/csv/trials.csv")
    assert trials[["seed", "top1_err"]].values.tolist() == [[1, 2.5], [2, 2.5]]


def test_a_trial_that_began_anew_has_another_attempt(store):
    _, deal = whole_trial(store, trial(), [row(0, 7.0), row(1, 6.0)])
    logged(store, loggers_of(None, "csv"), in_part(store, row(0)), deal)
    epochs = pd.read_csv(store.path / "logs/csv/epochs.csv")
    assert epochs[["attempt", "epoch", "train_loss"]].values.tolist() == [[1, 1, 1.0], [2, 1, 7.0], [2, 2, 6.0]]
    assert pd.read_csv(store.path / "logs/csv/trials.csv").attempt.tolist() == [2]


def test_numbers_that_json_lacks_are_null_and_every_line_is_json(store):
    _, deal = whole_trial(store, trial(), [row(0, float("nan"))], status="diverged")
    logged(store, loggers_of(None, "jsonl"), deal)
    assert [line["metrics"].get("train_loss", "none") for line in lines_of(store)] == [None, "none"]
    assert lines_of(store)[1]["config"] == json.loads(json.dumps(trial().as_json()))
