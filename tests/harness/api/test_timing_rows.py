from __future__ import annotations

import csv
import io
import json

import pytest
import torch

from harness.api import timing_rows
from harness.timing.flops import Work
from harness.timing.result import Timing
from results.records import Measurement

FACTS = {
    "precision": "float32",
    "channels_last": False,
    "torchcompile": False,
    "threads": 2,
    "batch_size": 32,
    "img_size": 224,
    "detail": False,
    "allocator": "glibc default",
    "infer_system_share": 0.4567,
}
TIMES = Measurement(name="cpu_infer_step_time", unit="ms", values=(16.0, 15.0, 14.0, 15.0, 17.0))
TIMING = Timing(measurements=(TIMES,), verdict="steady", facts=FACTS)
WORK = Work(gmacs=1.814073, mactivations=2.4847, param_count=11_689_512)


def row(**changes):
    fields = {"measurements": (TIMES,), "verdict": "steady", "facts": FACTS, **changes}
    return timing_rows.row("resnet18", Timing(**fields), WORK, torch.device("cpu"))


def test_columns_have_timms_names_and_units():
    cells = row()
    assert cells["infer_step_time"] == 15.0
    assert cells["infer_samples_per_sec"] == 2133.33
    assert (cells["infer_batch_size"], cells["infer_img_size"]) == (32, 224)
    assert (cells["infer_gmacs"], cells["infer_macts"], cells["param_count"]) == (1.8141, 2.4847, 11.6895)


def test_each_time_says_how_sure_it_is():
    cells = row()
    assert (cells["infer_step_time_min"], cells["infer_step_time_iqr"]) == (14.0, 1.0)
    assert cells["infer_step_time_ci95"] == 2.0
    assert (cells["infer_step_time_low"], cells["infer_step_time_high"], cells["infer_rounds"]) == (14.0, 17.0, 1)
    assert (cells["infer_system_share"], cells["allocator"]) == (0.457, "glibc default")
    assert "tf32" not in cells
    assert cells["infer_step_time_p95"] == 16.8
    assert cells["verdict"] == "steady"


def test_a_step_that_failed_leaves_its_columns_out_and_says_why():
    cells = row(failures={"train": "ValueError: no"})
    assert (cells["status"], cells["error"]) == ("failed", "train: ValueError: no")
    assert "train_step_time" not in cells
    assert cells["infer_step_time"] == 15.0


def test_raw_samples_come_with_detail():
    assert "infer_step_times" not in row()
    assert row(facts={**FACTS, "detail": True})["infer_step_times"] == list(TIMES.values)


def test_csv_has_every_row_under_one_heading_and_no_lists():
    detailed = row(facts={**FACTS, "detail": True})
    text = timing_rows.as_csv([detailed, timing_rows.failed("broken", "no, really")])
    first, second = csv.DictReader(io.StringIO(text))
    assert "infer_step_times" not in first
    assert first["infer_step_time"] == "15.0"
    assert (second["model"], second["status"], second["error"]) == ("broken", "failed", "no, really")


def test_json_is_a_list_of_rows():
    assert json.loads(timing_rows.as_json([row()]))[0]["model"] == "resnet18"


def test_p95_of_one_value_is_that_value():
    assert timing_rows.p95([7.0]) == 7.0
    assert timing_rows.p95(list(range(101))) == 95


def test_p95_lies_between_the_values_around_it():
    assert timing_rows.p95([10.0, 20.0]) == pytest.approx(19.5)
    assert timing_rows.p95([1.0, 2.0, 3.0, 4.0, 5.0]) == pytest.approx(4.8)


def test_rounds_that_differ_widen_the_interval_and_tf32_is_said_where_it_can_be():
    rounds = Measurement(name="cpu_infer_step_time", unit="ms", values=(10.0, 10.0, 18.6), rounds=(1, 1, 1))
    cells = row(measurements=(rounds,), facts={**FACTS, "tf32": "convolutions"})
    assert cells["infer_step_time_low"] < 10.0 < 18.6 < cells["infer_step_time_high"]
    assert (cells["infer_rounds"], cells["tf32"]) == (3, "convolutions")
