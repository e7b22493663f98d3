"""What MlflowClient finds in the database of a run."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.harness.runs.loggers.paper_run import logged, loggers_of, new_store, record_of, row, trial, whole_trial

# Its import takes a second, of every process that looks for tests.
pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(not (find_spec("mlflow") and find_spec("sqlalchemy")), reason="MLflow is not installed"),
]


@pytest.fixture(autouse=True)
def here(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")


def read(database, experiment):
    """The runs of an experiment by name, and the history of each of their metrics, as (step, value)."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{database}", registry_uri=f"sqlite:///{database}")
    found = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    runs = {run.info.run_name: run for run in found}
    assert len(runs) == len(found)
    histories = {
        name: {
            metric: [(one.step, one.value) for one in client.get_metric_history(run.info.run_id, metric)]
            for metric in run.data.metrics
        }
        for name, run in runs.items()
    }
    return runs, histories


def test_a_resumed_run_is_one_run_with_each_epoch_once_and_the_records_figures(tmp_path):
    store = new_store(tmp_path / "my runs")
    logged(store, loggers_of(None, "mlflow"), lambda loggers: loggers.epoch(trial(), row(0, 7.0), 100))
    database = store.path / "logs/mlflow/mlflow.db"
    assert read(database, store.path.name)[0]["net@s1"].info.status == "KILLED"
    _, deal = whole_trial(store, trial(), [row(0, 7.0), row(1, 6.0)])
    record = record_of(trial(), [row(0, 7.0), row(1, 6.0)], times=(20.0, 21.0, 22.0))
    _, fail = whole_trial(store, trial(seed=2), [], status="failed")

    def rounds(loggers):
        store.extend(record)
        loggers.record(trial(), 100)

    logged(store, loggers_of(None, "mlflow"), deal, fail, rounds)
    runs, histories = read(database, store.path.name)
    run, history = runs["net@s1"], histories["net@s1"]
    assert [(name, run.info.status, run.data.tags["zoo.status"]) for name, run in sorted(runs.items())] == [
        ("net@s1", "FINISHED", "ok"), ("net@s2", "FAILED", "failed"),
    ]  # fmt: skip
    assert history["epoch/train_loss"] == [(1, 7.0), (2, 6.0)]
    assert history["epoch/train_images_per_sec"] == [(1, 50.0), (2, 50.0)]
    medians = {f"trial/{one.name}": one.median for one in record.measurements}
    assert {name: value for name, value in run.data.metrics.items() if name.startswith("trial/")} == medians
    assert len(history["trial/top1_err"]) == 1
    assert (run.data.params["train.lr"], run.data.params["model"], run.data.tags["seed"]) == ("0.001", "net", "1")


def test_the_store_that_the_environment_names_is_logged_to(tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/elsewhere.db")
    store = new_store(tmp_path)
    _, deal = whole_trial(store, trial(), [row(0)])
    assert len(logged(store, loggers_of(None, "mlflow"), deal)) == 1
    runs, _ = read(tmp_path / "elsewhere.db", store.path.name)
    assert runs["net@s1"].data.metrics["trial/top1_err"] == 2.5
    assert list((store.path / "logs/mlflow").iterdir()) == []
