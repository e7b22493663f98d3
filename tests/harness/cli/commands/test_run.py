"""`harness run` from the command line to the files, in one process and on few images."""

from __future__ import annotations

import csv
import json

import pytest
import torch

import harness
from harness.cli.main import main
from harness.machine import devices
from results.ranking.metrics import top_error
from results.store import image_names
from results.store.run_store import RunStore
from tests.faults.runs import comparable
from tests.harness.pictures import noise

FAST = ["--epochs", "2", "--time-budget", "0", "--device", "cpu"]
PLUGIN = """
import zoo

@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name="mine/tiny", build=build)

def build(task):
    from torch import nn
    return nn.Sequential(nn.Conv2d(task.channels, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                         nn.Linear(8, task.num_classes))
"""
HOSTILE = """
import zoo

@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name="bad/none", build=lambda task: None)
    yield zoo.ModelSpec(name="bad/softmax", build=softmax)

def softmax(task):
    from torch import nn
    return nn.Sequential(nn.Flatten(), nn.Linear(64, task.num_classes), nn.Softmax(1))
"""


def run(tmp_path, *arguments, before=()):
    code = main([*before, "run", *FAST, "--output", str(tmp_path / "runs"), *arguments])
    (folder,) = (tmp_path / "runs").glob("[!_]*")
    return code, RunStore.open(folder)


def test_a_run_ends_with_a_table_and_everything_on_disk(tmp_path, capsys):
    code, store = run(tmp_path, "--plugins", "fc_model,mlp", "--seeds", "2")
    screen = capsys.readouterr()
    records = store.records()
    assert code == 0
    assert [(r.model, r.seed, r.status) for r in records] == [
        ("fc_model", 1, "ok"), ("fc_model", 2, "ok"), ("mlp", 1, "ok"), ("mlp", 2, "ok"),
    ]  # fmt: skip
    assert "Test error on 359 images, 2 seeds" in screen.out
    assert "plan     2 models × 2 seeds = 4 trials" in screen.err
    assert store.predictions(records[0])["log_probs"].shape == (359, 10)
    rows = {row["model"]: row for row in csv.DictReader((store.path / "table.csv").open())}
    assert set(rows) == {"fc_model", "mlp"}
    macs = 64 * 512 + 512 * 256 + 256 * 128 + 128 * 10
    assert float(rows["fc_model"]["infer_gmacs"]) == pytest.approx(macs / 1e9)
    files = "table.md,table.csv,table.json,report.html"
    assert screen.out.endswith(f"wrote {store.path}/{{{files}}}\n")
    assert {path.name for path in store.path.iterdir()} >= {"run.json", *files.split(",")}
    assert "4 trials, none failed" in (store.path / "report.html").read_text()


def test_a_page_that_cannot_be_written_costs_a_line_and_never_the_table(tmp_path, capsys):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("results.page.write.document", lambda *arguments: 1 / 0)
        code, store = run(tmp_path, "--plugins", "mlp-small")
    screen = capsys.readouterr()
    assert code == 0
    assert (
        "warning: report.html was not written (ZeroDivisionError: division by zero); try: harness report" in screen.err
    )
    assert screen.out.endswith("{table.md,table.csv,table.json}\n")
    assert not (store.path / "report.html").exists()


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("10000", "take mlp: "),
        pytest.param("0.0001", "nothing of 1 model fits the limit of ", marks=pytest.mark.once),
    ],
)
def test_with_a_limit_of_time_a_run_ends_with_the_model_to_take(tmp_path, capsys, limit, said):
    assert run(tmp_path, "--plugins", "mlp", "--max-ms", limit)[0] == 0
    assert f"}}\n{said}" in capsys.readouterr().out


def test_one_seed_gives_one_record_apart_from_times(tmp_path):
    records = []
    for attempt in ("a", "b"):
        (tmp_path / attempt).mkdir()
        records += run(tmp_path / attempt, "--plugins", "fc_model")[1].records()
    assert comparable(records[0]) == comparable(records[1])


def test_a_checkpoint_is_rebuilt_without_knowing_anything_about_the_model(tmp_path):
    (tmp_path / "my_net.py").write_text(PLUGIN)
    _, store = run(
        tmp_path, "--plugins", "mine/tiny", "--head", "mlp:6:0.1", before=["-p", str(tmp_path / "my_net.py")]
    )
    (record,) = store.records()
    folder = store.path / "checkpoints/mine--tiny@s1"
    card = json.loads((folder / "model.json").read_text())
    model = harness.load(folder, plugins=[str(tmp_path / "my_net.py")])
    images = torch.zeros(2, card["channels"], card["img_size"], card["img_size"])
    assert not model.training
    assert model(images).shape == (2, 10)
    assert record.plugin["source"] == f"file: {tmp_path / 'my_net.py'}"


