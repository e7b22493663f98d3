"""A dataset: opened, split and fingerprinted once a run; its pixels prepared once for each geometry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from harness.data.dataset import Dataset
from harness.data.duplicates import without_copies
from harness.data.files.folder import scan_folder
from harness.data.files.printable import listed
from harness.data.files.unreadable import left_out_note, without_bad
from harness.data.fingerprint import dataset_fingerprint
from harness.data.plugin_images import open_plugins
from harness.data.pools import open_pools
from harness.data.splits import check_images, plan_splits
from results.sanitize import visible
from zoo import DatasetSpec, LabelledImages, ZooError


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSource:
    """Where images come from: a plugin's dataset, kept in `data_dir`; or, without `spec`, the folder `data_dir`."""

    spec: DatasetSpec | None = None
    data_dir: Path | None = None

    @property
    def name(self) -> str:
        """The dataset's name, or the folder's as printable text."""
        if self.spec is not None:
            return self.spec.name
        return visible(self.data_dir.resolve().name) if self.data_dir is not None else ""


def load(
    source: DatasetSource,
    *,
    seed: int = 0,
    val_split: float = 0.2,
    test_split: float = 0.2,
    num_threads: int | None = None,
    skip_bad: bool = False,
) -> Dataset:
    """Open, check, split and fingerprint a dataset. `seed` is the split's own and decides nothing else.

    With `skip_bad`, files that cannot be decoded are as if they were not there. Raises ZooError where the data cannot
    be trained and tested on.
    """
    start = perf_counter()
    images, notes = _open(source)
    check_images(images)
    images, bad = without_bad(images) if skip_bad else (images, [])
    if bad:
        check_images(images)
        notes = (*notes, left_out_note(bad))
    pools = open_pools(images)
    plan = plan_splits(images, seed=seed, val_split=val_split, test_split=test_split)
    plan, removed = without_copies(plan, {name: pool.known for name, pool in pools.items()})
    dataset = Dataset(
        name=source.name,
        classes=images.classes,
        fingerprint=dataset_fingerprint(
            images.classes, [(name, pool.fingerprint, pool.labels) for name, pool in pools.items()]
        ),
        size=pools["train"].size,
        channels=max(pool.channels for pool in pools.values()),
        plan=plan,
        pools=pools,
        notes=(*notes, *removed),
        left_out=tuple(file.name for file in bad),
        num_threads=num_threads,
    )
    _check_classes_left(dataset)
    dataset.seconds = perf_counter() - start
    return dataset


def _open(source: DatasetSource) -> tuple[LabelledImages, tuple[str, ...]]:
    if source.spec is not None:
        return open_plugins(source.spec, source.data_dir)
    if source.data_dir is None:
        raise ZooError("no dataset was named", "give --dataset NAME or --data-dir FOLDER")
    scan = scan_folder(source.data_dir)
    return scan.images, scan.notes


def _check_classes_left(dataset: Dataset) -> None:
    present = set(dataset.labels(dataset.plan.train))
    lost = [name for label, name in enumerate(dataset.classes) if label not in present]
    if lost:
        raise ZooError(
            f"no training image is left of {listed(lost)}: all of them also occur in test or val",
            "give training images that the other parts do not have",
        )
