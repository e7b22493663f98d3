"""Records survive JSON, and what does not fit its hash is refused."""

from __future__ import annotations

import json
import math

import pytest

from results.records import Failure, Measurement
from results.store import codec
from results.store.codec import from_json, to_data, to_json
from tests.results.samples import record

FULL = record(
    error=Failure(phase="train", cause="why"),
    per_class=({"name": "a", "n": 3, "f1": None},),
    confusion_counts=((0, 0, 1), (1, 1, 2)),
    measurements=(Measurement(name="cpu_infer_step_time", unit="ms", values=(1.5, 0.1, 2e-9), rounds=(1, 2)),),
)


def test_a_record_comes_back_equal():
    assert from_json(to_json(FULL)) == FULL


def test_samples_of_before_were_all_taken_in_one_round_and_a_field_yet_to_come_costs_nothing():
    data = {"name": "cpu_infer_step_time", "unit": "ms", "values": [1.0, 2.0], "lower_is_better": True}
    assert codec.read_measurement(data).by_round == ((1.0, 2.0),)
    assert codec.read_measurement({**data, "invented": 7, "rounds": [1, 1]}).by_round == ((1.0,), (2.0,))


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_numbers_that_json_lacks_come_back(number):
    back = from_json(to_json(record(history=({"loss": number},)))).history[0]["loss"]
    assert repr(back) == repr(number)


def test_the_json_is_strict_even_for_a_diverged_trial():
    json.dumps(to_data(record(history=({"loss": math.nan},))), allow_nan=False)


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda text: text.replace(b"1.25", b"1.26"), "SHA-256 does not fit"),
        (lambda text: text[: len(text) // 2], "not a whole record"),
        (lambda text: b"", "not a whole record"),
        (lambda text: b"[]", "not a whole record"),
        (lambda text: text.replace(b'"schema": 1', b'"schema": 99'), "schema 99, this version reads up to 1"),
    ],
)
def test_a_damaged_or_newer_record_is_refused_with_the_reason(damage, says):
    with pytest.raises(ValueError, match=says):
        from_json(damage(to_json(record())))


def test_the_whole_matrix_of_an_older_record_is_read_as_the_cells_that_are_not_0():
    data = to_data(record())
    del data["confusion_counts"]
    data["confusion"] = [[2, 0, 1], [0, 0, 0], [0, 3, 0]]
    content = json.dumps({"sha256": codec._digest(data), "record": data}).encode()
    assert from_json(content).confusion_counts == ((0, 0, 2), (0, 2, 1), (2, 1, 3))
