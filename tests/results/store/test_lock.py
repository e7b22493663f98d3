"""One process at a time writes into a run's folder."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from results.errors import StoreError
from results.store import lock
from results.store.lock import LOCK_FILE, locked

HOLD = """
import sys, time
from pathlib import Path
from results.store.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_told_who_holds_the_lock(tmp_path, holder):
    with pytest.raises(StoreError, match=rf"in use by process {holder.pid} on .* since 2") as caught, locked(tmp_path):
        pass
    assert caught.value.exit_code == 4


def test_the_lock_of_a_killed_process_is_taken_over(tmp_path, holder):
    holder.kill()
    holder.wait()
    assert json.loads((tmp_path / LOCK_FILE).read_text())["pid"] == holder.pid
    with locked(tmp_path):
        assert json.loads((tmp_path / LOCK_FILE).read_text())["pid"] != holder.pid


def test_nothing_is_left_of_a_lock_and_it_can_be_had_again(tmp_path):
    for _ in range(2):
        with locked(tmp_path):
            pass
        assert list(tmp_path.iterdir()) == []


def test_a_lock_that_is_a_link_is_refused(tmp_path):
    (tmp_path / LOCK_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="cannot be written"), locked(tmp_path):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_lock_on_a_file_that_its_last_holder_just_removed_is_none(tmp_path, monkeypatch):
    real = lock.fcntl.flock

    def too_late(handle, operation):
        (tmp_path / LOCK_FILE).unlink()
        real(handle, operation)

    monkeypatch.setattr(lock.fcntl, "flock", too_late)
    with pytest.raises(StoreError, match="in use by another process"), locked(tmp_path):
        pass
