"""What a trial's process hands over: its findings come whole, and nothing else that it says is taken."""

from __future__ import annotations

import json
import math
import zipfile
from dataclasses import asdict

import numpy as np
import pytest

from harness.isolation.result_files import pack, unpack
from harness.isolation.validate import EPOCH, NUMBERS, PROGRESS, TEXTS, require_message
from harness.trial.outcome import Findings, Outcome
from results.ranking.metrics import best_classes
from results.records import Failure, Measurement
from zoo.errors import ZooError

CLASSES = ("a", "b")
LABELS = [0, 1, 1]
LOG_PROBS = np.log(np.array([[0.75, 0.25], [0.25, 0.75], [0.75, 0.25]], dtype=np.float32))
VAL_LABELS = [1, 0]
PREDICTIONS = {
    "labels": np.array(LABELS),
    "top5_index": best_classes(LOG_PROBS),
    "log_probs": LOG_PROBS,
    "val_labels": np.array(VAL_LABELS),
    "val_top5_index": best_classes(LOG_PROBS[:2]),
    "val_log_probs": LOG_PROBS[:2],
}
FACTS = dict.fromkeys(TEXTS, "word") | dict.fromkeys(NUMBERS, 1)
ROW = dict.fromkeys(EPOCH, 0.5)
FINDINGS = Findings(
    status="diverged",
    facts=FACTS,
    error=Failure(phase="train", cause="the loss was not finite"),
    measurements=(Measurement(name="total_seconds", unit="s", values=(1 / 3, math.inf)),),
    history=(ROW, ROW | {"train_loss": -math.inf, "bad_step": 3}),
)


def sent(folder, findings=FINDINGS):
    """What comes out of the pipe."""
    outcome = Outcome(findings=findings, predictions=PREDICTIONS, traceback="log")
    return json.loads(json.dumps(pack(outcome, folder)))


def received(packed, folder):
    return unpack(packed, folder, labels=LABELS, val_labels=VAL_LABELS, classes=CLASSES)


def test_findings_come_through_to_the_bit_with_numbers_that_json_lacks(tmp_path):
    packed = sent(tmp_path)
    json.dumps(packed, allow_nan=False)
    result = received(packed, tmp_path)
    assert (asdict(result.findings), result.log) == (asdict(FINDINGS), "log")


def test_scores_are_computed_from_the_predictions_that_were_left(tmp_path):
    result = received(sent(tmp_path), tmp_path)
    assert [m.name for m in result.scores.measurements] == ["top1_err", "test_loss"]
    assert result.scores.measurements[0].values == pytest.approx((100 / 3,))
    assert (result.scores.confusion_counts, list(result.files)) == (((0, 0, 1), (1, 0, 1), (1, 1, 1)), ["predictions"])


def test_what_a_record_must_not_have_from_a_child_is_left_behind(tmp_path):
    packed = sent(tmp_path)
    packed["findings"] |= {"key": "0", "machine": {}, "per_class": [1]}
    packed["findings"]["error"]["log"] = "/etc/passwd"
    assert asdict(received(packed, tmp_path).findings) == asdict(FINDINGS)


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"status": "great"}, "it has the status 'great'"),
        ({"status": "failed", "error": None}, "it is failed and does not say why"),
        ({"error": {"phase": 3, "cause": "x"}}, "its error is no text"),
        ({"error": "x"}, "it is no result of a trial"),
        ({"measurements": [{"name": "x", "unit": "s", "values": "123"}]}, "its measurement 'x' is no list of numbers"),
        ({"measurements": [{"name": "x", "unit": "s", "values": [10**400]}]}, "its measurement 'x'"),
        ({"measurements": [{"name": "x", "unit": "s"}]}, "it is no result of a trial"),
        ({"history": [ROW | {"lr": "low"}]}, "its history has an epoch without figures"),
        ({"history": [{"epoch": 1}]}, "its history has an epoch without figures"),
        ({"facts": 7}, "it has no facts"),
        ({"facts": FACTS | {"threads": True}}, "its fact threads is True"),
        ({"facts": FACTS | {"infer_gmacs": "many"}}, "its fact infer_gmacs is 'many'"),
        ({"facts": FACTS | {"more": [1]}}, r"its fact more is \[1\]"),
        ({"facts": FACTS | {"more": nested(5000)}}, "it is no result of a trial"),
    ],
)
def test_findings_of_which_no_table_can_be_made_are_refused(tmp_path, changes, says):
    packed = sent(tmp_path)
    packed["findings"] |= changes
    with pytest.raises(ValueError, match=says):
        received(packed, tmp_path)


