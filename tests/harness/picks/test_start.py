"""A pick from the command line to its files, of models of one's own that need no weights."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

import harness
from harness.cli.main import main
from harness.picks.make_listing import make_listing
from harness.picks.pick_file import PickFile
from harness.picks.request import PickRequest
from harness.plan.option_table import checked
from harness.plan.pick_options import PICK
from results.answers.picked import picked
from results.store.run_store import RunStore
from zoo.discovery import discover
from zoo.errors import ZooError

OWN = str(Path(__file__).with_name("own_models.py"))
# Nothing of the catalogue is as small: what is left is one's own.
ONLY_OWN = ["--max-params", "0.000001", "--device", "cpu", "--num-threads", "1"]
FAST = ["--epochs", "2", "--seeds", "1", "--time-budget", "0", "--infer-batch-size", "32"]
ENOUGH = {"mine/pixels", "mine/blurred", "mine/dim", "mine/grey"}


def command(output, *arguments):
    return ["-p", OWN, "pick", *ONLY_OWN, *FAST, "--output", str(output), *arguments]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A pick on digits that has come to its end."""
    return harness.pick(
        plugins=OWN,
        max_params=1e-6,
        device="cpu",
        num_threads=1,
        epochs=2,
        seeds=1,
        time_budget=0.01,
        infer_batch_size=32,
        output=tmp_path_factory.mktemp("picks"),
        quiet=True,
    )


@pytest.fixture(scope="module")
def done(finished):
    """Its folder."""
    return RunStore.open(finished.run.path)


def lines(store):
    with (store.path / "pick.csv").open() as file:
        return {row["model"]: row for row in csv.DictReader(file)}


def test_a_pick_is_a_run_of_its_finalists_with_a_line_for_every_model(done):
    assert {record.model for record in done.records()} == ENOUGH
    files = {path.name for path in done.path.iterdir()}
    assert files >= {"run.json", "table.csv", "report.html", "pick.json", "pick.csv", "plan.json", "probes"}
    assert not (done.path / "work").exists()
    rows = lines(done)
    assert rows["mine/broken"]["stage"] == "probe 1"
    assert "RuntimeError: no such layer" in rows["mine/broken"]["reason"]
    assert rows["timm/resnet18.a1_in1k"]["reason"] == "11.7 M parameters > 1e-06"
    assert len(rows) == picked(done).steps[0].left


def test_python_has_the_table_the_lines_and_the_file(finished):
    assert set(finished.table["model"]) == ENOUGH
    assert finished.lines[0].endswith(" → 5 size → 5 shortlisted → 4 after probe 1 → 4 finalists")
    assert finished.pick_csv.is_file()
    with pytest.raises(ZooError, match=r"harness.pick has no argument 'max_mss'. Did you mean max_ms"):
        harness.pick(max_mss=20)
    with pytest.raises(ZooError, match="on says where max_ms is meant, which is missing"):
        harness.pick(on="cpu")


def test_what_is_seen_of_an_image_decides(done):
    rows = lines(done)
    errors = [float(rows[name]["probe2_err"]) for name in ("mine/pixels", "mine/blurred", "mine/dim", "mine/grey")]
    assert errors == sorted(errors)
    assert errors[-1] - errors[0] > 40
    assert rows["mine/pixels"]["reason"].startswith("rank 1")
    assert float(rows["mine/pixels"]["top1_err"]) == pytest.approx(
        next(record.measured("top1_err").median for record in done.records() if record.model == "mine/pixels")
    )


def test_the_account_has_the_funnel_and_how_kind_the_choice_is(done):
    found = picked(done)
    assert [(step.left, step.words) for step in found.steps[1:]] == [
        (5, "size"), (5, "shortlisted"), (4, "after probe 1"), (4, "finalists"),
    ]  # fmt: skip
    assert (found.kindness.num_models, found.kindness.num_images) == (4, 287)
    assert found.random is None


@pytest.mark.once
def test_a_pick_that_was_stopped_goes_on_to_the_same_answer(done, tmp_path, capsys):
    """As a kill in the second rung leaves it: no finals, one probe less, and the file of stages as it was then."""
    folder = tmp_path / "copy"
    shutil.copytree(done.path, folder)
    for name in ("records", "checkpoints", "predictions"):
        shutil.rmtree(folder / name)
        (folder / name).mkdir()
    content = json.loads((folder / "pick.json").read_text())
    for stage in ("probe 2", "account"):
        del content["stages"][stage]
    (folder / "pick.json").write_text(json.dumps(content))
    (folder / "probes" / "mine--grey@p2.npz").unlink()
    (folder / "pick.csv").unlink()
    configuration = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(configuration | {"trials": []}))
    assert main(["-p", OWN, "resume", str(folder), "--quiet"]) == 0
    assert "mine/pixels, after fine-tuning: test error" in capsys.readouterr().out
    decided = ("stage", "reason", "probe1_err", "probe2_err", "top1_err", "weights_sha256")
    before, after = lines(done), lines(RunStore.open(folder))
    assert [[row[name] for name in decided] for row in before.values()] == [
        [row[name] for name in decided] for row in after.values()
    ]


