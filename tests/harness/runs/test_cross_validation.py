"""Runs with --folds and --group-by, from the command line to the table."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import StratifiedKFold, cross_val_predict

import harness
from harness.cli.main import main
from harness.data.load import DatasetSource, load
from harness.data.splits import Part, SplitPlan, stratified_share
from harness.plan.config import Trial
from harness.training.feature_store import FeatureStore
from harness.trial.context import TrialContext
from harness.trial.trial import run_trial
from results.ranking.metrics import predicted
from results.ranking.summary import summarise
from results.store.run_store import RunStore
from tests.faults.parents import Parent
from tests.faults.runs import comparable
from tests.harness.pictures import folder
from zoo.discovery import discover

FAST = ["--epochs", "2", "--time-budget", "0", "--device", "cpu", "--num-threads", "1", "--no-isolation"]
NUM_IMAGES = 48


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def herd(tmp_path):
    """48 photographs of two kinds of animals, three of each animal."""
    root = folder(tmp_path / "herd", ["cow", "hen"], num=24)
    for file in root.rglob("*.png"):
        file.rename(file.with_name(f"{int(file.stem) // 3}_{file.stem}.png"))
    return root


def carried_out(tmp_path, herd, *options, models="mlp"):
    output = tmp_path / "runs"
    code = main(["run", "--data-dir", str(herd), "--plugins", models, *FAST, "--output", str(output), *options])
    return code, RunStore.open(max(output.glob("[!_]*"), key=lambda path: path.stat().st_mtime))


class OurTrial(BaseEstimator, ClassifierMixin):
    """A trial as scikit-learn's estimator: X [N, 1] are rows of the dataset. Of our folds it knows nothing."""

    def __init__(self, dataset, trial, choice, fitted):
        self.dataset, self.trial, self.choice, self.fitted = dataset, trial, choice, fitted

    def __sklearn_clone__(self):
        return OurTrial(self.dataset, self.trial, self.choice, self.fitted)

    def fit(self, X, y):
        self.fitted.append(X)
        self.classes_, self.rows_ = np.unique(y), X.ravel().tolist()
        return self

    def predict(self, X):
        labels = self.dataset.pools["train"].labels
        val, train = stratified_share(self.rows_, labels, 0.2, f"1 fold {len(self.fitted)}")
        parts = {"train": train, "val": val, "test": X.ravel().tolist()}
        plan = SplitPlan(**{name: Part(pool="train", rows=rows) for name, rows in parts.items()})
        dataset = replace(self.dataset, plan=plan, _statistics={})
        context = TrialContext(dataset=dataset, device=torch.device("cpu"), timed_on=(), features=FeatureStore())
        return predicted(run_trial(self.trial, self.choice, context).predictions)


def test_the_pooled_error_is_that_of_scikit_learns_cross_val_predict(tmp_path, herd):
    code, store = carried_out(tmp_path, herd, "--folds", "4")
    records = store.records()
    assert (code, [path.stem for path in sorted((store.path / "records").iterdir())]) == (
        0, ["mlp@s1f1", "mlp@s1f2", "mlp@s1f3", "mlp@s1f4"],
    )  # fmt: skip
    dataset, zoo = load(DatasetSource(data_dir=herd)), discover(())
    trial = replace(Trial.from_json(records[0].trial), fold=None, folds=None)
    estimator = OurTrial(dataset, trial, zoo.select("mlp")[0], [])
    labels, rows = dataset.pools["train"].labels, np.arange(NUM_IMAGES)[:, None]
    splitter = StratifiedKFold(4, shuffle=True, random_state=1)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        theirs = cross_val_predict(estimator, rows, labels, cv=splitter)
    finally:
        torch.set_num_threads(threads)
    summary = summarise(records, store.predictions)
    assert np.array_equal(summary.correct["mlp"][0], theirs == np.array(labels))
    assert summary.ranked[0].error.mean == pytest.approx(100 * float((theirs != np.array(labels)).mean()))