@pytest.mark.parametrize("claim", ["0", True, [0.0]])
def test_a_claim_that_is_no_number_is_refused(tmp_path, claim):
    with pytest.raises(ValueError, match="it claims a top-1 error of"):
        received(sent(tmp_path) | {"claimed_top1_err": claim}, tmp_path)


def test_a_trial_that_is_ok_has_predictions(tmp_path):
    packed = sent(tmp_path, Findings(status="ok", facts=FACTS)) | {"claimed_top1_err": None}
    with pytest.raises(ValueError, match="it is ok and has no predictions"):
        received(packed, tmp_path)


def test_predictions_that_are_no_array_are_refused(tmp_path):
    packed = sent(tmp_path)
    with zipfile.ZipFile(tmp_path / "predictions.npz", "w") as file:
        file.writestr("labels", "no array")
    with pytest.raises(ValueError, match=r"its predictions cannot be read \(ValueError\)"):
        received(packed, tmp_path)


def test_validation_predictions_of_other_images_than_the_datasets_are_refused(tmp_path):
    packed = sent(tmp_path)
    with pytest.raises(ZooError, match="other val_labels than the dataset for 2 of 2 images"):
        unpack(packed, tmp_path, labels=LABELS, val_labels=VAL_LABELS[::-1], classes=CLASSES)


def test_where_test_images_stand_is_the_parents_word_alone(tmp_path):
    packed = sent(tmp_path)
    places = {"rows": [7] * len(LABELS), "groups": list(range(len(LABELS)))}
    unpack(packed, tmp_path, labels=LABELS, val_labels=VAL_LABELS, classes=CLASSES, places=places)
    kept = dict(np.load(tmp_path / "predictions.npz"))
    assert {name: kept[name].tolist() for name in places} == places
    with pytest.raises(ValueError, match="say where its test images stand"):
        received(packed, tmp_path)


FIGURES = dict.fromkeys(PROGRESS, 1)
STAGE = {"name": "download a", "done": 1, "total": 2, "unit": "B"}


@pytest.mark.parametrize("message", [{"progress": FIGURES}, {"stage": STAGE}, {"phase": "train"}, {"note": "a"}])
def test_what_a_trial_may_say_of_its_progress_is_believed(message):
    assert require_message(message) == message


@pytest.mark.parametrize(
    "message",
    [
        {"progress": 3},
        {"progress": {**FIGURES, "batches": 0}},
        {"progress": {**FIGURES, "batch": -1}},
        {"progress": {**FIGURES, "images_per_s": math.nan}},
        {"progress": {**FIGURES, "images_per_s": math.inf}},
        {"progress": {**FIGURES, "wait_share": "much"}},
        {"progress": {**FIGURES, "more": 1}},
        {"progress": {"epoch": 1}},
        {"stage": "a"},
        {"stage": {**STAGE, "name": 3}},
        {"stage": {**STAGE, "done": True}},
        {"stage": {**STAGE, "total": 10**30}},
        {"stage": {**STAGE, "done": -1}},
        {"stage": {**STAGE, "is_timed": True}},
        {"phase": 3},
        {"words": "a"},
    ],
)
def test_what_it_may_not_say_is_refused(message):
    with pytest.raises(ValueError, match="its message"):
        require_message(message)
