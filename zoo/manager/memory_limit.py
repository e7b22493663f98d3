"""How much private, writable memory this process may have: what is beyond it fails. Linux alone keeps such a limit."""

from __future__ import annotations

from pathlib import Path

STATUS = Path("/proc/self/status")


def limit_data(num_bytes: int) -> None:
    """Let this process have that many bytes. Lasts."""
    import resource  # which Windows does not have

    resource.setrlimit(resource.RLIMIT_DATA, (num_bytes, num_bytes))


def limit_further(num_bytes: int) -> None:
    """Let this process take that many bytes more than it has."""
    limit_data((taken() or 0) + num_bytes)


def taken() -> int | None:
    """Bytes that count, those of all that is loaded by now among them; None where they are not counted."""
    try:
        lines = STATUS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmData:")), None)


def room_below_limit() -> float:
    """Bytes that this process may still take before its own limit (`--memory-limit`, ulimit -d); infinite without."""
    try:
        import resource
    except ImportError:  # Windows
        return float("inf")
    limit, now = resource.getrlimit(resource.RLIMIT_DATA)[0], taken()
    if limit == resource.RLIM_INFINITY or now is None:
        return float("inf")
    return max(0, limit - now)
