"""`harness resume`, `retry` and `run --resume`: what they carry out again, and what they refuse."""

from __future__ import annotations

import json
from dataclasses import replace
from shutil import copytree

import pytest

from harness.cli.main import main
from results.store import image_names
from results.store.run_store import RunStore
from tests.faults.runs import OPTIONS, PLUGIN, comparable, run
from tests.harness.pictures import folder, noise


@pytest.fixture(scope="module")
def ended(tmp_path_factory):
    """A run of two models of which one failed the first time, and would not again."""
    folder = tmp_path_factory.mktemp("ended")
    (folder / "calls").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOSTILE_CALLS", str(folder / "calls"))
        return run(folder / "runs", "good/tiny,bad/kill-once")


@pytest.fixture
def finished(tmp_path, monkeypatch, ended):
    """That run, for a test to go on with."""
    monkeypatch.setenv("HOSTILE_CALLS", str(tmp_path / "calls"))
    copytree(ended.store.path.parents[1], tmp_path, dirs_exist_ok=True)
    return replace(ended, store=RunStore.find(None, tmp_path / "runs"))


def forget(store: RunStore, model: str) -> None:
    """Leave the run as if it had been killed before this trial's record was written."""
    (store.path / "records" / f"{model.replace('/', '--')}@s1.json").unlink()


def test_resume_carries_out_what_has_no_record_and_nothing_else(tmp_path, finished, capsys):
    before = finished.records
    forget(finished.store, "good/tiny")
    capsys.readouterr()
    assert main(["resume", "--output", str(tmp_path / "runs")]) == 1
    output = capsys.readouterr()
    assert "2 trials, 1 of them done" in output.err
    assert "bad/kill-once seed 1" not in output.err
    assert comparable(finished.records["good/tiny"]) == comparable(before["good/tiny"])
    assert "good/tiny" in output.out


def test_a_finished_run_prints_its_table_again_and_trains_nothing(tmp_path, finished, capsys):
    identifier = finished.store.configuration["id"]
    capsys.readouterr()
    assert main(["resume", identifier, "--output", str(tmp_path / "runs")]) == 1
    assert "epoch" not in capsys.readouterr().err.partition("store")[2]


@pytest.mark.once
def test_resume_logs_a_run_that_had_no_logger_and_none_is_no_more(tmp_path, finished, capsys):
    for names in (["--logger", "jsonl"], ["--logger", "jsonl"], ["--logger", "none"], []):
        assert main(["resume", "--output", str(tmp_path / "runs"), *names]) == 1
        assert ("logging  jsonl in " in capsys.readouterr().err) is ("jsonl" in names)
    lines = (finished.store.path / "logs/jsonl/events.jsonl").read_text().splitlines()
    logged = [json.loads(line) for line in lines]
    assert [(one["event"], one["model"], one.get("status")) for one in logged] == [
        ("epoch", "good/tiny", None),
        ("trial", "good/tiny", "ok"),
        ("trial", "bad/kill-once", "failed"),
    ]


def test_retry_carries_out_again_what_failed_and_keeps_the_old_record(tmp_path, finished, capsys):
    assert finished.failure("bad/kill-once").startswith("failed at build: killed by SIGKILL")
    assert main(["retry", str(finished.store.path), "--failed"]) == 0
    assert {record.status for record in finished.store.records()} == {"ok"}
    assert [path.name for path in (finished.store.path / "retried").iterdir()] == ["bad--kill-once@s1.1.json"]
    capsys.readouterr()
    assert main(["retry", str(finished.store.path), "--failed"]) == 0
    assert "no trial of" in capsys.readouterr().out