def test_a_rebuilt_model_predicts_what_the_trained_one_did(tmp_path):
    from harness.data.load import DatasetSource, load
    from zoo.discovery import discover

    _, store = run(tmp_path, "--plugins", "fc_model")
    (record,) = store.records()
    dataset = load(DatasetSource(spec=discover().dataset("digits")))
    model = harness.load(store.path / "checkpoints/fc_model@s1")
    assert model.classes == dataset.classes
    # Of the validation images too: with the weights that were kept, not those of the last epoch.
    for part, kept in ((dataset.plan.test, store.predictions), (dataset.plan.val, store.val_predictions)):
        probs = model.predict(*dataset.pools[part.pool].images[list(part.rows)])
        assert torch.allclose(probs, torch.tensor(kept(record)["log_probs"]).exp(), atol=1e-5)
        assert kept(record)["labels"].tolist() == dataset.labels(part)
    assert top_error(store.val_predictions(record), 1) == pytest.approx(record.measured("val_top1_err").values[0])
    names = image_names.read(store)
    assert (names.images, names.labels) == (dataset.plan.test.rows, store.predictions(record)["labels"].tolist())


def test_failed_models_are_rows_with_a_cause_and_the_others_are_as_without_them(tmp_path, capsys):
    (tmp_path / "hostile.py").write_text(HOSTILE)
    (tmp_path / "alone").mkdir()
    _, alone = run(tmp_path / "alone", "--plugins", "mlp")
    code, store = run(tmp_path, "--plugins", "bad/*,mlp", before=["-p", str(tmp_path / "hostile.py")])
    screen = capsys.readouterr().out
    records = {record.model: record for record in store.records()}
    assert code == 1
    assert {model: record.status for model, record in records.items()} == {
        "bad/none": "failed", "bad/softmax": "failed", "mlp": "ok",
    }  # fmt: skip
    assert "returned None" in records["bad/none"].error.cause
    assert "probabilities" in records["bad/softmax"].error.cause
    assert "FAIL:" in screen
    assert (store.path / records["bad/none"].error.log).read_text().startswith("Traceback")
    assert comparable(records["mlp"]) == comparable(alone.records()[0])


def test_a_folder_of_jpegs_and_pngs_trains_the_head_of_resnet18(tmp_path):
    for index in range(24):
        path = tmp_path / "pets" / ("cat", "dog")[index % 2] / f"{index}{('.jpg', '.png')[index % 3 == 0]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        noise(seed=index).save(path)
    data = ["--data-dir", str(tmp_path / "pets"), "--img-size", "32"]
    code, store = run(tmp_path, *data, "--plugins", "resnet18", "--finetune", "head")
    (record,) = store.records()
    assert (code, record.status, record.dataset) == (0, "ok", "pets")
    assert record.facts["trainable_param_count"] == 2 * 512 + 2
    assert record.facts["weights"] == "none"
    assert record.measured("top5_err") is None
    assert len(record.per_class) == 2


def test_a_device_that_is_not_there_is_two_lines_and_exit_3(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(devices, "count", lambda kind: 0)  # whatever the machine has that runs this
    assert main(["run", "--plugins", "densenet121,resnet18", "--device", "cuda", "--output", str(tmp_path)]) == 3
    error, remedy = capsys.readouterr().err.splitlines()
    assert error.startswith("error: --device cuda, but this ")
    assert remedy.startswith("  use ")
    assert list(tmp_path.iterdir()) == []


def test_pretrained_weights_out_of_reach_end_the_run_before_it_begins(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr("zoo.libraries.download._answers", lambda url: False)
    assert main(["run", "--plugins", "fc_model", "--pretrained"]) == 2
    assert main(["run", "--plugins", "resnet18", "--pretrained", "--output", str(tmp_path / "runs")]) == 3
    error, remedy = capsys.readouterr().err.splitlines()[-2:]
    assert error == "error: cannot download the weights resnet18-f37072fd.pth: download.pytorch.org does not answer"
    assert str(tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth") in remedy
    assert not (tmp_path / "runs").exists()


def test_weights_from_a_file_are_used_and_named(tmp_path):
    from safetensors.torch import save_file

    from plugins.mlp import build
    from zoo import Task

    task = Task(num_classes=10, image_size=8, channels=1, options={"hidden_layers": (64,)})
    save_file(build(task).state_dict(), tmp_path / "w.safetensors")
    code, store = run(tmp_path, "--plugins", "mlp-small", "--weights", str(tmp_path / "w.safetensors"))
    (record,) = store.records()
    assert code == 0
    assert record.facts["weights"].startswith("file:w.safetensors@")
    assert record.facts["finetune"] == "head"


def test_a_loss_that_explodes_is_a_diverged_row(tmp_path):
    code, store = run(tmp_path, "--plugins", "mlp-small", "--opt", "sgd", "--lr", "1e30")
    (record,) = store.records()
    assert (code, record.status, record.error.phase) == (1, "diverged", "train")


@pytest.mark.parametrize("flag", [["--json"], pytest.param(["--quiet"], marks=pytest.mark.once)])
def test_json_and_quiet_leave_stdout_to_the_table(tmp_path, capsys, flag):
    run(tmp_path, "--plugins", "mlp-small", *flag)
    screen = capsys.readouterr()
    if flag == ["--json"]:
        assert json.loads(screen.out)
    else:
        assert screen.err == ""
