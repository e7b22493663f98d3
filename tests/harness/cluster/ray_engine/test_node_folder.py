"""What a node keeps of a run: for as long as it is used, and for nobody else."""

from __future__ import annotations

import os
import tempfile
import threading

import pytest

from harness.cluster.ray_engine.node_folder import LOCK, OLD_S, alone, forget, held


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def age(folder):
    """Let it look as if no task had used it for a day."""
    then = (folder / LOCK).stat().st_mtime - OLD_S - 1
    os.utime(folder / LOCK, (then, then))


def test_tasks_of_one_run_on_one_node_share_a_folder_that_only_their_user_can_enter(temporary):
    with held("run", "a") as first, held("run", "a") as second, held("run", "b") as other:
        assert first == second != other
    (base,) = temporary.iterdir()
    assert base.stat().st_mode & 0o777 == 0o700


def test_what_a_killed_run_has_left_is_swept_away_once_it_is_old_and_no_task_uses_it(temporary):
    with held("dead", "a") as dead, held("young", "a") as young:
        pass
    age(dead)
    with held("busy", "a") as busy:
        age(busy)
        with held("new", "a"):
            assert (dead.exists(), dead.parent.exists(), young.exists(), busy.exists()) == (False, False, True, True)


def test_a_run_that_has_ended_is_forgotten(temporary):
    with held("run", "a") as folder, held("other", "a") as other:
        (folder / "data").mkdir()
    forget("run")
    forget("never")
    assert (folder.exists(), other.exists()) == (False, True)


@pytest.mark.parametrize("plant", [lambda path: path.symlink_to("/var"), lambda path: path.mkdir(mode=0o777)])
def test_a_folder_that_somebody_else_may_write_into_is_refused(temporary, plant):
    base = temporary / f"harness-ray-{os.getuid()}"
    plant(base)
    if not base.is_symlink():
        base.chmod(0o777)
    with pytest.raises(OSError, match="not this user's own"), held("run", "a"):
        pass


def test_one_task_at_a_time_brings_the_dataset(tmp_path):
    inside, order = threading.Event(), []

    def second():
        inside.wait()
        with alone(tmp_path):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with alone(tmp_path):
        inside.set()
        thread.join(0.1)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
