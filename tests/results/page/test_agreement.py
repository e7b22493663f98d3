"""Table, page, CSV, JSON and sentence of one run agree in every number: ties, failures, noise, two devices."""

from __future__ import annotations

import csv
import io
import json
import re
from functools import cached_property
from itertools import starmap

import numpy as np
import pytest

from results.tables import terminal
from results.tables.csv_table import csv_table
from results.tables.flat_rows import flat
from results.tables.json_table import json_table
from results.tables.number_format import duration
from results.tables.sentence import sentence
from tests.results.page.parsed import page_of
from tests.results.random_runs import random_run
from tests.results.runs import summary_of, trial

NUMBER = re.compile(r"[+−]?\d+(?:\.\d+)?")
# By a column's key the columns of table.csv whose figures its cell shows, in their order; `{}` is the accelerator.
SHOWN = {
    "rank": ("rank_low", "rank_high"),
    "top1": ("top1_err", "top1_err_low", "top1_err_high"),
    "top5": ("top5_err",),
    "cpu": ("cpu_infer_step_time", "cpu_infer_step_time_low", "cpu_infer_step_time_high"),
    "gpu": ("{}_infer_step_time", "{}_infer_step_time_low", "{}_infer_step_time_high"),
    "params": ("param_count",),
    "cpu_train": ("cpu_train_step_time", "cpu_train_step_time_low", "cpu_train_step_time_high"),
    "gpu_train": ("{}_train_step_time", "{}_train_step_time_low", "{}_train_step_time_high"),
    "peak": ("peak_mib",),
    "gpu_peak": ("device_peak_mib",),
    "gmacs": ("infer_gmacs",),
    "val": ("val_top1_err",),
}


def made():
    """A tie, models that are worse, a noisy timing, two devices, a failed seed and a failed model."""
    generator = np.random.default_rng(5)

    def steps(middle, noise):
        names = ("cpu_infer", "cpu_train", "cuda_infer", "cuda_train")
        return {
            f"{name}_step_time": tuple(middle * at * generator.lognormal(0, noise, 30))
            for at, name in enumerate(names, 1)
        }

    models = {"vit": (range(40), 9.0), "twin": (range(40), 5.0), "mlp": (range(300, 420), 0.7), "fc": (range(500), 0.2)}
    trials = []
    for model, (wrong, middle) in models.items():
        noise = 0.4 if model == "mlp" else 0.005
        facts = {
            "timing_verdict": "noisy" if model == "mlp" else "steady",
            "infer_gmacs": middle,
            "param_count": int(1e6 * middle),
        }
        more = {"top5_err": (len(wrong) / 95,), "val_top1_err": (len(wrong) / 11,), "device_peak_mib": (700.5,)}
        trials += [trial(model, seed, wrong=wrong, facts=facts, **steps(middle, noise), **more) for seed in (1, 2)]
    trials.append(trial("vit", 3, status="oom", cause="no memory", device="cuda"))
    return [*trials, trial("swin", status="failed", cause="it broke", device="cuda")]


class Shown:
    """One run in every form that a reader has; nothing is taken from our own objects but their texts."""

    def __init__(self, trials):
        self.trials = trials

    @cached_property
    def summary(self):
        return summary_of(*self.trials)

    @cached_property
    def csv(self):
        return list(csv.DictReader(io.StringIO(csv_table(flat(self.summary)).decode(), newline="")))

    @cached_property
    def ranked(self):
        return [row for row in self.csv if row["rank_low"]]

    @cached_property
    def json(self):
        return json.loads(json_table(self.summary, flat(self.summary), {}))

    @cached_property
    def page(self):
        return page_of(*self.trials)

    @cached_property
    def cells(self):
        """By column's key, the texts of the ranked rows."""
        keys = [column["key"] for column in self.page.data("table")["columns"]]
        columns = zip(*self.page.rows("table", "ranked"), strict=True)
        return dict(zip(keys, columns, strict=False))

    @cached_property
    def accelerator(self):
        return next((name.removesuffix("_pareto") for name in self.csv[0] if re.match(r"(?!cpu_).+_pareto", name)), "")


