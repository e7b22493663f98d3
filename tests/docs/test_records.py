"""docs/records.md has every field of what a run leaves, of one that was made and of those that the code knows."""

from __future__ import annotations

import json
import re
from dataclasses import fields

import pytest

import harness
from harness.plan.config import Numerics, TimingConfig, TrainConfig
from results.records import Failure, Measurement, Record
from tests.source import ROOT, files

PAGE = (ROOT / "docs" / "records.md").read_text()
FACT = re.compile(
    r"""(?<!timing\.)facts(?:\.get\(|\[)"(\w+)"|\.fact\("(\w+)"\)|\bfacts=?\s*=?\s*\{\*\*\S+facts, "(\w+)":"""
)


def described(heading):
    """What stands as code below a heading of the page."""
    _, _, rest = PAGE.partition(f"# {heading}\n")
    return {
        name for span in re.findall(r"`([^`\n]+)`", re.split(r"^#", rest, flags=re.MULTILINE)[0]) for name in [span]
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    output = tmp_path_factory.mktemp("runs")
    options = {"epochs": 1, "time_budget": 0.01, "isolation": False, "quiet": True, "output": output}
    run = harness.run("mlp", dataset="digits", device="cpu", **options)
    assert run.ok  # a trial that failed has few fields
    return run.path


@pytest.fixture
def record(folder):
    return json.loads(next(folder.glob("records/*.json")).read_text())["record"]


def test_every_field_of_a_record_is_described(record):
    assert set(record) == {field.name for field in fields(Record)} <= described("A record")
    assert {field.name for field in fields(Failure)} <= described("A record")
    assert {key for row in record["per_class"] for key in row} <= described("A record")


def test_every_setting_of_a_trial_is_described(record):
    kinds = (TrainConfig, TimingConfig, Numerics)
    names = {field.name for kind in kinds for field in fields(kind)} - {"numerics"}
    written = {*record["trial"], *record["trial"]["train"], *record["trial"]["timing"]}
    assert names | written <= described("`trial`")


def test_every_fact_of_the_machine_the_data_and_the_model_is_described(record):
    assert set(record["machine"]) <= described("`machine`")
    assert set(record["data"]) <= described("`data`")
    assert set(record["facts"]) <= described("`facts`")


def test_every_fact_that_the_code_asks_a_record_for_is_described():
    rooms = files("results/ranking", "results/tables", "harness/trial", "harness/runs")
    asked = {name for file in rooms for match in FACT.findall(file.read_text()) for name in match if name}
    assert len(asked) > 15
    assert asked - described("`facts`") - described("`data`") == set()


def test_every_measurement_and_every_figure_of_an_epoch_is_described(record):
    assert {field.name for field in fields(Measurement)} <= described("`measurements`")
    names = [
        re.sub(r"^(cpu|cuda)_(infer|train)_(first|peak|reserved)", r"…_\3", one["name"])
        for one in record["measurements"]
    ]
    assert set(names) <= described("`measurements`")
    assert {key for row in record["history"] for key in row} <= described("`history`")


def test_every_field_of_run_json_is_described(folder):
    assert set(json.loads((folder / "run.json").read_text())) <= described("`run.json`")


def test_every_file_of_a_run_is_described(folder):
    heading = "A run's folder and its records"
    names = {span.partition("/")[0] for span in described(heading)}
    assert {path.name for path in folder.iterdir()} <= names
