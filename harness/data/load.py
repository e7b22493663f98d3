"""A dataset: opened, split and fingerprinted once a run; its pixels prepared once for each geometry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import BinaryIO

from harness.data.cut import by_row, folded, split
from harness.data.dataset import Dataset
from harness.data.files.cache import bound, cache_root
from harness.data.files.cache_users import hold
from harness.data.files.file_notes import file_notes, white_of
from harness.data.files.folder import scan_folder
from harness.data.files.group_names import alone_note, groups_by
from harness.data.files.layout.part_names import part_of
from harness.data.files.printable import listed, shown_path
from harness.data.files.regular import common_folder, reason
from harness.data.files.unreadable import (
    BadFile,
    Tell,
    files_of,
    left_out_note,
    nobody,
    require_readable,
    without_bad,
)
from harness.data.fingerprint import dataset_fingerprint
from harness.data.label_conflicts import conflicts_note, conflicts_of, pixels_note, refuse_conflicts, without_conflicts
from harness.data.plugin_images import open_plugins
from harness.data.pools import ImageSet, open_pools
from harness.data.splits import check_images
from results.sanitize import visible
from zoo import DatasetSpec, LabelledImages, ZooError
from zoo.errors import USAGE


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSource:
    """Where images come from: a plugin's dataset, kept in `data_dir`; or, without `spec`, the folder `data_dir`.

    `part_dirs` are the folders of "train", "val" and "test" where they are named, `labels` is a file of labels, and
    `group_by` a file of groups or the pattern that finds them in paths.
    """

    spec: DatasetSpec | None = None
    data_dir: Path | None = None
    part_dirs: Mapping[str, Path] = field(default_factory=dict)
    labels: Path | None = None
    group_by: str | None = None

    @property
    def name(self) -> str:
        """The dataset's name, or the folder's as printable text."""
        if self.spec is not None:
            return self.spec.name
        folder = self.data_dir or self.part_dirs.get("train")
        if folder is None:
            return ""
        path = folder.resolve()
        return visible((path if self.data_dir or part_of(path.name) is None else path.parent).name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """Images as they came, what is to be said of them, and the group of each file where there are groups."""

    images: LabelledImages
    notes: tuple[str, ...]
    groups: Mapping[Path, str] | None = None


def load(
    source: DatasetSource,
    *,
    seed: int = 0,
    val_split: float = 0.2,
    test_split: float = 0.2,
    folds: int | None = None,
    seeds: Sequence[int] = (),
    num_threads: int | None = None,
    skip_bad: bool = False,
    tell: Tell = nobody,
) -> Dataset:
    """Open, check, split and fingerprint a dataset. `seed` is the split's own and decides nothing else.

    With `folds` it is cut for cross-validation instead, once for each of `seeds`, which are those of the trials.
    With `skip_bad`, files that cannot be decoded and those under two labels are as if they were not there. `tell` gets
    how many files have been looked at. Raises ZooError where the data cannot be trained and tested on.
    """
    start = perf_counter()
    opened = _open(source)
    check_images(opened.images)
    images, left_out, said = _without_bad(opened.images, tell) if skip_bad else (opened.images, [], [])
    files = files_of(images)
    facts = require_readable(files, tell=tell)
    pools = open_pools(images, facts)
    notes = (*opened.notes, *said, *_check_labels(images, pools))
    held, unkept = _held(pools)
    known, groups = {name: pool.known for name, pool in pools.items()}, by_row(opened.groups, images)
    shares = {"val_split": val_split, "test_split": test_split}
    parts = (
        folded(images, folds, seeds, val_split, known, groups) if folds else split(images, seed, shares, known, groups)
    )
    dataset = Dataset(
        name=source.name,
        classes=images.classes,
        fingerprint=_fingerprint(images, pools),
        size=pools["train"].size,
        channels=max(pool.channels for pool in pools.values()),
        plan=parts.plan,
        folds=parts.folds,
        groups=parts.units if groups is not None else {},
        pools=pools,
        notes=(*notes, *file_notes(files, facts), *unkept, *parts.notes),
        white_level=white_of(facts),
        left_out=tuple(file.name for file in left_out),
        num_threads=num_threads,
        held=held,
    )
    _check_classes_left(dataset)
    dataset.seconds = perf_counter() - start
    return dataset


def _fingerprint(images: LabelledImages, pools: Mapping[str, ImageSet]) -> str:
    parts = [(name, pool.fingerprint, pool.labels) for name, pool in pools.items()]
    return dataset_fingerprint(images.classes, parts)


def _open(source: DatasetSource) -> _Opened:
    if source.spec is not None:
        images, notes = open_plugins(source.spec, source.data_dir)
        return _grouped(source, _Opened(images=images, notes=notes), source.data_dir)
    if source.data_dir is None and not source.part_dirs and source.labels is None:
        raise ZooError("no dataset was named", "give --dataset NAME or --data-dir FOLDER")
    scan = scan_folder(source.data_dir, part_dirs=source.part_dirs, labels=source.labels)
    return _grouped(source, _Opened(images=scan.images, notes=scan.notes, groups=scan.groups), scan.root)


def _grouped(source: DatasetSource, opened: _Opened, root: Path | None) -> _Opened:
    """The same with its groups, and with a note on images that have none."""
    paths = [path for of_part in files_of(opened.images).values() for path in of_part]
    groups = opened.groups
    if source.group_by is not None:
        if groups is not None:
            cause = "--group-by and the column `group` of --labels exclude each other"
            raise ZooError(cause, "leave one of them out", USAGE)
        if not paths:
            cause = f"--group-by finds groups by paths, and the images of dataset {source.name!r} are no files"
            raise ZooError(cause, "leave it out, or give a folder: --data-dir FOLDER", USAGE)
        groups = groups_by(source.group_by, paths, root or Path(common_folder(paths)))
    if groups is None:
        return opened
    notes = alone_note(groups, root or Path(common_folder(paths)))
    return replace(opened, groups=groups, notes=(*opened.notes, *notes))


def _without_bad(images: LabelledImages, tell: Tell) -> tuple[LabelledImages, list[BadFile], list[str]]:
    """The images that can be used, the files that cannot, and what is to be said of them."""
    images, bad = without_bad(images, tell)
    images, conflicts = without_conflicts(images)
    if bad or conflicts:
        check_images(images)
    notes = [note for note, files in ((left_out_note(bad), bad), (conflicts_note(conflicts), conflicts)) if files]
    return images, [*bad, *conflicts], notes


def _check_labels(images: LabelledImages, pools: Mapping[str, ImageSet]) -> list[str]:
    """What is to be said of images under two labels. Raises ZooError where they are files, which can be removed."""
    identities = {name: pool.identity for name, pool in pools.items()}
    labels = {name: pool.labels for name, pool in pools.items()}
    refuse_conflicts(conflicts_of(files_of(images), labels, identities))
    return [note] if (note := pixels_note(labels, identities)) else []


def _held(pools: Mapping[str, ImageSet]) -> tuple[BinaryIO | None, tuple[str, ...]]:
    """What keeps their pixels in the cache for as long as it is open, or a note on why nothing can be kept there."""
    bound(0)  # raises what a person should know before the first trial
    try:
        return hold(pool.fingerprint for pool in pools.values()), ()
    except OSError as error:
        where = shown_path(cache_root())
        return None, (f"the cache {where} cannot be written ({reason(error)}): nothing is kept in it",)


def _check_classes_left(dataset: Dataset) -> None:
    present = set(dataset.labels(dataset.plan.train))
    lost = [name for label, name in enumerate(dataset.classes) if label not in present]
    if lost:
        raise ZooError(
            f"no training image is left of {listed(lost)}: all of them also occur in test or val"
            f"{', or their groups do' if dataset.groups else ''}",
            "give training images that the other parts do not have",
        )
