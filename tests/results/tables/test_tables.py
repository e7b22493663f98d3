"""The three files: what each holds, in full precision."""

from __future__ import annotations

import csv
import io
import json
import re

import pandas
import pytest

from results.store.run_store import RunStore
from results.tables.markdown import markdown_table
from results.tables.render import render
from tests.results.runs import Folder, printed_of, summary_of, trial
from tests.results.samples import keep_predictions

MACHINE = {"accelerators": [{"name": "NVIDIA H200"}], "timm": "1.0.31"}
TIMES = {
    "cpu_infer_step_time": (40.0, 50.0, 45.0),
    "cpu_train_step_time": (100.0,),
    "cuda_infer_step_time": (8.0,),
    "cuda_train_step_time": (20.0,),
}
RUN = [
    trial("vit,huge", 1, wrong=range(50), machine=MACHINE, **TIMES),
    trial("vit,huge", 2, wrong=range(70), machine=MACHINE, **TIMES),
    trial("mlp", 1, wrong=range(100, 400), machine=MACHINE, test_loss=(float("nan"),), cuda_infer_step_time=(1.0,)),
    trial("gone", 1, status="diverged", cause="the loss was not finite", machine=MACHINE),
]
# Without the spaces and dashes that only align it.
MARKDOWN = """\
# Test error on 1,000 images, 1 seed (95 % intervals over images)

| rank | plugin | top-1 err % (95 %) | params M | weights | input C×H×W | seeds | timing | note |
|-:|:-|-:|-:|:-|:-|-:|:-|:-|
| 1 | a\\*b | 10.0 (8.3–12.0) | 27.8 | none | 3×224×224 | 1 | steady | |
| - | bad | | | | | | | FAIL:1 &lt; 2 &#124; 3 &gt; 2 |

- a\\*b is the only model that was ranked.
"""


def written(name, run=RUN):
    folder = Folder(run)
    render(folder)
    return folder.written[name].decode()


def csv_rows():
    return {row["model"]: row for row in csv.DictReader(io.StringIO(written("table.csv"), newline=""))}


def test_csv_has_timms_columns_and_units():
    row = csv_rows()["vit,huge"]
    timm = ["img_size", "top1", "top1_err", "param_count", "infer_samples_per_sec", "infer_step_time"]
    timm += ["infer_batch_size", "train_samples_per_sec", "train_step_time"]
    assert [float(row[key]) for key in timm] == [224, 94, 6, 27.8, 4000, 8, 32, 1600, 20]


def test_csv_pools_the_samples_of_all_seeds():
    row = csv_rows()["vit,huge"]
    # Six samples, 40 40 45 45 50 50.
    suffixes = ("", "_p50", "_min", "_iqr")
    assert [float(row[f"cpu_infer_step_time{suffix}"]) for suffix in suffixes] == [45, 45, 40, 7.5]
    assert row["seed"] == "1 2"


def test_csv_says_where_each_row_comes_from():
    row = csv_rows()["mlp"]
    origin = {"dataset": "leaves", "weights": "none", "device": "cuda", "precision": "float32", "threads": "2"}
    origin |= {"torch": "2.15.0", "timm": "1.0.31", "accelerator": "NVIDIA H200", "status": "ok"}
    assert origin.items() <= row.items()


def test_csv_gives_no_figure_of_a_trial_that_did_not_end_well():
    row = csv_rows()["gone"]
    assert (row["status"], row["note"]) == ("diverged", "FAIL:the loss was not finite")
    assert [row[key] for key in ("rank_low", "top1_err", "train_seconds", "cuda_infer_step_time")] == [""] * 4


def test_json_compares_every_pair_and_names_its_origin():
    content = json.loads(written("table.json"))
    [pair] = content["comparisons"]
    assert (pair["first"], pair["second"], pair["p_adjusted"]) == ("vit,huge", "mlp", pytest.approx(0, abs=1e-3))
    # Wrong on 50 or 70 images, and on 300 others: none is missed by both.
    assert pair["difference"] == pytest.approx(-24)
    assert (pair["low"] < pair["difference"] < pair["high"] < 0, pair["significant"], pair["tie"]) == (
        True,
        True,
        False,
    )
    assert [pair[key] for key in ("only_first", "only_second", "both_wrong")] == pytest.approx([300, 60, 0])
    assert content["machine"]["accelerators"] == MACHINE["accelerators"]
    assert content["data"]["fingerprint"] == "9f3c71e1"
    assert content["command"] == ["run", "--data-dir", "my leaves"]


def test_json_writes_numbers_that_it_lacks_as_null():
    rows = {row["model"]: row for row in json.loads(written("table.json"))["rows"]}
    assert rows["mlp"]["test_loss"] is None


def test_json_on_stdout_is_the_file():
    assert printed_of(RUN, as_json=True) == written("table.json").rstrip("\n")


def test_without_a_top_5_error_every_table_leaves_it_open_instead_of_at_0():
    run = [trial("a", wrong=range(50)), trial("b", wrong=range(99))]
    row = next(csv.DictReader(io.StringIO(written("table.csv", run), newline="")))
    assert (row["top5"], row["top5_err"]) == ("", "")
    assert json.loads(written("table.json", run))["rows"][0]["top5_err"] is None
    assert "top-5" not in written("table.md", run) + printed_of(run)


def test_markdown_is_a_table_with_its_verdict_machine_data_and_command():
    text = written("table.md")
    assert "- vit,huge is the best; it beats mlp by 24.0 pp (15.1–32.8; p = 0.00026).\n" in text
    assert "- Machine: NVIDIA H200, Old Reliable 9000, 2 cores, python 3.11.9, torch 2.15.0, timm 1.0.31\n" in text
    assert text.endswith("- Command: harness run --data-dir 'my leaves'\n")


def test_markdown_looks_like_this():
    unknown = {"train_seconds": (), "peak_mib": (), "facts": {"head": None, "finetune": None}}
    run = summary_of(trial("a*b", wrong=range(100), **unknown), trial("bad", status="failed", cause="1 < 2 | 3 > 2"))
    text = re.sub("--+", "-", re.sub("  +", " ", markdown_table(run, {}).decode()))
    assert text.startswith(MARKDOWN)


def test_markdown_leaves_names_that_look_like_numbers_alone():
    text = markdown_table(summary_of(trial("007"), trial("1e3", wrong=range(300))), {}).decode()
    assert [line.split("|")[2].strip() for line in text.splitlines() if "none" in line] == ["007", "1e3"]


def test_the_files_are_made_from_what_a_folder_on_disk_holds(tmp_path):
    store = RunStore.create(tmp_path, "leaves", {"command": ["run"]})
    for record, predicted in RUN:
        keep_predictions(store, record, predicted)
        store.save(record)
    render(store)
    table = pandas.read_csv(store.path / "table.csv")
    assert list(table["model"]) == ["vit,huge", "mlp", "gone"]
    assert json.loads((store.path / "table.json").read_bytes()) == json.loads(written("table.json")) | {
        "command": ["run"]
    }


def test_an_empty_run_still_writes_its_three_files():
    folder = Folder([])
    render(folder)
    assert sorted(folder.written) == ["table.csv", "table.json", "table.md"]
    assert json.loads(folder.written["table.json"])["rows"] == []
    assert printed_of(folder.trials).startswith("No trial ended well: there is nothing to rank.\n")
