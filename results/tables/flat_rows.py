"""Rows as flat mappings in full precision, under timm's column names and units, extended by prefixes and suffixes."""

from __future__ import annotations

from typing import Any

from results.ranking.comparability import accelerator_names
from results.ranking.front import Time
from results.ranking.summary import Row, Summary
from results.tables.columns import timing

Flat = dict[str, Any]
SECONDS = ("data_seconds", "feature_seconds", "train_seconds", "total_seconds")
MEMORY = ("peak_mib", "device_peak_mib")
FACTS = ("weights", "head", "head_type", "head_spec", "finetune")
SETTINGS = ("precision", "tf32", "channels_last", "threads", "allocator", "frozen_pass", "batch_size")


def flat(summary: Summary) -> list[Flat]:
    """One mapping a model, all with the same keys; what is not known is None.

    Times are milliseconds a batch, `param_count` is in millions; both are timm's units.
    """
    kind = summary.accelerator
    return [_flat(row, kind) for row in summary.rows]


def _flat(row: Row, accelerator: str) -> Flat:
    return {
        "model": row.model,
        "img_size": row.fact("img_size"),
        **_places(row),
        **_errors(row),
        "param_count": _millions(row.fact("param_count")),
        "trainable_param_count": _millions(row.fact("trainable_param_count")),
        **_fronts(row, accelerator),
        **_times(row, _trained_on(row), ""),
        "infer_batch_size": row.fact("infer_batch_size"),
        "infer_gmacs": row.fact("infer_gmacs"),
        **_times(row, "cpu", "cpu_"),
        **(_times(row, accelerator, f"{accelerator}_") if accelerator else {}),
        **{name: row.mean(name) for name in (*SECONDS, *MEMORY)},
        **{name: row.fact(name) for name in (*FACTS, *SETTINGS)},
        **_origin(row),
        "timing": timing(row),
        "status": row.status,
        "note": row.note,
    }


def _places(row: Row) -> Flat:
    low, high = row.places or (None, None)
    return {"rank_low": low, "rank_high": high, "may_be_best": row.may_be_best if row.places else None}


def _fronts(row: Row, accelerator: str) -> Flat:
    """Whether it is on the front of error and time; without a prefix as for times, on the device trained on."""
    kinds = {"": _trained_on(row), "cpu_": "cpu"} | ({f"{accelerator}_": accelerator} if accelerator else {})
    return {f"{prefix}pareto": kind in row.fronts if row.places else None for prefix, kind in kinds.items()}


def _trained_on(row: Row) -> str:
    return row.records[0].device.partition(":")[0]


def _errors(row: Row) -> Flat:
    error, top5_err = row.error, row.mean("top5_err")
    top1_err = error.mean if error else row.mean("top1_err")
    return {
        "top1": _rest(top1_err),
        "top1_err": top1_err,
        "top1_err_low": error.low if error else None,
        "top1_err_high": error.high if error else None,
        "top5": _rest(top5_err),
        "top5_err": top5_err,
        "test_loss": row.mean("test_loss"),
        "val_top1_err": row.mean("val_top1_err"),
    }


def _times(row: Row, device: str, prefix: str) -> Flat:
    """Step times on one device. The name alone is the median, as everywhere here: means follow every disturbance."""
    size = row.fact("infer_batch_size")  # training steps are timed at the same
    infer, train = (_step(f"{prefix}{step}", row.time(device, step), size, bool(prefix)) for step in ("infer", "train"))
    return infer | train


def _step(name: str, time: Time | None, batch_size: int | None, in_detail: bool) -> Flat:
    speed = 1e3 * batch_size / time.median if time and batch_size and time.median else None
    columns: Flat = {f"{name}_samples_per_sec": speed, f"{name}_step_time": time.median if time else None}
    if not in_detail:
        return columns
    return columns | {
        f"{name}_step_time_p50": time.median if time else None,
        f"{name}_step_time_min": time.min if time else None,
        f"{name}_step_time_iqr": time.iqr if time else None,
        f"{name}_step_time_low": time.low if time else None,
        f"{name}_step_time_high": time.high if time else None,
    }


def _origin(row: Row) -> Flat:
    """Where the row comes from: data, seeds, machine."""
    first = row.records[0]
    return {
        "dataset": first.dataset,
        "fingerprint": first.data.get("fingerprint"),
        "seed": " ".join(str(record.seed) for record in row.records),
        # Only where it says something: tables of before have no such column, and readers of theirs no use for it.
        **({"folds": first.folds} if first.folds else {}),
        **({"num_groups": first.data["num_groups"]} if "num_groups" in first.data else {}),
        "device": first.device,
        "cpu": first.machine_of_times.get("cpu"),
        "accelerator": ", ".join(accelerator_names(first)),
        **{name: first.machine.get(name) for name in ("python", "torch", "timm")},
    }


def _millions(count: int | None) -> float | None:
    return None if count is None else count / 1e6


def _rest(percent: float | None) -> float | None:
    return None if percent is None else 100.0 - percent
