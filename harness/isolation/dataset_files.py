"""An opened dataset as files that a trial's process reads in milliseconds: one of JSON, and one for each tensor.

Opening it again in every process would cost seconds, and handing tensors over through shared memory would fail where
a container allows 64 MB of it.
"""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import warn

import torch
from torch import Tensor

from harness.data.dataset import Dataset
from harness.data.pools import ImageSet
from harness.data.splits import Part, SplitPlan
from harness.isolation.job import DESCRIPTION
from zoo.specs import SPLITS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def hand_over(dataset: Dataset, folder: Path) -> None:
    """Write `dataset` into `folder`. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    description = {
        "name": dataset.name,
        "classes": dataset.classes,
        "fingerprint": dataset.fingerprint,
        "size": dataset.size,
        "channels": dataset.channels,
        "num_threads": dataset.num_threads,
        "left_out": dataset.left_out,
        "white_level": dataset.white_level,
        "plan": _plan(dataset.plan),
        "folds": [[seed, fold, _plan(plan)] for (seed, fold), plan in dataset.folds.items()],
        "pools": {name: _described(name, pool, folder) for name, pool in dataset.pools.items()},
    }
    # ASCII: a file name may hold bytes that are no UTF-8, and JSON's escapes carry them through.
    (folder / DESCRIPTION).write_text(json.dumps(description), encoding="ascii")


def take_over(folder: Path, tell: Callable[[str], None] = warn) -> Dataset:
    """The dataset that `hand_over` wrote; its tensors are mapped, so that all trials share their pages."""
    description = json.loads((folder / DESCRIPTION).read_text(encoding="ascii"))
    plan = _read_plan(description.pop("plan"))
    folds = {(seed, fold): _read_plan(of_fold) for seed, fold, of_fold in description.pop("folds")}
    pools = {name: _pool(pool, folder) for name, pool in description.pop("pools").items()}
    description |= {"classes": tuple(description["classes"]), "left_out": tuple(description["left_out"])}
    return Dataset(plan=plan, folds=folds, pools=pools, tell=tell, **description)


def _plan(plan: SplitPlan) -> dict[str, Any]:
    return {name: _part(getattr(plan, name)) for name in SPLITS}


def _read_plan(plan: Mapping[str, Any]) -> SplitPlan:
    return SplitPlan(**{name: Part(pool=part["pool"], rows=_rows(part["rows"])) for name, part in plan.items()})


def _part(part: Part) -> dict[str, Any]:
    rows = part.rows
    return {"pool": part.pool, "rows": [rows.start, rows.stop] if isinstance(rows, range) else {"chosen": list(rows)}}


def _rows(rows: Any) -> Any:
    return rows["chosen"] if isinstance(rows, dict) else range(*rows)


def _described(name: str, pool: ImageSet, folder: Path) -> dict[str, Any]:
    facts = {"labels": list(pool.labels), "fingerprint": pool.fingerprint, "size": pool.size, "channels": pool.channels}
    if not isinstance(pool.images, Tensor):
        return facts | {"paths": [str(path.absolute()) for path in pool.images], "states": list(pool.states)}
    file = f"{name}.u8"
    (folder / file).write_bytes(pool.images.contiguous().numpy().data)
    return facts | {"file": file, "shape": list(pool.images.shape)}


def _pool(pool: Mapping[str, Any], folder: Path) -> ImageSet:
    images = _mapped(folder / pool["file"], pool["shape"]) if "file" in pool else [Path(p) for p in pool["paths"]]
    facts = {name: pool[name] for name in ("labels", "fingerprint", "size", "channels")}
    # What tells copies apart was used when the dataset was split.
    return ImageSet(images=images, identity=(), states=pool.get("states", ()), **facts)


def _mapped(path: Path, shape: list[int]) -> Tensor:
    return torch.from_file(str(path), shared=False, size=prod(shape), dtype=torch.uint8).view(shape)