def test_pooled_answers_are_those_of_each_folds_own_checkpoint(tmp_path, herd):
    run = harness.run(
        "mlp", data_dir=herd, folds=3, repeats=2, epochs=2, device="cpu", time_budget=0.01,
        isolation=False, num_threads=1, output=tmp_path / "runs", quiet=True,
    )  # fmt: skip
    assert sorted(run.checkpoints) == [("mlp", seed, fold) for seed in (1, 2) for fold in (1, 2, 3)]
    files = sorted(herd.rglob("*.png"))
    tested = []
    for record in run.records:
        arrays = run.store.predictions(record)
        model = harness.load(run.checkpoints["mlp", record.seed, record.fold])
        answers = model.predict(*(files[row] for row in arrays["rows"])).argmax(1)
        assert answers.tolist() == predicted(arrays).tolist()
        tested += [(record.seed, row) for row in arrays["rows"].tolist()]
    assert sorted(tested) == [(seed, row) for seed in (1, 2) for row in range(NUM_IMAGES)]
    assert run.summary.num_seeds == (2, 2)


@pytest.mark.once
def test_a_run_in_folds_says_so_in_its_plan_its_title_and_its_tables(tmp_path, herd, capsys):
    _, store = carried_out(tmp_path, herd, "--folds", "3", "--repeats", "2", models="mlp,fc_model")
    said = capsys.readouterr()
    assert "plan     2 models × 3 folds × 2 repeats = 12 trials" in said.err
    assert "✓ fc_model seed 2 fold 3" in said.err
    assert "herd · 2 classes · 48 images in 3 folds, the first: train 26 / val 6 / test 16" in said.err
    assert "3-fold cross-validation error on 48 images, 2 repeats  (95 % intervals over images and repeats)" in said.out
    assert "hint" not in said.err
    rows = json.loads((store.path / "table.json").read_text())["rows"]
    assert [(row["folds"], row["seed"]) for row in rows] == [(3, "1 2")] * 2


def test_only_the_first_fold_is_timed(tmp_path, herd):
    _, store = carried_out(tmp_path, herd, "--folds", "3")
    timed = {record.fold: record.measured("cpu_infer_step_time") is not None for record in store.records()}
    assert timed == {1: True, 2: False, 3: False}
    assert {record.facts["timing_verdict"] for record in store.records() if record.fold != 1} == {"none"}


def test_a_grouped_run_keeps_groups_apart_and_says_that_intervals_are_clustered(tmp_path, herd, capsys):
    _, store = carried_out(tmp_path, herd, "--group-by", r"(\w+/\d+)_")
    said = capsys.readouterr()
    assert "groups   16 groups of 3 images each: no split takes one apart" in said.err
    assert "in 3 groups, 1 seed  (95 % intervals over groups)" in said.out
    assert "Intervals and tests are clustered: what was drawn are 3 groups of up to 3 images" in said.out
    (record,) = store.records()
    assert set(store.predictions(record)) == {"labels", "top5_index", "log_probs", "groups"}
    assert record.data["num_groups"] == 16


def test_groups_reach_the_folds(tmp_path, herd, capsys):
    _, store = carried_out(tmp_path, herd, "--folds", "3", "--group-by", r"(\w+/\d+)_")
    assert "error on 48 images in 16 groups, 1 repeat  (95 % intervals over groups)" in capsys.readouterr().out
    folds = [set(store.predictions(record)["groups"].tolist()) for record in store.records()]
    assert (sum(map(len, folds)), set().union(*folds)) == (16, set(range(16)))


def test_a_run_on_few_images_says_what_folds_would_bring(tmp_path, herd, capsys):
    carried_out(tmp_path, herd)
    hint = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("hint"))
    width = 100 * (1 - (10 / 48) ** 0.5)
    assert hint == (
        f"hint     10 test images are few: --folds 5 tests all 48 once, which makes intervals about {width:.0f} % "
        "narrower, for 5 trainings of each model instead of one"
    )


