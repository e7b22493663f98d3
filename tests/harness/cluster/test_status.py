"""What `harness status` says of a run that workers carry out."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from harness.cli.main import main
from harness.cluster.status import lines, status_of
from results.errors import StoreError
from results.store.claims import Claims
from results.store.holder import Holder
from results.store.run_store import RunStore


@pytest.fixture
def store(tmp_path):
    """A run of six trials, of which the first two are done, ten seconds apart, the second just now."""
    trials = [{"model": model, "seed": seed} for seed in (1, 2) for model in ("a", "b", "mine/c")]
    store = RunStore.create(tmp_path, "d", {"trials": trials})
    for name in ("a@s1", "b@s1"):
        (store.path / "records" / f"{name}.json").touch()
    old = store.path / "records" / "a@s1.json"
    os.utime(old, (old.stat().st_mtime - 10,) * 2)
    return store


def claim(store, trial, host="node17", seconds=0.0, before=None):
    """A claim whose worker gave a sign of life so long ago."""
    made = Claims(store.path).take(trial, before, replace(Holder.this(), host=host, boot=host, pid=7), "cuda:1", 20.0)
    path = store.path / "claims" / f"{trial}.{made.turn}"
    os.utime(path, (path.stat().st_mtime - seconds,) * 2)
    return made


def test_it_says_who_is_at_what_who_is_stale_and_how_long_the_rest_takes(store):
    claim(store, "mine--c@s1", seconds=4)
    claim(store, "a@s2", host="node2", seconds=90, before=claim(store, "a@s2", host="node2"))
    (store.path / "failures" / "b@s1.txt").touch()
    first, *rows, left = lines(status_of(store))
    assert first.endswith(": 2 of 6 trials done · 1 with a log of what went wrong · 1 worker at work · 1 stale")
    assert [" ".join(row.split()) for row in rows] == [
        "node17 (7) cuda:1 mine/c seed 1 last sign of life 4.0s ago",
        "node2 (7) cuda:1 a seed 2 stale, last sign of life 1m 30s ago, taken over 1 time",
    ]
    assert left.startswith("about 0m 4")  # of seconds


def test_where_nobody_works_it_says_how_to_go_on(store):
    claim(store, "a@s2", seconds=90)
    status = status_of(store)
    assert status.seconds_left is None
    assert lines(status)[-1].startswith("nobody works on it; go on with: harness worker ")


def test_a_claim_that_outlived_its_trial_is_nobodys_work(store):
    claim(store, "a@s1")
    assert status_of(store).workers == ()


def test_once_all_is_done_it_says_who_writes_the_tables(store):
    for name in ("mine--c@s1", "a@s2", "b@s2", "mine--c@s2"):
        (store.path / "records" / f"{name}.json").touch()
    assert "harness resume" in lines(status_of(store))[-1]


def test_in_a_folder_that_cannot_be_written_it_judges_by_its_own_clock_and_says_so(store, monkeypatch):
    claim(store, "a@s2", seconds=5)

    def refused(self):
        raise StoreError("read-only")

    monkeypatch.setattr(Claims, "now", refused)
    status = status_of(store)
    assert (status.own_clock, status.workers[0].is_stale) == (True, False)
    assert "this machine's clock" in lines(status)[-1]


def test_as_json_it_has_the_same(store, capsys):
    claim(store, "mine--c@s1")
    assert main(["status", str(store.path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["trials"], said["done"], said["failed"]) == (6, 2, 0)
    (worker,) = said["workers"]
    assert {name: worker[name] for name in ("trial", "host", "pid", "device", "is_stale", "turn")} == {
        "trial": "mine/c seed 1", "host": "node17", "pid": 7, "device": "cuda:1", "is_stale": False, "turn": 0,
    }  # fmt: skip
