"""What a control group allows, read from trees as the kernel shows them."""

from __future__ import annotations

import os

import pytest

from harness.machine import control_group, system

V2, V1 = "cgroup2", "cgroup"


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Makes a tree of groups; returns the quota and the room that are seen in it."""

    def seen(kind, own, files, root="/"):
        proc, mount = tmp_path / "proc" / "self", tmp_path / "fs"
        proc.mkdir(parents=True)
        mount.mkdir(parents=True)
        options = "rw,nsdelegate" if kind == V2 else "rw,cpuacct,cpu,memory"
        (proc / "mountinfo").write_text(
            f"21 20 0:19 / {tmp_path}/other rw - tmpfs tmpfs rw,cpu\n"
            f"30 21 0:26 {root} {mount} rw,nosuid shared:4 - {kind} cgroup {options}\n"
        )
        (proc / "cgroup").write_text(f"1:name=systemd:/x\n{'0:' if kind == V2 else '4:cpu,cpuacct,memory'}:{own}\n")
        for name, text in files.items():
            file = mount / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        monkeypatch.setattr(control_group, "PROC", tmp_path / "proc")
        return control_group.cpu_quota(), control_group.memory_room()

    return seen


@pytest.mark.fault(148)
@pytest.mark.parametrize(
    ("kind", "own", "files", "quota"),
    [
        (V2, "/", {"cpu.max": "150000 100000\n"}, 1.5),
        (V2, "/a/b", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "200000 100000\n"}, 2.0),
        (V2, "/a/b", {"a/b/cpu.max": "400000 100000\n", "a/cpu.max": "50000 100000\n"}, 0.5),
        (V2, "/a", {"a/cpu.max": "max 100000\n", "b/cpu.max": "100000 100000\n"}, None),
        (V1, "/a", {"a/cpu.cfs_quota_us": "300000\n", "a/cpu.cfs_period_us": "100000\n"}, 3.0),
        (V1, "/a", {"a/cpu.cfs_quota_us": "-1\n", "a/cpu.cfs_period_us": "100000\n"}, None),
        (V1, "/a/b", {"cpu.cfs_quota_us": "100000", "cpu.cfs_period_us": "50000", "a/b/cpu.cfs_quota_us": "-1"}, 2.0),
        (V2, "/gone", {}, None),
    ],
)
def test_148_the_least_quota_of_all_groups_around_holds(groups, kind, own, files, quota):
    assert groups(kind, own, files) == (quota, None)


@pytest.mark.fault(148)
@pytest.mark.parametrize(("own", "root"), [("/docker/1f", "/docker/1f"), ("/docker/1f", "/")])
def test_148_in_a_container_the_mount_may_show_its_own_group_only(groups, own, root):
    """The second: a mount of the whole tree's top with the group's files in it, as where /sys is mounted anew."""
    assert groups(V2, own, {"cpu.max": "100000 100000"}, root=root) == (1.0, None)


@pytest.mark.fault(148)
@pytest.mark.parametrize(
    ("kind", "files", "room"),
    [
        (V2, {"a/memory.max": "1000", "a/memory.current": "900", "a/memory.stat": "anon 5\ninactive_file 300\n"}, 400),
        (V2, {"a/memory.max": "max", "a/memory.current": "9", "memory.max": "50", "memory.current": "60"}, 0),
        (V1, {"a/memory.limit_in_bytes": "1000", "a/memory.usage_in_bytes": "900"}, 100),
        (V1, {"a/memory.limit_in_bytes": "9223372036854771712", "a/memory.usage_in_bytes": "900"}, None),
    ],
)
def test_148_memory_has_its_limit_there_too(groups, monkeypatch, kind, files, room):
    assert groups(kind, "/a", files) == (None, room)
    monkeypatch.setattr(system, "_free_of_machine", lambda: 200)
    assert system.free_memory() == min(200, 200 if room is None else room)


@pytest.mark.fault(148)
@pytest.mark.parametrize(("quota", "cores"), [(None, 8), (2.0, 2), (1.5, 1), (0.25, 1), (64.0, 8)])
def test_148_cores_are_those_that_affinity_and_quota_allow(monkeypatch, quota, cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr(system, "cpu_quota", lambda: quota)
    assert (system.num_cpus(), system.visible_cpus()) == (cores, 8)


def test_without_proc_there_is_no_quota(monkeypatch, tmp_path):
    monkeypatch.setattr(control_group, "PROC", tmp_path)
    assert (control_group.cpu_quota(), control_group.memory_room()) == (None, None)
