"""Rows of `harness time` for the eye: fastest first, equals not ranked apart, disturbed numbers flagged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from harness.machine.malloc import DEFAULT, OUTSIDE
from results.tables.number_format import digits
from results.tables.text import aligned

if TYPE_CHECKING:
    from harness.api.timing_rows import TimingRow

# Rows are ranked among those that agree in all of these.
CONDITIONS = (
    *("device", "batch_size", "img_size", "precision", "channels_last", "torchcompile", "threads", "allocator"),
    "tf32",
)
HEADINGS = ("rank", "model", "infer ms", "±%", "img/s", "train ms", "±%", "GMACs", "params M", "verdict")
WORTH_SAYING = 0.05
WORDS = ("model", "verdict")


def render(rows: Sequence[TimingRow]) -> str:
    """One block a set of conditions, then crossings between devices, then what failed."""
    timed = [row for row in rows if "infer_step_time" in row]
    groups: dict[tuple[Any, ...], list[TimingRow]] = {}
    for row in timed:
        groups.setdefault(tuple(row.get(key) for key in CONDITIONS), []).append(row)
    lines = [line for group in groups.values() for line in [*_block(group), ""]]
    lines += [_note(row) for row in timed if row["verdict"] == "noisy"]
    lines += _lever(timed) + crossings(timed)
    lines += [f"failed: {row['model']}: {row['error']}" for row in rows if row["status"] != "ok"]
    return "\n".join(lines).rstrip("\n")


def ranks(rows: Sequence[TimingRow]) -> list[str]:
    """1 + the number of models that are faster beyond doubt; `=` where others share the rank."""
    places = [1 + sum(_faster(other, row) for other in rows) for row in rows]
    return [f"={place}" if places.count(place) > 1 else str(place) for place in places]


def crossings(rows: Sequence[TimingRow]) -> list[str]:
    """From which of several batch sizes on an accelerator beats the CPU, one line a model."""
    times = {(row["model"], row["device"], row["batch_size"]): row["infer_step_time"] for row in rows}
    lines = []
    for model, device in dict.fromkeys((name, kind) for name, kind, _ in times if kind != "cpu"):
        sizes = sorted(size for name, kind, size in times if (name, kind) == (model, device))
        both = [size for size in sizes if (model, "cpu", size) in times]
        lost = [size for size in both if times[model, device, size] >= times[model, "cpu", size]]
        won = [size for size in both if not lost or size > lost[-1]]
        slower = f"is slower than the CPU at batch {', '.join(map(str, lost))}"
        if len(both) > 1:
            lines.append(f"{model}: {device} {f'is faster than the CPU from batch {won[0]} on' if won else slower}")
    return lines


def _lever(rows: Sequence[TimingRow]) -> list[str]:
    """What keeping freed memory could bring, in one line: where the kernel's part is largest, and how to have it."""
    shares = [
        (
            row[f"{step}_system_share"],
            row["model"],
            f"{'training' if step == 'train' else 'inference'} at batch {row['batch_size']}",
        )
        for row in rows
        for step in ("infer", "train")
        if row["device"] == "cpu" and row["allocator"] == DEFAULT and f"{step}_system_share" in row
    ]
    if not shares or max(shares)[0] < WORTH_SAYING:
        return []
    share, model, step = max(shares)
    how = f"--allocator keep times without, a program of yours has it with {OUTSIDE}"
    return [f"note: up to {share:.0%} of the CPU time ({model}, {step}) is the kernel's, for memory given back: {how}"]


def _note(row: TimingRow) -> str:
    first, *others = row["reasons"].split("; ")
    more = f" (and {len(others)} more: see --csv)" if others else ""
    return f"note: {row['model']} at batch {row['batch_size']} is noisy: {first}{more}"


def _faster(one: TimingRow, other: TimingRow) -> bool:
    return bool(one["infer_step_time_high"] < other["infer_step_time_low"])


def _block(group: list[TimingRow]) -> list[str]:
    group = sorted(group, key=lambda row: row["infer_step_time"])
    first = group[0]
    title = f"{first['device_name']} · batch {first['batch_size']} × {first['img_size']} px · {first['precision']}"
    title += f" · threads {first['threads']}" if first["device"] == "cpu" else ""
    title += f" · {first['allocator']}" if first["allocator"] != DEFAULT else ""
    title += f" · TF32 {first['tf32']}" if first.get("tf32", "off") != "off" else ""
    title += " · channels last" if first["channels_last"] else ""
    title += " · compiled" if first["torchcompile"] else ""
    cells = [HEADINGS, *(_cells(rank, row) for rank, row in zip(ranks(group), group, strict=True))]
    return [title, *aligned(cells, right={at for at, heading in enumerate(HEADINGS) if heading not in WORDS})]


def _cells(rank: str, row: TimingRow) -> tuple[str, ...]:
    return (
        rank,
        row["model"],
        digits(row["infer_step_time"]),
        _reach(row, "infer"),
        digits(row["infer_samples_per_sec"]),
        digits(row.get("train_step_time")),
        _reach(row, "train"),
        digits(row.get("infer_gmacs")),
        digits(row.get("param_count")),
        row["verdict"],
    )


def _reach(row: TimingRow, step: str) -> str:
    """How far the median's interval reaches, in percent; blank up to 2 %, which is the aim."""
    if f"{step}_step_time" not in row:
        return ""
    share = row[f"{step}_step_time_ci95"] / row[f"{step}_step_time"]
    return f"{share:.0%}"[:-1] if share > 0.02 else ""