def test_a_budget_that_is_spent_is_the_reason_of_those_that_were_not_begun(tmp_path, capsys):
    assert main(command(tmp_path, "--budget", "0.001", "--quiet")) == 3
    screen = capsys.readouterr()
    assert "error: none of 5 models could be probed; mine/blurred: time budget" in screen.err
    (folder,) = tmp_path.glob("[!_]*")
    reasons = {name: row["reason"] for name, row in lines(RunStore.open(folder)).items() if name.startswith("mine/")}
    assert set(reasons.values()) == {"time budget"}


@pytest.mark.slow
def test_a_pick_whose_budget_was_spent_before_the_first_model_goes_on_with_more(tmp_path):
    assert main(command(tmp_path, "--budget", "0.001", "--quiet")) == 3
    (folder,) = tmp_path.glob("[!_]*")
    content = json.loads((folder / "pick.json").read_text())
    content["arguments"]["budget"] = None
    (folder / "pick.json").write_text(json.dumps(content))
    assert main(["-p", OWN, "resume", str(folder), "--quiet"]) == 0
    assert lines(RunStore.open(folder))["mine/pixels"]["stage"] == "finals"


def test_what_excludes_each_other_is_refused(tmp_path, capsys):
    assert main(command(tmp_path, "--on", "cpu")) == 2
    assert "--on says where --max-ms is meant" in capsys.readouterr().err
    assert main(command(tmp_path, "--offline", "--max-download", "1GB")) == 2
    assert main(command(tmp_path, "--budget", "soon")) == 2
    assert "'soon' is no time such as 90s, 10m or 1h30m" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def asked(**given):
    return PickRequest.of(checked(given, PICK, "f"))


def test_folds_take_the_place_of_seeds_and_all_narrows_nothing():
    assert (asked().run.num_seeds, asked().models, asked(models="all,-x*").models) == (3, (), ("-x*",))
    assert (asked(folds=5, repeats=2).run.folds, asked(folds=5, repeats=2).run.num_seeds) == (5, 2)
    with pytest.raises(ZooError, match="--seeds and --folds exclude each other"):
        asked(folds=5, seeds=4)


def test_what_was_asked_comes_back_from_its_file_wherever_one_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = asked(
        data_dir="leaves", weights_dir="weights", budget="10m", max_download="8GB", max_ms=20, seeds=2, plan="p.json"
    )
    kept = json.loads(json.dumps(first.arguments))
    monkeypatch.chdir("/")
    again = PickRequest.from_json(kept)
    assert again.run.setup == first.run.setup
    assert again.plan == tmp_path / "p.json"
    assert (again.budget, again.max_download, again.max_ms, again.run.num_seeds) == (600.0, 8 * 10**9, 20.0, 2)
    with pytest.raises(ZooError, match="this pick was begun with --depth, which is unknown here"):
        PickRequest.from_json(kept | {"depth": 3})


def test_a_dry_run_lists_what_would_be_tried_and_writes_nothing_but_the_plan(tmp_path, capsys):
    plan = tmp_path / "plan.json"
    assert main(command(tmp_path / "runs", "--dry-run", "--plan", str(plan))) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].endswith(" pretrained models → 5 size → 5 shortlisted")
    assert out[1].startswith("plan     5 models to try · 5 with weights here")
    assert [line.split()[:2] for line in out[4:6]] == [["mine/blurred", "own"], ["mine/broken", "own"]]
    assert json.loads(plan.read_text()) == {"schema": 1, "weights": []}
    assert not (tmp_path / "runs").exists()


def test_where_nothing_was_brought_yet_what_to_bring_is_written_down_and_named(tmp_path, capsys):
    none, plan = tmp_path / "none", tmp_path / "plan.json"
    none.mkdir()
    there = ["--offline", "--models", "resnet18.*,resnet34.*", "--device", "cpu", "--weights-dir", str(none)]
    assert main(["pick", *there, "--dry-run", "--plan", str(plan)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1].startswith("offline  local 0 of 2; missing 1")
    assert sorted(line.split()[0] for line in said[5:]) == ["resnet18.IMAGENET1K_V1", "resnet34.IMAGENET1K_V1"]
    wanted = plan.read_text()
    assert main(["pick", *there, "--output", str(tmp_path / "runs")]) == 3
    (folder,) = (tmp_path / "runs").glob("[!_]*")
    said = capsys.readouterr().err.splitlines()
    assert said[-2].startswith("error: local 0 of 2; missing 1")
    assert said[-1].endswith(f"harness fetch {folder}/plan.json")
    assert (folder / "plan.json").read_text() == wanted != ""


def test_without_a_network_a_plugin_that_cannot_say_where_its_weights_are_has_its_reason(monkeypatch):
    def nowhere(one, locate):
        if one.name == "mine/dim":
            raise KeyError("no such tag")
        return True

    monkeypatch.setattr("harness.picks.make_listing.is_local", nowhere)
    zoo, request = discover([OWN]), asked(offline=True, max_params=1e-6)
    listing = make_listing(request, zoo, PickFile(), clocks=None, device_type="cpu")
    assert {one.name: one.reason for one in listing.dropped}["mine/dim"] == "KeyError: 'no such tag'"
    assert "mine/dim" not in {one.candidate.name for one in listing.tried}
