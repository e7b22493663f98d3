"""CPU beside GPU: the times and the ratio of the table."""

from __future__ import annotations

import pytest

from results.page.sections.devices import MOST_MODELS, data
from results.tables.columns import main_columns
from tests.results.runs import summary_of, trial

FAST, SLOW = (10.0, 10.1, 10.2, 10.3), (30.0, 30.1, 30.2, 30.3)
BOTH = {"cpu_infer_step_time": SLOW, "cuda_infer_step_time": FAST}


def test_both_times_and_their_ratio_are_the_table_s():
    summary = summary_of(trial("net", **BOTH), trial("lone", wrong=range(9), device="cuda", cpu_infer_step_time=SLOW))
    found = data(summary)
    (model,) = found["models"]
    cells = {column.key: column.fill(summary.ranked[0]) for column in main_columns(summary)}
    assert (model["cpu"]["words"], model["accelerator"]["words"], model["ratio"]) == (
        cells["cpu"],
        cells["gpu"],
        cells["ratio"],
    )
    assert (model["cpu"]["time"], model["accelerator"]["time"]) == pytest.approx((30.15, 10.15))
    assert (found["accelerator"], found["time_label"]) == ("GPU", "ms a batch of 32, inference")


def test_a_run_of_one_device_has_none():
    assert data(summary_of(trial("net", cpu_infer_step_time=SLOW)))["models"] == []
    assert data(summary_of(trial("net", cuda_infer_step_time=SLOW)))["models"] == []


def test_of_many_models_the_best_are_drawn_and_it_is_said():
    found = data(summary_of(*(trial(f"m{at:02}", wrong=range(at), **BOTH) for at in range(MOST_MODELS + 1))))
    assert (len(found["models"]), found["part"]) == (40, "The best 40 of 41 models.")
