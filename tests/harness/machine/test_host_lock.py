"""Workers of a host side by side, or one process that times, alone."""

from __future__ import annotations

import threading

import pytest

from harness.machine.host_lock import alone_on_host, beside_others
from zoo.errors import ZooError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_workers_train_side_by_side_and_nobody_waits():
    with beside_others(), beside_others():
        pass
    with alone_on_host(lambda: pytest.fail("waited")):
        pass


def test_who_times_waits_for_trials_that_are_going_on_and_lets_none_begin():
    order, waits, begun = [], threading.Event(), threading.Event()

    def time():
        with alone_on_host(waits.set):
            order.append("timed")

    def train():
        begun.set()
        with beside_others():
            order.append("trained")

    with beside_others():
        threads = [threading.Thread(target=time), threading.Thread(target=train)]
        threads[0].start()
        assert waits.wait(5)
        threads[1].start()
        assert begun.wait(5)
        threads[1].join(0.1)
        assert order == []
    for thread in threads:
        thread.join(5)
    assert order == ["timed", "trained"]


def test_a_folder_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(ZooError, match=r"timing\.lock|turnstile"), beside_others():
        pass
