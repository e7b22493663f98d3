"""Ranks, intervals, sentence, marks, text, csv and json never contradict each other: 500 random runs."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from functools import cached_property
from html import unescape

import pytest

from results.tables.csv_table import csv_table
from results.tables.flat_rows import flat
from results.tables.json_table import json_table
from results.tables.markdown import markdown_table
from results.tables.sentence import sentence
from tests.results.random_runs import random_run
from tests.results.runs import Folder, summary_of

NUM_RUNS, PART, ALWAYS = 500, 25, 125
LISTED = 4


@dataclass
class Shown:
    """A run as readers have it: nothing of this is taken from our own objects but the files' text."""

    number: int

    @cached_property
    def summary(self):
        return summary_of(*Folder(random_run(self.number)).trials)

    @cached_property
    def csv(self):
        text = csv_table(flat(self.summary)).decode()
        return list(csv.DictReader(io.StringIO(text, newline="")))

    @cached_property
    def json(self):
        return json.loads(json_table(self.summary, flat(self.summary), {}))

    @cached_property
    def cells(self):
        """Rows of the Markdown table, by its headings."""
        lines = [line for line in markdown_table(self.summary, {}).decode().splitlines() if line.startswith("|")]
        heading, _, *rows = [[unescape(cell).strip() for cell in line.strip("|").split("|")] for line in lines]
        return [dict(zip(heading, row, strict=True)) for row in rows]

    @property
    def ranked(self):
        return [row for row in self.json["rows"] if row["rank_low"] is not None]

    @property
    def names(self):
        return [row["model"] for row in self.ranked]

    @cached_property
    def better(self):
        """Pairs of which the first is better beyond doubt."""
        pairs = set()
        for pair in self.json["comparisons"]:
            if pair["significant"]:
                first, second = pair["first"], pair["second"]
                pairs.add((first, second) if pair["difference"] < 0 else (second, first))
        return pairs

    def vs_best(self, name):
        """The comparison of a model with the first, its error less the first's: (low, high, pair)."""
        [pair] = [pair for pair in self.json["comparisons"] if (pair["first"], pair["second"]) == (self.names[0], name)]
        return -pair["high"], -pair["low"], pair


def check_the_order_is_by_error(run):
    errors = [row["top1_err"] for row in run.ranked]
    assert errors == sorted(errors)
    assert run.json["rows"][: len(errors)] == run.ranked, "what is not ranked stands below"


def check_ranks_are_what_the_comparisons_say(run):
    assert len(run.json["comparisons"]) == len(run.names) * (len(run.names) - 1) / 2
    for row in run.ranked:
        name, low, high = row["model"], row["rank_low"], row["rank_high"]
        assert low == 1 + sum((other, name) in run.better for other in run.names)
        assert high == len(run.names) - sum((name, other) in run.better for other in run.names)


def check_intervals_hold_0_just_where_the_test_does(run):
    for pair in run.json["comparisons"]:
        # McNemar's test may tell apart what the interval just does not: then it ends at 0, which is not in it.
        holds_0 = pair["low"] <= 0 <= pair["high"] and not (pair["significant"] and 0 in (pair["low"], pair["high"]))
        assert holds_0 == (pair["p_adjusted"] >= 0.05) == (not pair["significant"]), pair
        assert -100 <= pair["low"] <= pair["difference"] <= pair["high"] <= 100
        assert pair["tie"] == (holds_0 and pair["low"] > -1 and pair["high"] < 1)
        assert pair["p"] <= pair["p_adjusted"] <= 1


def check_errors_lie_in_their_intervals(run):
    for row in run.ranked:
        assert 0 <= row["top1_err_low"] <= row["top1_err"] <= row["top1_err_high"] <= 100


def listed_in(text):
    """The names in `a, b and c` or `a, b, c, d and 3 more`, and how many more there are."""
    names = re.split(", | and ", text)
    return (names[:-1], int(names[-1].split()[0])) if names[-1].endswith(" more") else (names, 0)


def check_the_sentence_names_those_that_may_be_the_best(run):
    best = [row["model"] for row in run.ranked if row["may_be_best"]]
    assert all(row["rank_low"] == 1 for row in run.ranked if row["may_be_best"])
    if len(run.names) < 2:
        return
    assert best[0] == run.names[0]
    named = re.search(r"he best is one of (.+?) \(95 %\)", run.json["sentence"])
    if named is None:
        assert re.search(rf"(^|, ){best[0]} is the best[;.]", run.json["sentence"])
    assert (listed_in(named[1]) if named else (best[:1], 0)) == (best[:LISTED], max(len(best) - LISTED, 0))


def check_the_sentence_names_ties_and_beats_only_what_is_worse(run):
    tied = [name for name in run.names[1:] if run.vs_best(name)[2]["tie"]]
    named = re.search(r"; (.+?) (?:is|are) tied with", run.json["sentence"])
    assert (listed_in(named[1]) if named else ([], 0)) == (tied[:LISTED], max(len(tied) - LISTED, 0))
    beaten = [name for name in run.names[1:] if (run.names[0], name) in run.better]
    named = re.search(r"beats (\w+) by .*?\)(?: and (\d+) more)?\.", run.json["sentence"])
    assert bool(named) == bool(beaten)
    if named:
        assert (named[1], int(named[2] or 0)) == (beaten[0], len(beaten) - 1)


