"""What a control group allows of a machine: containers and clusters limit time and memory, not the cores one sees."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")


def cpu_quota() -> float | None:
    """The least quota of this process's group and of all groups around it, in cores; None without one.

    In both versions of control groups: https://docs.kernel.org/admin-guide/cgroup-v2.html, cpu.max, and
    https://docs.kernel.org/scheduler/sched-bwc.html, cpu.cfs_quota_us.
    """
    return min((quota for folder in _groups("cpu") if (quota := _quota(folder)) is not None), default=None)


def memory_room() -> int | None:
    """Bytes that this process's group, and all groups around it, may take yet; None without a limit."""
    return min((room for folder in _groups("memory") if (room := _room(folder)) is not None), default=None)


def _groups(controller: str) -> Iterator[Path]:
    """The folders of this process's groups that may limit something, and of those that these lie in."""
    for root, mount, version in _mounts(controller):
        path = _own_group(controller, version)
        if path is None:
            continue
        # In a container the mount may show part of the tree only, and the path be that of the whole.
        inside = path.relative_to(root) if path.is_relative_to(root) else Path()
        folder = mount / inside
        while folder != mount.parent:
            yield folder
            folder = folder.parent


def _mounts(controller: str) -> Iterator[tuple[Path, Path, int]]:
    """Where control groups are mounted: the group at the top of it, the folder, and the version."""
    for line in _lines(PROC / "self/mountinfo"):
        left, _, right = line.partition(" - ")
        fields, (kind, _, options) = left.split(), (*right.split(), "", "", "")[:3]
        if kind == "cgroup2" or (kind == "cgroup" and controller in options.split(",")):
            yield Path(fields[3]), Path(fields[4]), 2 if kind == "cgroup2" else 1


def _own_group(controller: str, version: int) -> Path | None:
    """The group of this process; in version 1 it has one for each controller."""
    for line in _lines(PROC / "self/cgroup"):
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if (controllers == "") if version == 2 else (controller in controllers.split(",")):
            return Path(path)
    return None


def _quota(folder: Path) -> float | None:
    """Cores that one group allows: microseconds of time in each period, which may be "max" or -1 for any."""
    texts = _lines(folder / "cpu.max")[:1] or [
        " ".join(line for name in ("quota", "period") for line in _lines(folder / f"cpu.cfs_{name}_us")[:1])
    ]
    try:
        quota, period = map(int, texts[0].split())
    except ValueError:
        return None
    return quota / period if quota > 0 and period > 0 else None


def _room(folder: Path) -> int | None:
    """Bytes between a group's limit, which may be "max" or beyond any machine, and what it cannot give back."""
    limit = _number(folder, "memory.max", "memory.limit_in_bytes")
    used = _number(folder, "memory.current", "memory.usage_in_bytes")
    if limit is None or used is None or limit >= 2**60:
        return None
    # Files that were read are counted too, and go when their room is needed.
    names = ("inactive_file ", "total_inactive_file ")
    cached = [int(line.split()[1]) for line in _lines(folder / "memory.stat") if line.startswith(names)]
    return max(0, limit - used + max(cached, default=0))


def _number(folder: Path, *names: str) -> int | None:
    """The number in the first of these files that is there and holds one."""
    texts = (line for name in names for line in _lines(folder / name)[:1])
    return next((int(text) for text in texts if text.isdecimal()), None)


def _lines(file: Path) -> list[str]:
    """The lines of a file that the kernel makes; none where there is no such file."""
    try:
        return file.read_text().splitlines()
    except OSError:
        return []
