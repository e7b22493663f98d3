"""docs/events.md describes what a program gets, to the field."""

from __future__ import annotations

import json
import re
from dataclasses import fields

from harness.cli.main import main
from harness.runs.console import events
from harness.runs.console.events import NAMES, fields_of
from tests.faults.hostile import __file__ as hostile
from tests.source import ROOT

KINDS = {
    "time": str, "event": str, "store": str, "dataset": str, "classes": int, "images": dict, "fingerprint": str,
    "device": str, "memory_gib": float | None, "models": int, "trials": int, "done": int, "text": str, "name": str,
    "total": int, "unit": str, "detail": str, "model": str, "seed": int, "fold": int | None, "number": int,
    "phase": str | None, "epoch": int, "epochs": int, "train_loss": float | None, "eval_loss": float | None,
    "eval_top1": float, "lr": float, "train_seconds": float, "eval_seconds": float, "seconds_left": float | None,
    "at_most": bool, "status": str, "cause": str | None, "best_epoch": int | None, "val_top1_err": float | None,
    "total_seconds": float | None, "timing_error": str | None, "counts": dict, "resume": str, "remedy": str,
    "exit_code": int,
}  # fmt: skip


def documented():
    """The fields of each event in the table of docs/events.md, but for what stands in brackets."""
    rows = [line.split(" | ") for line in (ROOT / "docs/events.md").read_text().splitlines() if line.startswith("| `")]
    return {row[0].strip("| `"): re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", row[2])) for row in rows}


def test_the_documentation_has_every_event_and_every_field_in_order():
    assert documented() == {name: fields_of(kind) for kind, name in NAMES.items()}


def test_every_event_of_the_code_has_a_name_or_is_for_live_screens_alone():
    kinds = set(events.Event.__args__)
    assert kinds - set(NAMES) == {events.Progress}
    assert {one.name for kind in kinds for one in fields(kind)} >= set(KINDS) - {"time", "event"}


def test_every_event_of_a_run_has_the_documented_fields_and_no_other(tmp_path, capsys):
    options = ["--log", "json", "--epochs", "2", "--time-budget", "0.01", "--device", "cpu", "--output", str(tmp_path)]
    assert main(["-p", hostile, "run", "--plugins", "mlp,bad/leave-with-3", *options]) == 1
    assert main(["resume", "no-such-run", "--log", "json"]) == 4
    lines = capsys.readouterr().err.splitlines()
    told = [json.loads(line) for line in lines]
    for event in told:
        assert list(event) == ["time", "event", *documented()[event["event"]]]
        assert [name for name, value in event.items() if not isinstance(value, KINDS[name])] == []
    names = [event["event"] for event in told]
    assert set(names) == set(documented()) - {"stopped"}
    assert (names[0], names[-2:]) == ("started", ["ended", "error"])
    assert [(event["model"], event["status"]) for event in told if event["event"] == "trial_ended"] == [
        ("mlp", "ok"), ("bad/leave-with-3", "failed"),
    ]  # fmt: skip
