"""A stored run as its tables, whichever version wrote it."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import pytest

from results.store.run_store import RunStore
from results.tables import render as rendering
from results.tables.render import printed, render
from tests.results.runs import Folder, printed_of, trial

# Written by 0.1.0 as it was before ranks were intervals: `harness run --plugins mlp,fc_model --epochs 1 --seeds 2`, of
# which one trial is left out.
BEFORE = Path(__file__).parent.parent / "run_of_before"


def test_a_run_of_before_is_shown_by_the_rules_of_today_without_training_it_again(tmp_path):
    shutil.copytree(BEFORE, tmp_path / "run")
    store = RunStore.open(tmp_path / "run")
    text = printed(store, render(store), as_json=False, width=110)
    assert text.startswith("Test error on 359 images, 1 to 2 seeds  (95 % intervals over images and seeds)\n")
    assert "Fewer than 2 seeds: fc_model; its seed effect is borrowed from the other models.\n" in text
    assert "±" not in text
    rows = list(csv.DictReader(io.StringIO((store.path / "table.csv").read_text(), newline="")))
    assert [(row["model"], row["rank_low"], row["rank_high"], row["seed"]) for row in rows] == [
        ("mlp", "1", "2", "1 2"),
        ("fc_model", "1", "2", "1"),
    ]
    assert all(float(row["top1_err_low"]) < float(row["top1_err"]) < float(row["top1_err_high"]) for row in rows)
    assert all(float(row["cpu_infer_step_time_low"]) <= float(row["cpu_infer_step_time"]) for row in rows)
    assert [row["infer_gmacs"] for row in rows] == ["7.5008e-05", "0.000197888"]
    [pair] = json.loads((store.path / "table.json").read_text())["comparisons"]
    assert (pair["first"], pair["second"], pair["significant"]) == ("mlp", "fc_model", False)


def test_rows_are_made_once_for_both_files(monkeypatch):
    calls, flat = [], rendering.flat
    monkeypatch.setattr(rendering, "flat", lambda summary: calls.append(summary) or flat(summary))
    render(Folder([trial("a"), trial("b", wrong=range(9))]))
    assert len(calls) == 1


@pytest.mark.parametrize("room", [40, 80, 120])
def test_no_line_leaves_the_terminal_but_one_that_holds_a_path(room):
    run = [
        *(trial(f"timm/a_long_name_{i}", wrong=range(20 * i, 20 * i + 60), notes=(1.0,)) for i in range(12)),
        trial("another", status="failed", cause="a cause that is told at some length, " * 4),
        trial("noted", facts={"notes": "images of 48 px are shown to it, which it was not made for " * 3}),
    ]
    *lines, path = printed_of(run, width=room).splitlines()
    assert max(map(len, lines)) <= room
    assert path.startswith("wrote ")


def test_into_a_pipe_no_line_is_wrapped():
    lines = printed_of([trial(f"model{i}", wrong=range(20 * i, 20 * i + 60)) for i in range(9)]).splitlines()
    said = lines[lines.index("") + 1 :]
    assert max(map(len, said)) > 100
    assert not [line for line in said if line.startswith(" ")]
