"""`harness classes`: its lines, its figures as JSON, and what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest

from harness.cli.main import main
from tests.results.classified import classified
from tests.results.samples import stored_run

LABELS = np.repeat([0, 1, 2], 20)


@pytest.fixture
def runs(tmp_path):
    bad = np.where((LABELS == 1) & (np.arange(60) < 28), [0] * 25 + [2] * 35, LABELS)
    models = {"vit": LABELS, "mlp": bad}
    stored_run(tmp_path, [classified(name, LABELS, took, ("elm", "oak", "fir")) for name, took in models.items()])
    return tmp_path


def said(capsys, runs, *arguments):
    assert main(["classes", *arguments, "--output", str(runs)]) == 0
    return capsys.readouterr().out.splitlines()


def test_classes_stand_worst_first_with_a_line_for_each_model(runs, capsys):
    assert said(capsys, runs, "vit", "mlp", "--most", "2") == [
        "class  images  model  accuracy (recall) %   precision %                F1 %  taken for",
        "oak        20  vit           100 (84–100)  100 (84–100)  100.0 (91.2–100.0)",
        "               mlp             60 (39–78)  100 (76–100)          75 (56–88)  elm (25 %), fir (15 %)",
        "elm        20  vit           100 (84–100)  100 (84–100)  100.0 (91.2–100.0)",
        "               mlp           100 (84–100)    80 (61–91)          89 (76–95)",
        "",
        "The worst first, with 95 % intervals; of what a class was taken for, the share of its images.",
        "1 better class is not shown: --most 0 shows all",
    ]


def test_all_classes_are_shown_on_demand_and_hidden_models_are_counted(runs, capsys):
    lines = said(capsys, runs, "mlp", "--most", "0")
    assert [line.split()[0] for line in lines[1:4]] == ["oak", "elm", "fir"]
    assert lines[-1] == "1 more model is not shown: name those that you want to see"


def test_as_json_it_says_the_same_in_figures_of_all_classes(runs, capsys):
    found = json.loads("\n".join(said(capsys, runs, "mlp", "--json", "--most", "1")))
    assert [one["name"] for one in found["classes"]] == ["oak", "elm", "fir"]
    oak = found["classes"][0]["models"]["mlp"]
    assert oak["accuracy"] == oak["recall"]
    assert oak["recall"]["mean"] == pytest.approx(60)
    assert oak["taken_for"] == [{"name": "elm", "images": 5}, {"name": "fir", "images": 3}]


@pytest.mark.parametrize(
    ("arguments", "code", "cause", "remedy"),
    [
        (["vitt"], 2, "run ", "its models: mlp, vit"),
        (["--most", "-1"], 2, "argument --most: -1 is out of range", "see: harness classes --help"),
    ],
)
def test_wrong_input_is_one_line_of_cause_and_one_of_remedy(runs, capsys, arguments, code, cause, remedy):
    assert main(["classes", *arguments, "--output", str(runs)]) == code
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"error: {cause}")
    assert lines[1].startswith(f"  {remedy}")


def test_without_a_run_that_is_said(tmp_path, capsys):
    assert main(["classes", "--output", str(tmp_path)]) == 4
    assert capsys.readouterr().err.startswith("error: there is no run in ")
