"""What rows must have in common to be ranked together, and what differs where they have not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from results.errors import StoreError
from results.ranking.step_times import STEP_TIME
from results.records import Record
from results.sanitize import plain

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


KEPT_BEFORE = "glibc keeps freed memory"


class NotComparable(StoreError):
    """Trials that were not made under the same conditions."""


def check_comparable(records: Sequence[Record]) -> None:
    """Raises NotComparable, which names every condition in which `records` differ."""
    differing = differences(conditions(record) for record in records)
    if differing:
        raise NotComparable(
            f"these trials cannot be ranked together, they differ in {differing}",
            "run the models again under one set of conditions, or keep each set in a run of its own",
        )


def check_one_model(records: Sequence[Record]) -> None:
    """Raises NotComparable where `records` of one name are not of one model: their mean would be of none."""
    differing = differences(identity(record) for record in records)
    if differing:
        raise NotComparable(
            f"the trials of {plain(records[0].model)} are of several models, they differ in {differing}",
            "run the model again from all its seeds",
        )


def check_labels(labels: Sequence[tuple[str, Array]], what: str = "labels") -> None:
    """Raises NotComparable where `labels` [N] of trials differ: the n-th image of one is not the n-th of another."""
    import numpy as np

    for name, own in labels:
        first, expected = labels[0]
        if not np.array_equal(own, expected):
            raise NotComparable(
                f"{plain(name)} was tested on other {what}, or in another order, than {plain(first)}",
                "run both again on one dataset: only answers to the same images can be paired",
            )


def differences(facts: Iterable[Mapping[str, Any]]) -> str:
    """Each name under which `facts` have several values, with these."""
    seen: dict[str, list[str]] = {}
    for each in facts:
        for name, value in each.items():
            text = value if isinstance(value, str) else json.dumps(value)
            if text not in seen.setdefault(name, []):
                seen[name].append(text)
    return "; ".join(f"{name} ({plain(', '.join(values))})" for name, values in seen.items() if len(values) > 1)


def identity(record: Record) -> dict[str, Any]:
    """What makes two trials trials of one model. What a record of before does not say is no difference."""
    named = {
        "parameters": record.facts.get("param_count"),
        "trained parameters": record.facts.get("trainable_param_count"),
        "weights": record.facts.get("weights"),
        "pretrained weights": record.facts.get("pretrained_sha256"),
        **{file: str(digest)[:16] for file, digest in record.plugin.get("files", {}).items()},
    }
    return {name: value for name, value in named.items() if value is not None}


def conditions(record: Record) -> dict[str, Any]:
    """All that decides a figure besides the model itself."""
    facts, machine, data = record.facts, record.machine, record.data
    return {
        "device": record.device.partition(":")[0],  # which of several alike it was decides nothing
        "precision": facts.get("precision"),
        "memory layout": facts.get("channels_last"),
        "threads": facts.get("threads"),
        "processes that train": facts.get("nproc", 1),
        "timing batch size": facts.get("infer_batch_size"),
        **_machine_of_times(record),
        **{name: machine.get(name) for name in ("torch", "torchvision", "timm")},
        "data fingerprint": data.get("fingerprint"),
        "number of test images": data.get("num_test"),
        "folds": data.get("folds", 0),
        "groups": data.get("groups", "none"),
        **_of_times(record),
    }


def _machine_of_times(record: Record) -> dict[str, Any]:
    """The machine that a figure depends on; nothing of a worker's trial that no host has timed yet.

    A worker may have trained it on any machine, on a part of its cores: its errors are those of the run all the same,
    and step times are taken on one host for all.
    """
    if record.timing_machine is not None and not record.timing_machine:
        return {}
    machine = record.machine_of_times
    return {"cpu": machine.get("cpu"), "cores": machine.get("cores"), "accelerators": accelerator_names(record)}


def _of_times(record: Record) -> dict[str, Any]:
    """What decides step times alone; of a record without them only what it says.

    Runs of before took them where glibc kept freed memory (on Linux), and without TF32.
    """
    facts, known = record.facts, {}
    timed = any(measured.name.endswith(STEP_TIME) for measured in record.measurements)
    system = str(record.machine.get("os", "")).partition(" ")[0]
    before = KEPT_BEFORE if system == "Linux" else f"{system} default"
    if "allocator" in facts or (timed and system):
        known["allocator"] = facts.get("allocator", before)
    if record.device.startswith("cuda"):
        known["TF32"] = facts.get("tf32", "off")
    return known


def accelerator_names(record: Record) -> list[str]:
    """The names of the accelerators that a trial could use; those of the host that timed it, where that is another."""
    return [str(accelerator.get("name", "")) for accelerator in record.machine_of_times.get("accelerators", ())]
