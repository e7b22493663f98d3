"""Runs on disk as a DataFrame: what table.csv says, of one run or of several."""

from __future__ import annotations

import re

import duckdb
import pandas
import pytest

import results
from results.errors import StoreError
from results.store.run_store import RunStore
from results.tables.render import render
from tests.results.runs import trial
from tests.results.samples import keep_predictions, stored_run
from tests.source import ROOT

CUDA = {"cuda_infer_step_time": (8.0, 9.0), "cuda_train_step_time": (20.0,), "cpu_infer_step_time": (40.0,)}
RUN = [
    trial("vit", 1, wrong=range(50), **CUDA),
    trial("vit", 2, wrong=range(70), **CUDA),
    trial("mlp", 1, wrong=range(100, 400), test_loss=(0.7,), **CUDA),
    trial("gone", 1, status="diverged", cause="the loss was not finite", device="cuda"),
]


def blank(table):
    return table.astype(object).where(table.notna() & (table != ""), None)


def stored(folder, trials):
    store = RunStore.create(folder, "leaves", {})
    for record, predicted in trials:
        keep_predictions(store, record, predicted)
        store.save(record)
    return store


def test_a_run_loads_as_its_table_csv_says(tmp_path):
    store = stored(tmp_path, RUN)
    render(store)
    loaded = results.load(store.path)
    written = pandas.read_csv(store.path / "table.csv")
    assert set(loaded.pop("run")) == {store.path.name}
    assert list(loaded.columns) == list(written.columns)
    # A blank is "" or None here and NaN there.
    pandas.testing.assert_frame_equal(blank(loaded), blank(written), rtol=1e-12)


def test_a_folder_of_runs_has_one_row_a_model_and_run_and_the_columns_of_all(tmp_path):
    cpu = stored(tmp_path, [trial("vit", 1, cpu_infer_step_time=(40.0,))])
    cuda = stored(tmp_path, RUN[:3])
    loaded = results.load(str(tmp_path)).set_index(["run", "model"])
    assert sorted(loaded.index) == sorted([(cpu.path.name, "vit"), (cuda.path.name, "vit"), (cuda.path.name, "mlp")])
    assert loaded["cuda_infer_step_time"].to_dict() == pytest.approx(
        {(cpu.path.name, "vit"): float("nan"), (cuda.path.name, "vit"): 8.5, (cuda.path.name, "mlp"): 8.5}, nan_ok=True
    )


def test_a_run_without_a_result_has_no_rows(tmp_path):
    assert results.load(stored(tmp_path, []).path).empty


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_a_folder_that_is_no_run_and_holds_none_is_refused(tmp_path, name):
    with pytest.raises(StoreError, match="is not the folder of a run and holds none") as caught:
        results.load(tmp_path / name)
    assert caught.value.remedy.startswith("give a folder of results/runs")


def test_a_damaged_record_is_put_aside_and_the_others_are_loaded(tmp_path, capsys):
    store = stored(tmp_path, RUN[:3])
    (store.path / "records/mlp@s1.json").write_bytes(b"{")
    assert list(results.load(store.path)["model"]) == ["vit"]
    assert "warning: mlp@s1.json was moved to corrupt/" in capsys.readouterr().err


def test_rows_that_cannot_be_ranked_together_load_without_ranks_and_say_why(tmp_path):
    other = trial("mlp", 1, wrong=range(300), machine={"cpu": "Another"}, **CUDA)
    loaded = results.load(stored(tmp_path, [*RUN[:2], other, RUN[3]]).path).set_index("model")
    assert loaded[["rank_low", "rank_high", "may_be_best", "pareto", "cuda_pareto"]].isna().all(axis=None)
    assert list(loaded["top1_err"]) == pytest.approx([float("nan"), 30, 6], nan_ok=True)
    assert list(loaded["top1_err_low"] < 6) == [False, False, True]
    assert list(loaded["top1_err_high"] > 30) == [False, True, False]
    assert "differ in cpu (Another, Old Reliable 9000)" in loaded["note"]["vit"]
    assert loaded["note"]["gone"] == "FAIL:the loss was not finite"


def test_a_model_whose_seeds_saw_other_images_has_a_row_for_each_of_them(tmp_path):
    fewer = trial("vit", 2, wrong=range(9), data={"num_test": 500, "fingerprint": "another"})
    fewer[1].update({name: array[:500] for name, array in fewer[1].items()})
    loaded = results.load(stored(tmp_path, [RUN[0], fewer]).path)
    assert list(loaded["seed"]) == ["1", "2"]
    assert list(loaded["top1_err"]) == pytest.approx([5.0, 1.8])
    assert loaded["note"][1].startswith("seed 2 alone: these trials cannot be ranked together")


def test_what_is_not_there_is_no_attribute():
    with pytest.raises(AttributeError, match="has no attribute 'lode'"):
        results.lode  # noqa: B018


@pytest.mark.parametrize("name", ["NA", "null", "None", "nan"])
def test_a_model_with_the_name_of_a_blank_is_no_blank(tmp_path, name):
    store = stored(tmp_path, [trial(name), trial("b", wrong=range(300), device="cpu", facts={"head": None})])
    render(store)
    written = pandas.read_csv(store.path / "table.csv", keep_default_na=False, na_values=[""])
    assert list(written["model"]) == list(results.load(store.path)["model"]) == [name, "b"]
    assert written["head"].isna().to_list() == [False, True]
    assert written["top1_err"].dtype == float


def test_the_query_of_the_readme_gives_each_models_error(tmp_path, monkeypatch):
    (query,) = re.findall(r"```sql\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    trials = [trial("net", 1, wrong=range(20)), trial("net", 2, wrong=range(40)), trial("other", 1, wrong=range(50))]
    store = stored_run(tmp_path / "results" / "runs", trials)
    monkeypatch.chdir(tmp_path)
    rows = duckdb.sql(query).fetchall()
    assert rows == [(store.path.name, "net", 2, 3.0), (store.path.name, "other", 1, 5.0)]
