"""`harness table`: every format is what the run's own files say, and nothing is written."""

from __future__ import annotations

import pytest

from harness.cli.main import main
from results.tables.render import render
from tests.results.runs import trial
from tests.results.samples import stored_run
from tests.results.store.test_published import published_run
from tests.source import ROOT

TIMES = {"cpu_infer_step_time": (20.0, 20.1, 20.2)}


@pytest.fixture
def store(tmp_path):
    return stored_run(tmp_path, [trial("vit", wrong=range(50), **TIMES), trial("mlp", wrong=range(300), **TIMES)])


@pytest.mark.parametrize("written", ["md", "csv", "json"])
def test_a_format_is_to_the_byte_what_the_run_has_on_disk(store, capsys, written):
    render(store)
    before = {path: path.stat().st_mtime_ns for path in store.path.rglob("*")}
    assert main(["table", "--format", written, "--output", str(store.path.parent)]) == 0
    assert capsys.readouterr().out == (store.path / f"table.{written}").read_text()
    assert {path: path.stat().st_mtime_ns for path in store.path.rglob("*")} == before


def test_as_text_it_is_what_the_run_ended_with(store, capsys):
    assert main(["table", store.path.name, "--output", str(store.path.parent)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Test error on 1,000 images, 1 seed  (95 % intervals over images)"
    assert "Of these checkpoints, vit is the best;" in "\n".join(lines)


def test_a_run_of_before_has_its_table_too(capsys):
    assert main(["table", str(ROOT / "tests/results/run_of_before"), "--format", "latex"]) == 0
    assert r"\begin{tabular}" in capsys.readouterr().out


def test_published_tables_are_listed_and_shown_with_how_they_were_made(tmp_path, capsys, monkeypatch):
    table = published_run(tmp_path)
    monkeypatch.setattr("results.store.published.published", lambda: {table.name: table})
    assert main(["table", "--published"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "table       models  seeds  data    date        machine",
        "digits-two       2      2  leaves  2026-11-27  Old Reliable 9000, 2 cores, torch 2.15.0, timm 1.0.31",
    ]
    assert main(["table", "--published", "digits-two"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(table.text("text"))
    assert shown.endswith("timm 1.0.31 by: harness run --plugins vit,mlp\n")
    assert main(["table", "--published", "digits-two", "--format", "csv"]) == 0
    assert capsys.readouterr().out == table.text("csv")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--published", "digits-tow"], "there is no published table 'digits-tow'. Did you mean digits-two?"),
        (["--published", "digits-two", "--format", "latex"], "of a published table there is no latex"),
        (["7f2a", "--published", "digits-two"], "a run, 7f2a, and --published exclude each other"),
    ],
)
def test_a_published_table_that_cannot_be_shown_is_one_line(tmp_path, capsys, monkeypatch, arguments, says):
    table = published_run(tmp_path)
    monkeypatch.setattr("results.store.published.published", lambda: {table.name: table})
    assert main(["table", *arguments]) == 2
    assert capsys.readouterr().err.splitlines()[0] == f"error: {says}"


def test_without_a_published_table_that_is_said(capsys, monkeypatch):
    monkeypatch.setattr("results.store.published.published", dict)
    assert main(["table", "--published"]) == 0
    assert capsys.readouterr().out == "no table is published\n"


@pytest.mark.parametrize(
    ("arguments", "code", "cause", "remedy"),
    [
        (["--format", "html"], 2, "argument --format: invalid choice: 'html'", "see: harness table --help"),
        (["zzzz"], 4, "zzzz is not the folder of a run", "there are: "),
    ],
)
def test_wrong_input_is_one_line_of_cause_and_one_of_remedy(store, capsys, arguments, code, cause, remedy):
    assert main(["table", *arguments, "--output", str(store.path.parent)]) == code
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"error: {cause}")
    assert lines[1].startswith(f"  {remedy}")