def beats(run, one, other, device):
    """Whether one is ahead beyond doubt in error or time, and not behind beyond doubt in the other."""
    low, high = f"{device}_infer_step_time_low", f"{device}_infer_step_time_high"
    faster, slower = one[high] < other[low], other[high] < one[low]
    pair = one["model"], other["model"]
    return (faster and pair[::-1] not in run.better) or (not slower and pair in run.better)


def check_marks_are_lost_only_to_one_that_beats(run):
    for device in ("cpu", "cuda"):
        timed = [row for row in run.ranked if row.get(f"{device}_infer_step_time") is not None]
        marked = {row["model"] for row in run.ranked if row.get(f"{device}_pareto")}
        beaten = {row["model"] for row in timed if any(beats(run, other, row, device) for other in timed)}
        assert bool(marked) == (len(timed) > 1), "one alone has no front"
        if len(timed) > 1 and len(beaten) < len(timed):
            assert marked == {row["model"] for row in timed} - beaten
        assert marked <= {row["model"] for row in timed}


def check_csv_and_json_hold_the_same(run):
    assert [row["model"] for row in run.csv] == [row["model"] for row in run.json["rows"]]
    for row, same in zip(run.csv, run.json["rows"], strict=True):
        assert row == {name: "" if value is None else str(value) for name, value in same.items()}


def numbers(text):
    """The numbers in a cell, a minus as it is printed; with how many decimals the first has."""
    found = re.findall(r"[+−]?\d+(?:\.\d+)?", text)
    return [float(number.replace("−", "-")) for number in found], max(len(n.partition(".")[2]) for n in found)


def check_cells_show_the_figures_of_the_files(run):
    assert [cells["plugin"] for cells in run.cells] == [row["model"] for row in run.json["rows"]]
    for row, cells in zip(run.json["rows"], run.cells, strict=True):
        if row["rank_low"] is None:
            assert cells["rank"] == "-"
            continue
        assert [int(part) for part in cells["rank"].split("–")] == sorted({row["rank_low"], row["rank_high"]})
        shown, places = numbers(cells["top-1 err % (95 %)"])
        exact = [row[f"top1_err{end}"] for end in ("", "_low", "_high")]
        assert shown == pytest.approx(exact, abs=0.51 * 10**-places)
        for title, device in (("CPU", "cpu"), ("GPU", "cuda")):
            cell = cells.get(f"{title} ms/batch", "")
            assert cell.endswith(" ◆") == bool(row.get(f"{device}_pareto"))
            if cell:
                shown, _ = numbers(cell)
                exact = [row[f"{device}_infer_step_time{end}"] for end in ("", "_low", "_high")]
                assert shown == pytest.approx(exact[: len(shown)], rel=0.006, abs=1e-6)
                assert exact[1] <= exact[0] <= exact[2]


def check_the_cell_beside_the_best_says_what_the_comparison_does(run):
    for name, cells in list(zip(run.names, run.cells, strict=False))[1:]:
        low, high, pair = run.vs_best(name)
        cell = cells["vs best pp (95 %)"]
        shown, places = numbers(cell)
        near = 0.51 * 10**-places
        assert cell[0] == ("+" if pair["significant"] else "t" if pair["tie"] else "?")
        if pair["tie"]:
            assert 0 <= shown[0] - max(-low, high) <= 0.1 + 1e-9
        else:
            exact = [-pair["difference"], low, high] if pair["significant"] else [low, high]
            assert shown == pytest.approx(exact, abs=near)
    if len(run.names) > 1:
        assert run.cells[0]["vs best pp (95 %)"] == "best"


def check_the_sentence_is_the_same_everywhere(run):
    assert run.json["sentence"] == sentence(run.summary)


CHECKS = [value for name, value in globals().items() if name.startswith("check_")]


@pytest.fixture(autouse=True)
def _no_remarks(monkeypatch):
    """What stands below the table costs nine tenths of the time, and no check reads it."""
    monkeypatch.setattr("results.tables.markdown.remarks", lambda summary: ())


@pytest.mark.parametrize(
    "start",
    [pytest.param(start, marks=() if start < ALWAYS else pytest.mark.once) for start in range(0, NUM_RUNS, PART)],
)
def test_nothing_that_is_said_of_a_run_contradicts_another(start):
    for number in range(start, start + PART):
        run = Shown(number)
        for check in CHECKS:
            check(run)


def test_the_random_runs_are_of_every_kind():
    runs = [Shown(number).summary for number in range(0, NUM_RUNS, 5)]
    kinds = {
        "nothing ranked": any(not run.ranked for run in runs),
        "one model": any(len(run.ranked) == 1 for run in runs),
        "failures": any(run.unranked and run.ranked for run in runs),
        "fewer seeds": any(len(set(run.num_seeds)) == 2 for run in runs),
        "no error": any(row.error.mean == 0 for run in runs for row in run.ranked),
        "all errors": any(row.error.mean == 100 for run in runs for row in run.ranked),
        "twins": any(row.vs_best and row.vs_best.difference == 0 for run in runs for row in run.ranked),
        "two devices": any(run.accelerator for run in runs),
        "a tie": any(row.vs_best and row.vs_best.small for run in runs for row in run.ranked),
        "significant": any(row.vs_best and row.vs_best.significant for run in runs for row in run.ranked),
    }
    assert [kind for kind, seen in kinds.items() if not seen] == []
