"""The run folder: what is written is there whole, what is damaged is put aside and never lost."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from results.errors import StoreError
from results.store import atomic, run_store
from results.store.atomic import remove_dead_drafts, write_atomic
from results.store.file_names import slug
from results.store.run_store import RunStore
from tests.results.samples import keep_predictions, record

NASTY = ["../../x", "/etc/passwd", "a/b", "a--b", "a b", "A", "a", "a\0b", "con", "con.", ".hidden", "-rf", ""]
NASTY += ["x\ny", "a_b", "é" * 300, "\ud800", "Con", "aux.txt", "..", "C:\\x", "ResNet", "resnet", "RESNET"]


@pytest.fixture
def store(tmp_path):
    return RunStore.create(tmp_path, "digits", {"command": ["run"]})


def test_records_and_predictions_come_back(store):
    saved = record("timm/resnet18.a1_in1k", seed=3)
    path = store.save(saved)
    arrays = {"labels": np.arange(4), "probs": np.eye(4, dtype=np.float32)}
    keep_predictions(store, saved, arrays)
    assert path.is_relative_to(store.path / "records")
    assert RunStore.open(store.path).records() == [saved]
    assert all(np.array_equal(store.predictions(saved)[name], array) for name, array in arrays.items())


def test_predictions_of_test_and_validation_images_come_apart_under_the_same_names(store):
    saved, before = record(), record("before")
    keep_predictions(store, saved, {"labels": np.arange(4), "val_labels": np.arange(2)})
    keep_predictions(store, before, {"labels": np.arange(4)})
    assert {name: array.tolist() for name, array in store.predictions(saved).items()} == {"labels": [0, 1, 2, 3]}
    assert {name: array.tolist() for name, array in store.val_predictions(saved).items()} == {"labels": [0, 1]}
    assert store.val_predictions(before) == {}


@pytest.mark.parametrize("is_seen", [True, False])
def test_a_run_takes_no_other_runs_folder_even_one_made_in_the_same_moment(tmp_path, monkeypatch, is_seen):
    ids = iter(["aaaa", "aaaa", "aaaa", "bbbb"])
    monkeypatch.setattr(run_store, "secrets", SimpleNamespace(token_hex=lambda num_bytes: next(ids)))
    first = RunStore.create(tmp_path, "digits", {"command": ["first"]})
    if not is_seen:
        monkeypatch.setattr(Path, "exists", lambda path: False)
    assert RunStore.create(tmp_path, "digits", {}).path.name.endswith("-digits-bbbb")
    assert first.configuration == {"schema": 1, "id": "aaaa", "command": ["first"]}


def test_a_damaged_record_is_moved_aside_with_a_warning_and_the_others_are_read(store, capsys):
    store.save(record("good"))
    path = store.save(record("bad"))
    path.write_bytes(path.read_bytes()[:-20])
    assert [r.model for r in store.records()] == ["good"]
    assert capsys.readouterr().err.startswith("warning: bad@s1.json was moved to corrupt/: not a whole record")
    assert len(list((store.path / "corrupt").iterdir())) == 1


def test_names_become_different_files_inside_the_folder():
    slugs = [slug(name) for name in NASTY]
    assert len({s.lower() for s in slugs}) == len(NASTY)
    assert all(s == os.path.basename(s) and 0 < len(s) <= 100 and not s.startswith((".", "-")) for s in slugs)


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(StoreError, match=r"is not the folder of a run: it has no run\.json"):
        RunStore.open(tmp_path)


def test_a_failed_write_leaves_the_old_file_whole_and_no_draft(tmp_path, monkeypatch):
    target = tmp_path / "table.csv"
    write_atomic(target, b"old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(StoreError, match=r"disk full: table\.csv needs 3 bytes"):
        write_atomic(target, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]
    assert target.read_bytes() == b"old"


def test_a_link_planted_at_the_target_is_replaced_and_not_followed(tmp_path):
    outside, link = tmp_path / "outside", tmp_path / "table.md"
    outside.write_text("precious")
    link.symlink_to(outside)
    write_atomic(link, b"table")
    assert (outside.read_text(), link.is_symlink()) == ("precious", False)


def test_drafts_of_dead_processes_are_removed_and_those_of_living_ones_kept(tmp_path):
    living, dead = tmp_path / f".a.json.{os.getpid()}.ab.tmp", tmp_path / ".b.json.4194999.cd.tmp"
    living.touch()
    dead.touch()
    remove_dead_drafts(tmp_path)
    assert (living.exists(), dead.exists()) == (True, False)


def test_an_output_that_is_a_file_is_a_storage_error(tmp_path):
    (tmp_path / "runs").write_text("")
    with pytest.raises(StoreError) as caught:
        RunStore.create(tmp_path / "runs", "digits", {})
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("folder", ["x" * 300, "/".join(["y" * 200] * 18), "/".join(["y" * 200] * 21)])
def test_an_output_with_too_long_a_path_is_a_storage_error_before_the_first_trial(tmp_path, folder):
    with pytest.raises(StoreError, match="too long") as caught:
        RunStore.create(tmp_path / folder, "digits", {})
    assert "--output" in caught.value.remedy


def test_an_output_that_is_a_broken_link_is_a_storage_error_and_no_search_without_end(tmp_path):
    (tmp_path / "runs").symlink_to(tmp_path / "unmounted")
    with pytest.raises(StoreError, match="cannot be written: File exists"):
        RunStore.create(tmp_path / "runs", "digits", {})


def test_a_retired_record_is_kept_aside_and_its_trial_is_to_do_again(store):
    for _ in range(2):
        store.save(record())
        store.retire(record())
    assert store.done() == set()
    assert sorted(path.name for path in (store.path / "retried").iterdir()) == [
        "resnet18@s1.1.json",
        "resnet18@s1.2.json",
    ]


def test_a_file_of_a_trial_gets_its_place_and_a_link_does_not(store):
    (store.work / "left").write_text("x")
    assert store.adopt(store.work / "left", "checkpoints/a/left").read_text() == "x"
    (store.work / "link").symlink_to("/etc/passwd")
    with pytest.raises(StoreError, match="not a regular file"):
        store.adopt(store.work / "link", "checkpoints/a/link")
    store.clear_work()
    assert not (store.path / "work").exists()


@pytest.mark.parametrize("name", ["../x", "records/../../x", "/tmp/x", "", "."])
def test_nothing_is_written_outside_the_run(store, name):
    (store.work / "left").write_text("x")
    for place in (lambda: store.write(name, b"x"), lambda: store.adopt(store.work / "left", name)):
        with pytest.raises(StoreError, match="is no file within"):
            place()


def test_a_retired_record_replaces_none_though_an_older_one_was_removed(store):
    for _ in range(2):
        store.save(record())
        last = store.retire(record())
    last.with_name("resnet18@s1.1.json").unlink()
    store.save(record())
    assert store.retire(record()).name == "resnet18@s1.1.json"
    assert len(list(last.parent.iterdir())) == 2


def test_a_record_is_extended_whole_and_only_where_it_is_of_that_very_trial(store):
    saved = record()
    store.save(saved)
    longer = record(facts={"timing_verdict": "noisy"})
    with pytest.raises(StoreError, match="already has another result"):
        store.save(longer)
    assert store.extend(longer).is_relative_to(store.path / "records")
    assert store.records() == [longer]
    for other in (record(key="another"), record("no-such-model")):
        with pytest.raises(StoreError, match="has no record of"):
            store.extend(other)
    assert store.records() == [longer]


def test_each_fold_has_files_of_its_own(store):
    folds = [record(trial={"fold": fold, "folds": 3}, key=f"k{fold}") for fold in (1, 2)]
    assert [store.save(one).name for one in folds] == ["resnet18@s1f1.json", "resnet18@s1f2.json"]
    assert store.save(record()).name == "resnet18@s1.json"
    assert [(one.fold, one.folds) for one in store.records()] == [(None, 0), (1, 3), (2, 3)]
    with pytest.raises(StoreError, match="already has another result of resnet18, seed 1, fold 2"):
        store.save(replace(folds[1], status="failed"))
