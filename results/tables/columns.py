"""The columns of tables for the eye: one unit each, in the heading, and how a row fills them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil

from results.ranking.front import Time
from results.ranking.step_times import reach
from results.ranking.summary import Row, Summary
from results.sanitize import name, plain
from results.tables.number_format import digits, duration, ends, fixed, percent_decimals, with_ends

DEVICE_LABELS = {"cuda": "GPU"}
# An interval that reaches less far is what a quiet machine shows; naming it would only be noise for the eye.
SHOWN_REACH = 0.02
# Two rounds that differ by much leave an interval from nothing to minutes; its ends are in the files.
UNKNOWN_TIMES = 10
ON_FRONT = "◆"
TIE, NOT_TOLD_APART = "tie", "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`title` over `unit` is the heading; `fill` gives a row's cell, blank where nothing is known.

    `front` is the type of the device whose times these are: there a row on its front has a mark behind its cell.
    """

    key: str
    title: str = ""
    unit: str
    fill: Callable[[Row], str]
    left: bool = False
    front: str = ""

    def marked(self, row: Row) -> bool:
        return self.front in row.fronts


def main_columns(summary: Summary) -> list[Column]:
    """What a terminal shows where it is wide enough; a column that would be empty is left out."""
    kind = summary.accelerator
    label = device_label(kind)
    several = len(summary.ranked) > 1
    wanted = [
        Column(key="rank", unit="rank", fill=rank_text),
        Column(key="model", unit="plugin", fill=lambda row: name(row.model), left=True),
        Column(key="top1", title="top-1 err", unit="% (95 %)", fill=_error),
        Column(key="top5", title="top-5", unit="err %", fill=_top5),
        *([Column(key="vs_best", title="vs best", unit="pp (95 %)", fill=_vs_best)] if several else []),
        Column(key="cpu", title="CPU", unit="ms/batch", fill=partial(_time, "cpu", "infer"), front="cpu"),
        Column(key="gpu", title=label, unit="ms/batch", fill=partial(_time, kind, "infer"), front=kind),
        Column(key="ratio", title=label, unit="×", fill=partial(speed_up, kind)),
        Column(key="params", title="params", unit="M", fill=_params),
        Column(
            key="train",
            title="train",
            unit="per fold" if summary.folds else "per seed",
            fill=lambda row: duration(row.mean("train_seconds")),
        ),
        Column(key="weights", unit="weights", fill=partial(_fact, "weights"), left=True),
    ]
    return [wanted[0], wanted[1], *_filled(wanted[2:], summary.ranked)]


def more_columns(summary: Summary) -> list[Column]:
    """What only the written table has room for."""
    kind = summary.accelerator
    label = device_label(kind)
    wanted = [
        Column(key="cpu_train", title="CPU train", unit="ms/batch", fill=partial(_time, "cpu", "train")),
        Column(key="gpu_train", title=f"{label} train", unit="ms/batch", fill=partial(_time, kind, "train")),
        Column(key="peak", title="peak", unit="MiB", fill=partial(_mean, "peak_mib")),
        Column(key="gpu_peak", title=f"{label} peak", unit="MiB", fill=partial(_mean, "device_peak_mib")),
        Column(key="gmacs", unit="GMACs", fill=lambda row: digits(row.fact("infer_gmacs"))),
        Column(key="val", title="val err", unit="%", fill=partial(_mean, "val_top1_err")),
        Column(key="input", title="input", unit="C×H×W", fill=shape, left=True),
        Column(key="head", unit="head", fill=partial(_fact, "head"), left=True),
        Column(key="finetune", unit="trained", fill=partial(_fact, "finetune"), left=True),
        Column(
            key="seeds",
            unit="repeats" if summary.folds else "seeds",
            fill=lambda row: " ".join(str(record.seed) for record in row.records),
        ),
        Column(key="timing", unit="timing", fill=timing, left=True),
    ]
    return _filled(wanted, summary.ranked)


def device_label(kind: str) -> str:
    """`GPU` for cuda; other accelerators by their own name."""
    return DEVICE_LABELS.get(kind, kind.upper())


def rank_text(row: Row) -> str:
    """The places that the tests allow: `1`, or `1–4`; a minus for what is not ranked."""
    if row.places is None:
        return "-"
    first, last = row.places
    return str(first) if first == last else f"{first}–{last}"


def shape(row: Row) -> str:
    """Channels, height and width of the images that a model was given; blank where not known."""
    channels, size = row.fact("channels"), row.fact("img_size")
    return f"{channels}×{size}×{size}" if channels and size else ""


def timing(row: Row) -> str:
    """`noisy` where any seed's timing was, or where seeds differ, else `steady`; blank where not timed."""
    verdicts = {record.facts.get("timing_verdict") for record in row.records}
    if any(time.drift for time in row.times.values()):
        return "noisy"
    return next((verdict for verdict in ("noisy", "steady") if verdict in verdicts), "")


def is_unknown(time: Time) -> bool:
    """Whether its interval reaches so far that the time is as good as unknown."""
    return time.high > UNKNOWN_TIMES * time.median


def with_interval(time: Time | None) -> str:
    """`48.1`, or `48.1 (45.9–52.3)` where the interval reaches over 2 % from it; blank where not measured.

    `48.1 (?)` where it reaches so far that the time is as good as unknown.
    """
    if time is None:
        return ""
    if is_unknown(time):
        return f"{digits(time.median)} ({NOT_TOLD_APART})"
    if reach(time.median, time.low, time.high) <= SHOWN_REACH * time.median:
        return digits(time.median)
    return f"{digits(time.median)} ({digits(time.low)}–{digits(time.high)})"


def speed_up(device: str, row: Row) -> str:
    """`6.1×`: how many times as fast a batch is there as on the CPU; blank where not known."""
    slow, fast = row.time("cpu", "infer"), row.time(device, "infer")
    return f"{digits(slow.median / fast.median, 2)}×" if device and slow and fast else ""


def _filled(columns: Sequence[Column], rows: Sequence[Row]) -> list[Column]:
    return [column for column in columns if any(column.fill(row) for row in rows)]


def _error(row: Row) -> str:
    error = row.error
    return with_ends(error.mean, error.low, error.high) if error else ""


def _top5(row: Row) -> str:
    value, error = row.mean("top5_err"), row.error
    if value is None or error is None:
        return ""
    return f"{value:.{percent_decimals(reach(error.mean, error.low, error.high))}f}"


def _vs_best(row: Row) -> str:
    """`best`; `+2.2 (1.1–3.3)` where it is worse beyond doubt; `tie ≤ 0.9` where the difference is small beyond doubt;
    else, with the interval that 0 is in, `? (−0.9 to +2.1)`.
    """
    comparison = row.vs_best
    if comparison is None:
        return "best" if row.places else ""
    if comparison.significant:
        return with_ends(comparison.difference, comparison.low, comparison.high, sign="+")
    if comparison.small:
        # Rounded up: a bound that is rounded down is none.
        return f"{TIE} ≤ {fixed(ceil(10 * max(-comparison.low, comparison.high)) / 10, 1)}"
    return f"{NOT_TOLD_APART} ({ends(comparison.low, comparison.high)})"


def _time(device: str, step: str, row: Row) -> str:
    return with_interval(row.time(device, step)) if device else ""


def _params(row: Row) -> str:
    count = row.fact("param_count")
    return "" if count is None else digits(count / 1e6)


def _mean(measurement: str, row: Row) -> str:
    return digits(row.mean(measurement))


def _fact(fact: str, row: Row) -> str:
    value = row.fact(fact)
    return "" if value is None else plain(value)
