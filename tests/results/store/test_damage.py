"""What others did to a run's folder: nothing is lost, nothing followed, nothing ends in a traceback."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

from results.errors import StoreError
from results.store import codec
from results.store.file_names import slug
from results.store.run_store import RunStore
from tests.results.samples import keep_predictions, record


@pytest.fixture
def store(tmp_path):
    return RunStore.create(tmp_path / "runs", "digits", {})


def sealed(**changes):
    data = {**codec.to_data(record()), **changes}
    data = {name: value for name, value in data.items() if value is not ...}
    return json.dumps({"sha256": codec._digest(data), "record": data}).encode()


@pytest.mark.parametrize("content", [b'{"sha256":"x","record":null}', b'{"sha256":"x","record":[]}', b"[" * 100_000])
def test_json_that_is_no_record_is_put_aside(store, content):
    store.save(record("good"))
    (store.path / "records" / "odd.json").write_bytes(content)
    assert [kept.model for kept in store.records()] == ["good"]
    assert len(list((store.path / "corrupt").iterdir())) == 1


@pytest.mark.parametrize(
    "changes", [{"schema": "9x"}, {"measurements": [3]}, {"key": ...}, {"confusion_counts": [[1, 2]]}]
)
def test_a_record_of_the_wrong_shape_is_refused_though_its_hash_fits(changes):
    with pytest.raises(ValueError, match="not a whole record"):
        codec.from_json(sealed(**changes))


@pytest.mark.parametrize("changes", [{"added_later": 1}, {"confusion_counts": ...}])
def test_a_field_of_another_version_with_this_schema_costs_nothing(changes):
    assert codec.from_json(sealed(**changes)) == record()


def test_scalars_of_numpy_become_plain_numbers():
    facts = {"count": np.int64(3), "share": np.float32(0.5), "loss": np.float64("inf")}
    back = codec.from_json(codec.to_json(record(facts=facts))).facts
    assert back == {"count": 3, "share": 0.5, "loss": float("inf")}


@pytest.mark.parametrize("plant", [os.mkdir, os.mkfifo, lambda path: os.symlink("/etc/hostname", path)])
def test_what_is_no_regular_file_is_put_aside_unread(store, plant):
    store.save(record("good"))
    plant(store.path / "records" / "planted.json")
    assert [kept.model for kept in store.records()] == ["good"]
    assert [path.name for path in (store.path / "records").iterdir()] == ["good@s1.json"]


def test_a_folder_that_became_a_link_is_not_written_through(store, tmp_path):
    (tmp_path / "outside").mkdir()
    (store.path / "failures").rmdir()
    (store.path / "failures").symlink_to(tmp_path / "outside")
    with pytest.raises(StoreError, match="is a symbolic link"):
        store.save_failure(record(), "traceback")
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize("share", [0.0, 0.5, 0.98])
def test_predictions_that_were_cut_short_are_put_aside(store, share, capsys):
    path = keep_predictions(store, record(), {"labels": np.arange(500)})
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert store.predictions(record()) == {}
    assert "resnet18@s1.npz was moved to corrupt/" in capsys.readouterr().err


def test_an_array_in_the_place_of_predictions_is_put_aside(store, capsys):
    path = keep_predictions(store, record(), {"labels": np.arange(5)})
    with path.open("wb") as file:
        np.save(file, np.arange(5))
    assert store.predictions(record()) == {}
    assert "it is one array and no archive" in capsys.readouterr().err


def test_a_record_never_replaces_another(store):
    store.save(record(key="one"))
    with pytest.raises(StoreError, match="already has resnet18, seed 1, trained with other settings"):
        store.save(record(key="other"))
    with pytest.raises(StoreError, match="already has another result of resnet18, seed 1"):
        store.save(record(key="one", status="failed"))
    store.save(record(key="one"))
    assert [kept.status for kept in store.records()] == ["ok"]
    assert store.done() == {"one"}


@pytest.mark.parametrize(("text", "says"), [("{to", "is damaged"), ('{"schema": 99}', "schema 99")])
def test_a_bad_run_file_is_a_storage_error(store, text, says):
    (store.path / "run.json").write_text(text)
    with pytest.raises(StoreError, match=says):
        _ = store.configuration


def test_drafts_of_the_dead_are_removed_everywhere_in_a_run(store):
    (store.path / "checkpoints" / "m@s1").mkdir()
    folders = [store.path, store.path / "records", store.path / "checkpoints" / "m@s1"]
    for folder in folders:
        (folder / ".a.json.4194999.ab.tmp").touch()
    (store.path / ".mine.tmp").touch()
    RunStore.open(store.path)
    assert [path.name for path in store.path.rglob(".*.tmp")] == [".mine.tmp"]


def test_a_traceback_with_a_broken_file_name_is_written(store):
    path = store.save_failure(record(), "no file a\udc80")
    assert (store.path / path).read_text() == "no file a\\udc80"


def test_no_name_can_be_made_to_meet_the_file_of_another():
    assert slug(slug("a b")) != slug("a b")
    assert slug("timm/resnet18.a1_in1k") == "timm--resnet18.a1_in1k"


@pytest.mark.parametrize("name", ["con", "nul", "aux.txt", "mine/com1"])
def test_what_some_systems_take_for_a_device_gets_another_name(name):
    assert slug(name).startswith(name.replace("/", "_") + "+")
