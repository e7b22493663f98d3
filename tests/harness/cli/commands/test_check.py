"""`harness check`: models in processes of their own, in lines, JSON and tables."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from harness.checks.checked import CheckedModel, _lacking, _problem, _results
from harness.cli.commands import check
from harness.cli.main import main
from harness.isolation.supervisor import ExitReport
from harness.machine.oom import KILLED
from tests.zoo.testing import mutants
from zoo.testing.result import EXPECTED, FAILED, NOT_RUN, PASSED, Result

PLUGIN = """
import os, zoo
from tests.zoo.testing.mutants import flipped, network

def large(task):
    assert task.image_size >= 96
    return network(task)

def huge(task):
    import torch

    return torch.nn.Linear(10**7, 10**7)

@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name="mine/flipped", build=flipped)
    yield zoo.ModelSpec(name="mine/declared", build=flipped, expected_failures={"order": "it flips"})
    yield zoo.ModelSpec(name="mine/crash", build=lambda task: os.abort())
    yield zoo.ModelSpec(name="mine/large", build=large)
    yield zoo.ModelSpec(name="mine/huge", build=huge)
"""


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    """The exit code, and what is printed and written, of models that are sound, flip, crash, or do not fit."""
    folder = tmp_path_factory.mktemp("check")
    (folder / "mine.py").write_text(PLUGIN)
    plugins = ["-p", str(folder / "mine.py"), "-p", str(Path(mutants.__file__))]
    models = ["mutant/network", "mine/flipped", "mine/declared", "mine/crash", "mine/large", "mine/huge"]
    options = ["--num-threads", "1", "--img-size", "48", "--output", str(folder / "table.csv")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(mutants.__file__).parents[3]))
        code, out = printed([*plugins, "check", *models, *options])
    return code, out.splitlines(), list(csv.DictReader((folder / "table.csv").open()))


def printed(arguments):
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = main(arguments)
    return code, out.getvalue()


@pytest.mark.once
def test_each_model_is_a_line_and_a_failed_check_two_more(checked):
    code, lines, _ = checked
    assert code == 1
    assert lines == [
        "mutant/network  30 of 33 checks passed, 3 not run",
        "mine/flipped  29 of 33 checks passed, 1 failed, 3 not run",
        "  order: its outputs are not in the order of the images",
        "    flip, roll and sort no batch",
        "mine/declared  29 of 33 checks passed, 1 failed as declared, 3 not run",
        "  order failed as declared: its outputs are not in the order of the images (declared: it flips)",
        "mine/crash  FAIL: builds: crashed with SIGABRT",
        "mine/large  30 of 33 checks passed, 3 not run, on 96 px",
        *[line for line in lines if line.startswith("mine/huge  not checked: builds: it takes more memory than ")],
        "6 models: 3 ok, 2 failed, 1 not checked",
    ]


def test_the_table_has_a_row_a_model_and_a_column_a_check(checked):
    _, _, rows = checked
    assert [(row["model"], row["outcome"], row["order"], row["img_size"]) for row in rows] == [
        ("mutant/network", "ok", "passed", "48"),
        ("mine/flipped", "failed", "failed", "48"),
        ("mine/declared", "ok", "failed as declared", "48"),
        ("mine/crash", "failed", "", ""),
        ("mine/large", "ok", "passed", "96"),
        ("mine/huge", "not checked", "", ""),
    ]
    assert rows[3]["detail"] == "builds: crashed with SIGABRT"
    assert rows[5]["detail"].startswith("builds: it takes more memory than ")


def one(**fields):
    results = (
        Result(check="name", status=PASSED),
        Result(check="order", status=FAILED, cause="it is | wrong\x1b[31m", remedy="mend it"),
        Result(check="bf16", status=EXPECTED, cause="far (declared: why)"),
        Result(check="compiles", status=NOT_RUN, cause="slow"),
    )
    return CheckedModel(**{"model": "=a|b", "plugin": "mine", "results": results, **fields})


@pytest.mark.parametrize("name", ["t.csv", "t.md", "t.json"])
def test_a_table_is_written_as_its_name_ends(tmp_path, name):
    done = [one(), one(model="c", results=(), problem="builds: crashed")]
    check._write(tmp_path / name, done, [check._row(row, "torch 2.15.0") for row in done])
    text = (tmp_path / name).read_text()
    assert "\x1b" not in text or name == "t.json"
    if name == "t.csv":
        rows = list(csv.DictReader(text.splitlines()))
        assert [(row["model"], row["order"], row["compiles"]) for row in rows] == [
            ("'=a|b", FAILED, NOT_RUN),
            ("c", "", ""),
        ]
    elif name == "t.md":
        assert text.splitlines()[2] == "| =a/b | failed | order: it is / wrong; bf16: far (declared: why) |"
    else:
        assert [row["ok"] for row in json.loads(text)] == [False, False]


def test_what_cannot_be_meant_is_said_before_anything_is_built(capsys):
    assert main(["check"]) == 2
    assert main(["check", "mlp", "--output", "table.txt"]) == 2
    assert main(["check", "mpl"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[::2] == [
        "error: no model was named",
        "error: --output table.txt is none of .csv, .md, .json",
        "error: unknown plugin 'mpl'. Did you mean mlp?",
    ]


GOOD = {"check": "name", "status": PASSED, "cause": "", "remedy": ""}


@pytest.mark.parametrize(
    "answer", [None, [], {"checks": "ok"}, {"checks": [{"check": "name"}]}, {"checks": [{**GOOD, "status": "fine"}]}]
)
def test_what_a_child_says_that_is_no_result_is_none(answer):
    assert _results(answer) == ()
    assert _results({"checks": [GOOD]}) == (Result(check="name", status=PASSED),)


@pytest.mark.parametrize(
    ("report", "problem"),
    [
        (ExitReport(timed_out=True, phase="gradients"), "gradients: not done within 9 s"),
        (ExitReport(exitcode=-11, phase="builds"), "builds: crashed with SIGSEGV"),
        (ExitReport(exitcode=1, problem="ValueError: no"), "ValueError: no"),
        (ExitReport(exitcode=3, phase="shape"), "shape: its process ended with 3"),
    ],
)
def test_a_process_that_gives_no_results_is_said_in_a_line(report, problem):
    assert _problem(report, 9.0) == problem


@pytest.mark.parametrize(
    ("report", "lacking"),
    [
        (ExitReport(exitcode=-9, phase="builds"), f"builds: {KILLED}"),
        (ExitReport(exitcode=-9, phase="builds", timed_out=True), ""),
        (
            ExitReport(exitcode=-6, phase="checkpoint", log="memory allocation of 64 bytes failed\n"),
            "checkpoint: out of memory: memory allocation of 64 bytes failed",
        ),
        (ExitReport(exitcode=-6, phase="checkpoint", log="assertion failed\n"), ""),
        (ExitReport(exitcode=0, result={"lacking": "builds: it takes more"}), "builds: it takes more"),
    ],
)
def test_want_of_memory_is_told_from_a_crash(report, lacking):
    assert _lacking(report) == lacking


@pytest.fixture
def asked(monkeypatch):
    """The models of each call that were to be checked; all pass but those whose name is in `failing`, once."""
    calls = Calls()

    def done(zoo, choices, plugins, **how):
        calls.append([choice.name for choice in choices])
        for choice in choices:
            failed = choice.name in calls.failing
            calls.failing.discard(choice.name)
            yield one(model=choice.name, results=(Result(check="name", status=FAILED if failed else PASSED),))

    monkeypatch.setattr("harness.checks.checked.checked", done)
    return calls


class Calls(list):
    def __init__(self):
        super().__init__()
        self.failing = set()


def models_of(table):
    with table.open() as file:
        return [row["model"] for row in csv.DictReader(file)]


def test_all_goes_through_every_model_but_those_left_out_and_writes_a_table(tmp_path, monkeypatch, capsys, asked):
    monkeypatch.chdir(tmp_path)
    assert main(["-p", "no:timm_models", "check", "--all", "all,-*[r-z]*", "--json"]) == 0
    names = [row["model"] for row in json.loads(capsys.readouterr().out)]
    assert asked == [names]
    assert {"fc_model", "mlp", "mlp-deep"} <= set(names)
    assert "resnet18" not in names
    assert models_of(tmp_path / "model_checks.csv") == names


def test_continue_checks_what_is_not_ok_in_the_table(tmp_path, capsys, asked):
    table = tmp_path / "checks.csv"

    def check(*words):
        return main(["check", *words, "--continue", "--output", str(table)])

    asked.failing = {"fc_model"}
    assert [check("mlp", "fc_model"), check("mlp", "mlp-deep"), check("mlp")] == [1, 0, 0]
    assert asked == [["mlp", "fc_model"], ["mlp-deep"], []]
    assert table.read_text().splitlines()[0] == "model,plugin,outcome,passed,seconds,conditions,img_size,detail,name"
    assert models_of(table) == ["mlp", "fc_model", "mlp-deep"]
    assert "1 model: 1 ok, 0 failed, 2 in the table before" in capsys.readouterr().out
    assert check("mlp", "fc_model") == 0  # which failed before
    assert asked[-1] == ["fc_model"]
    assert models_of(table) == ["mlp", "mlp-deep", "fc_model"]
    # Rows made under other conditions would be lost.
    before = table.read_bytes()
    assert check("mlp", "--slow") == 2
    assert " --slow" in capsys.readouterr().err
    assert table.read_bytes() == before


def test_continue_checks_a_model_again_whose_plugin_was_changed(tmp_path, asked):
    plugin, table = tmp_path / "mine.py", tmp_path / "checks.csv"
    text = (
        "import zoo\n@zoo.hookimpl\ndef zoo_models():\n    yield zoo.ModelSpec(name='mine/net', build='mine:build')\n"
    )
    for written in (text, text, f"{text}# changed\n"):
        plugin.write_text(written)
        assert main(["-p", str(plugin), "check", "mine/net", "mlp", "--continue", "--output", str(table)]) == 0
    assert asked == [["mine/net", "mlp"], [], ["mine/net"]]
    assert models_of(table) == ["mlp", "mine/net"]


def test_continue_without_its_own_kind_of_table_is_an_error(tmp_path, capsys):
    (tmp_path / "table.csv").write_text("model,top1_err\nmlp,3.1\n")
    for words, cause in (
        ([], "name it: --output FILE.csv"),
        (["--output", str(tmp_path / "a.json")], "name it: --output FILE.csv"),
        (["--output", str(tmp_path / "table.csv")], "no table of checks that can be gone on with"),
    ):
        assert main(["check", "mlp", "--continue", *words]) == 2
        assert cause in capsys.readouterr().err