def test_folds_that_would_be_refused_are_not_proposed(tmp_path, capsys):
    root = folder(tmp_path / "few", ["cow", "hen"], num=4)
    carried_out(tmp_path, root)
    assert "hint" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said", "code"),
    [
        (["--folds", "1"], "argument --folds: 1 is out of range: from 2 to 1000", 2),
        (["--folds", "3", "--seeds", "2"], "error: --seeds and --folds exclude each other", 2),
        (["--repeats", "2"], "error: --repeats repeats --folds, which is missing", 2),
        (["--folds", "3", "--test-split", "0.3"], "error: --test-split and --folds exclude each other", 2),
        (["--folds", "30"], "fewer than 30 images and cannot be in each of 30 folds: cow (24), hen (24)", 2),
        (["--folds", "9", "--group-by", r"(\w+/\d+)_"], "2 classes have fewer than 9 groups", 2),
        (["--group-by", "cow"], "argument --group-by: 'cow' has 0 groups in parentheses", 2),
        (["--group-by", "(a)(b)"], "argument --group-by: '(a)(b)' has 2 groups in parentheses, and none", 2),
        (["--group-by", "(cow"], "argument --group-by: '(cow' is no regular expression (missing )", 2),
        (["--group-by", "(cat)"], "error: --group-by '(cat)' finds a group in none of 48 paths", 2),
        (["--group-by", "none.csv"], "none.csv cannot be read: No such file or directory", 3),
    ],
)
def test_what_cannot_be_meant_is_refused_in_two_lines(tmp_path, herd, capsys, options, said, code):
    try:
        ended = main(["run", "--data-dir", str(herd), "--plugins", "mlp", "--output", str(tmp_path / "r"), *options])
    except SystemExit as stop:
        ended = stop.code
    error = capsys.readouterr().err
    assert (ended, said in error, "Traceback" in error) == (code, True, False), error


def test_a_run_goes_on_between_two_folds_and_ends_like_one_that_was_left_alone(tmp_path, herd, capsys):
    """Killed where records of some folds are on disk and others are not."""
    _, store = carried_out(tmp_path, herd, "--folds", "3", "--group-by", r"(\w+/\d+)_")
    whole = {record.fold: comparable(record) for record in store.records()}
    table = summarise(store.records(), store.predictions).ranked[0].error
    for fold in (2, 3):
        (store.path / "records" / f"mlp@s1f{fold}.json").unlink()
    capsys.readouterr()
    assert main(["resume", str(store.path)]) == 0
    said = capsys.readouterr().err
    assert ("3 trials, 2 of them" in said, "1 of them done" in said, "fold 1  epoch" in said) == (False, True, False)
    assert {record.fold: comparable(record) for record in store.records()} == whole
    assert summarise(store.records(), store.predictions).ranked[0].error == table


def test_a_run_whose_groups_have_changed_is_not_gone_on_with(tmp_path, herd, capsys):
    file = tmp_path / "groups.csv"
    lines = [f"{path.relative_to(herd)},{path.stem[0]}{path.parent.name}" for path in sorted(herd.rglob("*.png"))]
    file.write_text("\n".join(["path,group", *lines]))
    _, store = carried_out(tmp_path, herd, "--folds", "3", "--group-by", str(file))
    (store.path / "records" / "mlp@s1f2.json").unlink()
    file.write_text("\n".join(["path,group", *lines[:-1]]))
    capsys.readouterr()
    assert main(["resume", str(store.path)]) == 3
    assert "the data are not those of the run: " in capsys.readouterr().err


@pytest.mark.once
def test_a_run_killed_between_folds_goes_on(tmp_path, herd):
    command = ["run", "--data-dir", str(herd), "--plugins", "mlp", "--folds", "3", *FAST[:-1]]
    parent = Parent(tmp_path, [*command, "--output", str(tmp_path / "runs")])
    parent.wait_for("runs/*/records/mlp@s1f1.json")
    parent.process.kill()
    parent.ended()
    (path,) = (tmp_path / "runs").glob("[!_]*")
    assert main(["resume", str(path), "--quiet"]) == 0
    store = RunStore.open(path)
    assert sorted(record.fold for record in store.records()) == [1, 2, 3]
    assert summarise(store.records(), store.predictions).num_images == NUM_IMAGES