@pytest.mark.once
def test_a_run_that_goes_on_keeps_the_names_of_its_test_images_or_what_they_are_called_by_now(tmp_path, capsys):
    folder(tmp_path / "data", ["cat", "dog"], num=10)
    data = ["--data-dir", str(tmp_path / "data"), "--time-budget", "0", "--epochs", "1"]
    main(["-p", str(PLUGIN), "run", "--plugins", "good/tiny", *data, "--output", str(tmp_path / "runs")])
    store = RunStore.find(None, tmp_path / "runs")
    names = image_names.read(store)
    (tmp_path / "data" / "cat").rename(tmp_path / "data" / "a cat")
    (store.path / "test_images.json").unlink()
    assert main(["resume", "--output", str(tmp_path / "runs")]) == 3
    (tmp_path / "data" / "a cat").rename(tmp_path / "data" / "cat")
    for image in names.images:
        (tmp_path / "data" / image).rename((tmp_path / "data" / image).with_suffix(".PNG"))
    assert main(["resume", "--output", str(tmp_path / "runs")]) == 0
    renamed = [image.replace(".png", ".PNG") for image in names.images]
    assert image_names.read(store) == replace(names, images=renamed)


def test_resume_refuses_data_that_changed_and_names_what_did(tmp_path, capsys):
    folder(tmp_path / "data", ["cat", "dog"], num=10)
    data = ["--data-dir", str(tmp_path / "data"), "--time-budget", "0", "--epochs", "1"]
    main(["-p", str(PLUGIN), "run", "--plugins", "good/tiny", *data, "--output", str(tmp_path / "runs")])
    noise(99).save(tmp_path / "data" / "cat" / "new.png")
    capsys.readouterr()
    assert main(["resume", "--output", str(tmp_path / "runs")]) == 3
    output = capsys.readouterr().err
    assert "error: the data are not those of the run: fingerprint" in output
    assert "num_train 12 -> 13" in output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--epochs", "2"], "good/tiny seed 1 has other settings: train.epochs 1 -> 2"),
        (["--seeds", "2"], "the run has 2 trials and these flags ask for 4"),
    ],
)
def test_run_resume_refuses_flags_that_ask_for_something_else(finished, options, message, capsys):
    command = ["-p", str(PLUGIN), "run", "--plugins", "good/tiny,bad/kill-once", *OPTIONS, *options]
    capsys.readouterr()
    assert main([*command, "--resume", str(finished.store.path)]) == 3
    assert message in capsys.readouterr().err


def test_run_resume_goes_on_where_the_flags_ask_for_the_same(finished):
    forget(finished.store, "good/tiny")
    command = ["-p", str(PLUGIN), "run", "--plugins", "good/tiny,bad/kill-once", *OPTIONS]
    assert main([*command, "--resume", str(finished.store.path)]) == 1
    assert "good/tiny" in finished.records


def test_a_run_file_that_was_changed_is_refused(finished, capsys):
    path = finished.store.path / "run.json"
    configuration = json.loads(path.read_text())
    configuration["trials"][0]["train"]["epochs"] = 9
    path.write_text(json.dumps(configuration))
    assert main(["resume", str(finished.store.path)]) == 4
    assert "run.json was changed: good/tiny has another key" in capsys.readouterr().err


def test_without_any_run_there_is_nothing_to_resume(tmp_path, capsys):
    assert main(["resume", "--output", str(tmp_path / "none")]) == 4
    assert "there is no run in" in capsys.readouterr().err


@pytest.mark.fault(147)
def test_147_what_could_not_be_ranked_with_what_has_ended_is_refused_before_it_is_trained(finished, capsys):
    good = finished.records["good/tiny"]
    finished.store.retire(good)
    finished.store.save(replace(good, machine={**good.machine, "cores": good.machine["cores"] + 2}))
    capsys.readouterr()
    assert main(["retry", str(finished.store.path), "--failed"]) == 3
    said = capsys.readouterr().err
    cores = good.machine["cores"]
    assert (
        f"error: what is left of the run could not be ranked with what has ended: cores {cores + 2} -> {cores}" in said
    )
    assert "bad/kill-once" not in said
