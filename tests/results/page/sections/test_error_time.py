"""Error against time: every point lies where table.csv says, and the front is the table's."""

from __future__ import annotations

import csv
import io

import pytest

from results.page.sections.error_time import data, timed_devices
from results.tables.csv_table import csv_table
from results.tables.flat_rows import flat
from tests.results.random_runs import random_run
from tests.results.runs import summary_of, trial

FAST, SLOW = (10.0, 10.1, 10.2, 10.3), (30.0, 30.1, 30.2, 30.3)


def in_csv(summary):
    text = csv_table(flat(summary)).decode()
    return {row["model"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}


@pytest.mark.parametrize("number", range(12))
def test_every_point_and_its_bars_are_those_of_the_csv(number):
    summary = summary_of(*random_run(number))
    rows = in_csv(summary)
    for device in data(summary)["devices"]:
        step = f"{device['kind']}_infer_step_time"
        timed = {model for model, row in rows.items() if row[step] and row["rank_low"]}
        assert {point["model"] for point in device["points"]} == timed
        for point in device["points"]:
            row = rows[point["model"]]
            assert (point["time"], point["error"]) == (float(row[step]), float(row["top1_err"]))
            assert point["error_ends"] == (float(row["top1_err_low"]), float(row["top1_err_high"]))
            assert point["time_ends"] in (None, (float(row[f"{step}_low"]), float(row[f"{step}_high"])))
            assert str(point["front"]) == row[f"{device['kind']}_pareto"]


def test_a_run_of_two_devices_has_both_and_one_of_one_says_so():
    both = trial("net", cpu_infer_step_time=SLOW, cuda_infer_step_time=FAST)
    alone = trial("net", cpu_infer_step_time=SLOW)
    assert [device["label"] for device in data(summary_of(both))["devices"]] == ["CPU", "GPU"]
    assert data(summary_of(both))["alone"] == ""
    assert data(summary_of(alone))["alone"] == "Only the CPU was timed."
    assert timed_devices(summary_of(trial("net"))) == []


def test_the_front_falls_in_steps_and_is_told_in_words():
    summary = summary_of(
        trial("good", wrong=range(40), cpu_infer_step_time=SLOW),
        trial("fair", wrong=range(90), cpu_infer_step_time=FAST),
        trial("poor", wrong=range(300), cpu_infer_step_time=SLOW),
    )
    (device,) = data(summary)["devices"]
    assert [error for _, error in device["front"]] == [9.0, 4.0]
    assert device["points"][1]["words"] == ["fair ◆", "9.0 (7.4–10.9) % error, rank 2", "CPU 10.1 ms a batch"]
    assert device["time_label"] == "CPU ms a batch of 32, inference"
