"""Faults of models (7-13): each is a row that says what is wrong, and the good model's row is that of a clean run."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch
from safetensors.numpy import load_file

from harness.data.load import DatasetSource, load
from harness.plan.config import Trial
from harness.training.feature_store import FeatureStore
from harness.trial.context import TrialContext
from harness.trial.determinism import judged
from harness.trial.outcome import Findings, Outcome
from tests.faults import runs, wrong_models
from tests.faults.runs import Run, comparable
from zoo.discovery import discover

PLUGIN = Path(wrong_models.__file__)


def run(output: Path, names: str, *options: str) -> Run:
    return runs.run(output, names, "--epochs", "2", *options, plugin=PLUGIN)


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Run:
    """A run of the good models alone."""
    found = run(tmp_path_factory.mktemp("clean"), "good/*")
    assert found.code == 0
    return found


@pytest.fixture(scope="module")
def mixed(tmp_path_factory) -> Run:
    """One run of all wrong models, and the good ones last."""
    found = run(tmp_path_factory.mktemp("mixed"), "bad/*,good/*")
    assert found.code == 1
    return found


def test_the_good_models_records_are_those_of_a_run_without_the_wrong_ones(clean, mixed):
    assert [record.status for record in mixed.records.values()].count("ok") == len(clean.records) == 2
    for name, record in clean.records.items():
        assert comparable(mixed.records[name]) == comparable(record)
    tables = "".join((mixed.store.path / name).read_text() for name in ("table.md", "table.csv"))
    assert tables.count("FAIL:") >= 2 * (len(mixed.records) - 2)


@pytest.mark.fault(7)
@pytest.mark.parametrize(("name", "told"), [("none", "None"), ("text", "'resnet18'"), ("class", "the class Answer")])
def test_7_a_build_that_returns_no_module_is_told_what_it_returned(mixed, name, told):
    cause = f"bad/returns-{name}: build returned {told}, not a torch.nn.Module"
    assert mixed.failure(f"bad/returns-{name}") == f"failed at build: {cause}"


@pytest.mark.fault(8)
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("wider", "a tensor [2, 11] of float32, wanted [2, 10]"),
        ("four-d", "a tensor [2, 10, 1, 1] of float32 for a batch of 2"),
        ("one-row", "a tensor [10] of float32 for a batch of 2"),
        ("tuple", "a tuple"),
        ("dict", "a dict"),
        ("dataclass", "an Answer"),
    ],
)
def test_8_an_output_of_another_shape_or_type_is_found_before_training(mixed, name, told):
    assert mixed.failure(f"bad/{name}") == f"failed at build: bad/{name}: the model returned {told}"


@pytest.mark.fault(8)
@pytest.mark.parametrize(
    ("name", "told"), [("wider", "a tensor [32, 11] of float32"), ("tuple", "a tuple"), ("dict", "a dict")]
)
def test_8_an_output_that_is_right_in_eval_mode_only_is_found_at_the_first_step(mixed, name, told):
    cause = f"in training the model returned {told}, wanted [32, 10]"
    assert mixed.failure(f"bad/{name}-in-training") == f"failed at train: {cause}"


@pytest.mark.fault(9)
@pytest.mark.parametrize(
    ("name", "where"),
    [("softmax", "build: bad/softmax: "), ("softmax-in-training", "train: "), ("softmax-later-in-eval", "evaluate: ")],
)
def test_9_probabilities_are_refused_whenever_they_begin(mixed, name, where):
    told = "the model returns probabilities, on which cross-entropy is wrong"
    assert mixed.failure(f"bad/{name}") == f"failed at {where}{told}"


@pytest.mark.fault(9)
def test_9_log_probabilities_are_as_good_as_logits(mixed):
    logits, log_probs = (mixed.records[name] for name in ("good/net", "good/log-softmax"))
    losses = [[row["train_loss"] for row in record.history] for record in (logits, log_probs)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert logits.measured("top1_err").values == log_probs.measured("top1_err").values


@pytest.mark.fault(10)
def test_10_a_model_that_returns_nan_is_refused_before_training(mixed):
    assert mixed.failure("bad/nan") == "failed at build: bad/nan: the model's output is not finite"


@pytest.mark.fault(10)
def test_10_nan_in_training_names_its_step(mixed):
    cause = "the loss was not finite at step 3 of epoch 1; the weights kept are those it began with; try a lower --lr"
    assert mixed.failure("bad/nan-from-step-3") == f"diverged at train: {cause}"


@pytest.mark.fault(10)
@pytest.mark.parametrize(("name", "num_bad"), [("nan-in-eval", "359"), ("nan-for-one-image", "1")])
def test_10_nan_in_evaluation_is_never_a_score(mixed, name, num_bad):
    cause = f"in evaluation the model's output is not finite for {num_bad} of 359 test images"
    assert mixed.failure(f"bad/{name}") == f"failed at evaluate: {cause}"
    assert mixed.records[f"bad/{name}"].measured("top1_err") is None


@pytest.mark.fault(11)
@pytest.mark.parametrize("opt", ["sgd", "adamw"])
def test_11_a_learning_rate_that_explodes_is_a_diverged_row(tmp_path, opt):
    found = run(tmp_path / "runs", "good/net", "--opt", opt, "--lr", "1e20")
    assert found.code == 1
    assert found.failure("good/net").startswith("diverged at train: the loss was not finite at step ")
    assert found.failure("good/net").endswith("of epoch 1; the weights kept are those it began with; try a lower --lr")
    assert "FAIL:the loss was not finite" in (found.store.path / "table.md").read_text()


@pytest.mark.fault(11)
def test_11_the_weights_of_the_last_good_epoch_are_kept(mixed, clean):
    record = mixed.records["bad/nan-from-epoch-2"]
    cause = "the loss was not finite at step 5 of epoch 2; the weights kept are those of epoch 1; try a lower --lr"
    assert mixed.failure(record.model) == f"diverged at train: {cause}"
    assert [math.isfinite(row["train_loss"]) for row in record.history] == [True, False]
    weights = load_file(mixed.store.path / "checkpoints/bad--nan-from-epoch-2@s1/model.safetensors")
    assert all(math.isfinite(float(array.sum())) for array in weights.values())
    first = clean.records["good/net"].history[0]
    assert record.history[0]["eval_loss"] == first["eval_loss"]


@pytest.mark.fault(12)
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("no-head", "Matrix has no classifier (head): no linear layer ends in its output of shape [2, 10]; its last "
         "layers are body.1"),
        ("misfit", "Net cannot run on 1×8×8 images: its layer verdict takes 32 features and gets 16"),
        ("wrong-hint", "head 'fc' does not exist: the output of Net comes from verdict"),
    ],
)  # fmt: skip
def test_12_a_head_that_is_not_found_or_does_not_fit_names_the_layers_in_question(mixed, name, told):
    assert mixed.failure(f"bad/{name}") == f"failed at build: bad/{name}: {told}"


@pytest.mark.fault(13)
@pytest.mark.parametrize(
    ("name", "where", "told"),
    [
        ("frozen", "build: bad/frozen: ", "all 4 parameters are frozen"),
        ("empty", "build: bad/empty: ", "Sequential has no parameters"),
        ("frozen-by-train", "train: ", "in training no gradient flows from its output"),
    ],
)
def test_13_a_model_in_which_nothing_learns_says_so(mixed, name, where, told):
    assert mixed.failure(f"bad/{name}") == f"failed at {where}nothing in the model is trainable: {told}"


@pytest.mark.fault(25)
@pytest.mark.parametrize(("name", "repeatable"), [("good/net", True), ("unseeded", False)])
def test_25_a_model_whose_seed_does_not_decide_its_result_is_marked(clean, name, repeatable):
    zoo = discover([str(PLUGIN)], environment={})
    digits = load(DatasetSource(spec=zoo.dataset("digits")))
    context = TrialContext(dataset=digits, device=torch.device("cpu"), timed_on=(), features=FeatureStore())
    trial = Trial.from_json(clean.records["good/net"].trial)
    outcome = judged(Outcome(findings=Findings(status="ok")), trial, zoo.select(name)[0], context)
    assert outcome.findings.facts == {"deterministic": repeatable}


def test_every_wrong_model_is_one_line_in_its_record_and_a_traceback_in_its_log(mixed):
    failures = [record for record in mixed.records.values() if record.status == "failed"]
    assert len(failures) >= 20
    for record in failures:
        assert "\n" not in record.error.cause
        assert json.dumps(record.error.cause)
        assert (mixed.store.path / record.error.log).read_text().startswith("Traceback")
