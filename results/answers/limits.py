"""What a model may cost: limits on measured figures, and how a model stands to them."""

from __future__ import annotations

from dataclasses import dataclass

from results.answers.asked import Unanswerable
from results.ranking.front import Time
from results.ranking.summary import Row, Summary
from results.sanitize import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is asked for. Milliseconds are of a batch of `batch_size` images on the type of device `on`.

    Parameters are in millions, memory is the peak of training in MiB: on an accelerator its own, else the process's.
    `within` are percentage points of error that a cheaper model may have more than the best of those that fit.
    """

    max_ms: float | None = None
    on: str | None = None
    batch_size: int | None = None
    max_params: float | None = None
    max_memory: float | None = None
    within: float | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one model, and what it may be at most; None is not known."""

    what: str
    value: float | None
    limit: float

    @property
    def excess(self) -> float:
        """How many times the limit it is."""
        return self.value / self.limit if self.value is not None else float("inf")


def device_of(summary: Summary, limits: Limits) -> str:
    """The type of device whose times count: the one asked for, else the one trained on, else one with times; or "".

    Raises Unanswerable where the run has no times of what was asked for.
    """
    timed = timed_on(summary)
    if limits.on is not None and limits.on not in timed:
        remedy = f"give --on {' or '.join(timed)}" if timed else "run it again with times: harness run"
        raise Unanswerable(f"this run timed nothing on {plain(limits.on)}", remedy)
    if limits.max_ms is not None and not timed:
        raise Unanswerable("this run has no times, so --max-ms cannot be judged", "leave it out, or run again")
    trained_on = [row.records[0].device.partition(":")[0] for row in summary.ranked]
    return limits.on or next((kind for kind in [*trained_on, *timed] if kind in timed), "")


def require_batch(summary: Summary, limits: Limits) -> None:
    """Raise Unanswerable where the run timed batches of another size."""
    sizes = {row.fact("infer_batch_size") for row in summary.ranked} - {None}
    if limits.batch_size is not None and sizes != {limits.batch_size}:
        timed = " and ".join(map(str, sorted(sizes))) or "no known size"
        cause = f"this run timed batches of {timed}, not of {limits.batch_size}"
        raise Unanswerable(cause, f"leave it out; other sizes: harness time MODELS --batch-size {limits.batch_size}")


def figures(row: Row, limits: Limits, device: str) -> list[Figure]:
    """What is limited, in the order in which it is said."""
    time, count = row.time(device, "infer"), row.fact("param_count")
    peak = "peak_mib" if device in ("", "cpu") else "device_peak_mib"
    # A mean over seeds, and asked for every row at each of many budgets: only where it counts.
    memory = None if limits.max_memory is None else row.mean(peak)
    wanted = [
        ("ms", time.median if time else None, limits.max_ms),
        ("params", None if count is None else count / 1e6, limits.max_params),
        ("memory", memory, limits.max_memory),
    ]
    return [Figure(what, value, limit) for what, value, limit in wanted if limit is not None]


def straddles(time: Time | None, limit: float | None) -> bool:
    """Whether the interval of a time has the limit within."""
    return time is not None and limit is not None and time.low <= limit < time.high


def timed_on(summary: Summary) -> list[str]:
    """The types of devices on which a ranked model was timed, the CPU first."""
    kinds = dict.fromkeys(["cpu", summary.accelerator])
    return [kind for kind in kinds if kind and any(row.time(kind, "infer") for row in summary.ranked)]
