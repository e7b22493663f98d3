"""What rows must have in common to be ranked together, and what differs where they have not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from results.errors import StoreError
from results.records import Record
from results.sanitize import plain


class NotComparable(StoreError):
    """Trials that were not made under the same conditions."""


def check_comparable(records: Sequence[Record]) -> None:
    """Raises NotComparable, which names every condition in which `records` differ."""
    seen: dict[str, list[str]] = {}
    for record in records:
        for name, value in conditions(record).items():
            text = value if isinstance(value, str) else json.dumps(value, default=str)
            if text not in seen.setdefault(name, []):
                seen[name].append(text)
    differing = [f"{name} ({plain(', '.join(values))})" for name, values in seen.items() if len(values) > 1]
    if differing:
        raise NotComparable(
            f"these trials cannot be ranked together, they differ in {'; '.join(differing)}",
            "run the models again under one set of conditions, or keep each set in a run of its own",
        )


def conditions(record: Record) -> dict[str, Any]:
    """All that decides a figure besides the model itself."""
    facts, machine, data = record.facts, record.machine, record.data
    return {
        "device": record.device,
        "precision": facts.get("precision"),
        "memory layout": facts.get("channels_last"),
        "threads": facts.get("threads"),
        "timing batch size": facts.get("infer_batch_size"),
        "cpu": machine.get("cpu"),
        "cores": machine.get("cores"),
        "accelerators": accelerator_names(record),
        **{name: machine.get(name) for name in ("torch", "torchvision", "timm")},
        "data fingerprint": data.get("fingerprint"),
        "number of test images": data.get("num_test"),
    }


def accelerator_names(record: Record) -> list[str]:
    """The names of the accelerators that a trial could use."""
    return [str(accelerator.get("name", "")) for accelerator in record.machine.get("accelerators", ())]
