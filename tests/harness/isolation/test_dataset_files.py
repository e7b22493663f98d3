"""A dataset as files: what a trial's process takes over is what was handed over."""

from __future__ import annotations

import os

import torch

from harness.data.load import DatasetSource, load
from harness.isolation.dataset_files import hand_over, take_over
from tests.harness.pictures import folder
from zoo.discovery import discover


def same(one, other):
    assert (one.name, one.classes, one.fingerprint, one.size, one.channels, one.counts, one.left_out) == (
        other.name, other.classes, other.fingerprint, other.size, other.channels, other.counts, other.left_out,
    )  # fmt: skip
    for part in ("train", "val", "test"):
        assert one.labels(getattr(one.plan, part)) == other.labels(getattr(other.plan, part))
        assert list(getattr(one.plan, part).rows) == list(getattr(other.plan, part).rows)


def test_a_dataset_of_tensors_is_mapped(tmp_path):
    dataset = load(DatasetSource(spec=discover().dataset("digits")))
    hand_over(dataset, tmp_path)
    taken = take_over(tmp_path)
    same(taken, dataset)
    assert torch.equal(taken.pools["train"].images, dataset.pools["train"].images)


def test_a_dataset_of_files_keeps_their_paths_even_those_that_are_no_unicode(tmp_path):
    root = folder(tmp_path / "data", ["train/cat", "train/dog", "test/cat", "test/dog"], num=6)
    os.rename(root / "train" / "cat" / "0.png", os.fsencode(root / "train" / "cat") + b"/\xff.png")
    dataset = load(DatasetSource(data_dir=root))
    hand_over(dataset, tmp_path / "handed")
    taken = take_over(tmp_path / "handed")
    same(taken, dataset)
    assert list(taken.pools["train"].images) == list(dataset.pools["train"].images)


def test_folds_are_handed_over_with_their_rows(tmp_path):
    dataset = load(DatasetSource(spec=discover().dataset("digits")), folds=3, seeds=(1, 2))
    hand_over(dataset, tmp_path)
    taken = take_over(tmp_path)
    assert list(taken.folds) == [(seed, fold) for seed in (1, 2) for fold in (1, 2, 3)]
    for seed, fold in dataset.folds:
        same(taken.of(seed, fold), dataset.of(seed, fold))
