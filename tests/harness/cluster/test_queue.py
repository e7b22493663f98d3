"""Which trial a worker takes next."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from harness.cluster.queue import Queue
from results.store.holder import Holder

TRIALS = ["a@s1", "b@s1", "a@s2"]


@pytest.fixture
def run(tmp_path):
    (tmp_path / "records").mkdir()
    return tmp_path


def worker(run, host="node1"):
    return Queue(run=run, trials=TRIALS, holder=replace(Holder.this(), host=host, boot=host))


def record(run, trial):
    (run / "records" / f"{trial}.json").touch()


def test_trials_are_taken_in_the_runs_order_each_once(run):
    first, second = worker(run, "node1"), worker(run, "node2")
    assert [queue.next().trial for queue in (first, second, first)] == TRIALS
    assert (first.next(), second.next()) == (None, None)
    assert not first.is_over


def test_what_is_recorded_is_not_taken_and_once_all_is_the_queue_is_over(run):
    queue = worker(run)
    record(run, "a@s1")
    claim = queue.next()
    assert claim.trial == "b@s1"
    record(run, "b@s1")
    queue.claims.release(claim, is_done=True)
    record(run, "a@s2")
    assert (queue.next(), queue.is_over, queue.claims.latest()) == (None, True, {})


def test_a_trial_that_is_recorded_while_it_is_claimed_is_let_go(run, monkeypatch):
    queue = worker(run)
    looked = iter([False, True, False, False])
    monkeypatch.setattr(Queue, "is_done", lambda self, trial: next(looked))
    assert queue.next().trial == "b@s1"
    assert list(queue.claims.latest()) == ["b@s1"]


def test_a_stale_trial_is_taken_over_before_what_comes_after_it(run):
    gone, other = worker(run, "node1"), worker(run, "node2")
    gone.next()
    assert other.next().trial == "b@s1"
    path = run / "claims" / "a@s1.0"
    os.utime(path, (path.stat().st_mtime - 61,) * 2)
    claim = other.next()
    assert (claim.trial, claim.turn) == ("a@s1", 1)


def test_who_let_a_trial_go_leaves_it_to_the_next(run):
    first, second = worker(run, "node1"), worker(run, "node2")
    first.claims.release(first.next(), is_done=False)
    assert second.next().trial == "a@s1"