def is_rounded(number, exact):
    """Whether what is printed is the exact figure to as many decimals as it has."""
    return abs(float(number.replace("−", "-")) - float(exact)) <= 0.51 * 10 ** -len(number.partition(".")[2])


RUNS = {"made": Shown(made())} | {f"random {number}": Shown(random_run(number)) for number in (3, 40, 41, 77, 120, 301)}
ALL = pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)


def test_the_made_run_has_ties_failures_noise_and_two_devices():
    run = RUNS["made"]
    assert {"timing", "cpu", "gpu", "vs_best"} <= run.cells.keys()
    assert "noisy" in run.cells["timing"]
    assert any(cell.startswith("tie") for cell in run.cells["vs_best"])
    assert any("(" in cell for cell in run.cells["cpu"])
    assert [row["status"] for row in run.csv if not row["rank_low"]] == ["failed"]


@ALL
def test_the_page_has_the_rows_of_table_csv_in_their_order(run):
    unranked = [(row["model"], row["note"]) for row in run.csv if not row["rank_low"]]
    assert list(run.cells.get("model", ())) == [row["model"] for row in run.ranked]
    if unranked:
        assert [(name, note) for _, name, note in run.page.rows("table", "unranked")] == unranked


@ALL
def test_every_number_of_a_cell_is_that_of_table_csv_rounded(run):
    for key, names in SHOWN.items():
        for cell, row in zip(run.cells.get(key, ()), run.ranked, strict=False):
            exact = [row[name.format(run.accelerator)] for name in names]
            numbers = NUMBER.findall(cell.replace("–", " "))
            assert bool(numbers) == bool(exact[0])
            assert all(starmap(is_rounded, zip(numbers, exact, strict=False)))


@ALL
def test_the_cells_of_the_page_are_those_of_the_terminal(run):
    lines = [line.split() for line in terminal.table(run.summary, None)[3 : 3 + len(run.ranked)]]
    for at, line in enumerate(lines):
        # The terminal has the first columns of the page; a blank cell leaves no word.
        words = " ".join(cells[at] for cells in run.cells.values()).split()
        assert words[: len(line)] == line


@ALL
def test_the_difference_to_the_best_is_that_of_table_json(run):
    pairs = {pair["second"]: pair for pair in run.json["comparisons"] if pair["first"] == run.ranked[0]["model"]}
    for cell, row in list(zip(run.cells.get("vs_best", ()), run.ranked, strict=False))[1:]:
        pair = pairs[row["model"]]
        exact = [-pair["difference"], -pair["high"], -pair["low"]]
        numbers = NUMBER.findall(cell.replace("–", " "))
        if not cell.startswith("tie"):
            assert all(starmap(is_rounded, zip(numbers, exact[-len(numbers) :], strict=True)))


@ALL
def test_times_of_training_are_those_of_table_csv_in_minutes_and_seconds(run):
    for cell, row in zip(run.cells.get("train", ()), run.ranked, strict=False):
        assert cell == duration(float(row["train_seconds"]))


@ALL
def test_the_sentence_is_the_same_on_the_page_and_in_the_files(run):
    (verdict,) = run.page.section("cards").all("p", class_="verdict")
    if run.ranked:
        assert verdict.text == run.json["sentence"] == sentence(run.summary)


@ALL
def test_the_numbers_that_a_card_recommends_by_are_those_of_the_table(run):
    for device in run.page.data("cards")["devices"]:
        times = {row["model"]: row.get(f"{device['kind']}_infer_step_time") for row in run.ranked}
        taken = [re.match(r"take (\w+): .* at ([\d.]+) ms/batch", answer[0]) for answer in device["answers"]]
        assert all(is_rounded(found[2], times[found[1]]) for found in taken if found)
