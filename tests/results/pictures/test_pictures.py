"""The drawn pictures say what the table says; files are written whole, and only where they can be drawn."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace

import numpy as np
import pytest

from results.answers.curves import learning_curves
from results.errors import StoreError
from results.pictures import confusion, curves, error_time
from results.pictures.figure import literal, require_drawing, save
from results.pictures.run_pictures import draw_run
from results.ranking.summary import summarise
from results.tables.csv_table import csv_table
from results.tables.flat_rows import flat
from tests.results.answers.test_curves import learnt
from tests.results.classified import classified
from tests.results.runs import summary_of, trial
from tests.results.samples import in_folds, stored_run

FAST, SLOW = (10.0, 10.1, 10.2, 10.3), (30.0, 30.1, 30.2, 30.3)


def points(figure):
    """The place of each model in the picture of error against time."""
    (axes,) = figure.axes
    return {bars.get_label()[1:]: bars.lines[0].get_xydata()[0].tolist() for bars in axes.containers}


def test_every_point_lies_where_the_table_says(tmp_path):
    summary = summary_of(
        trial("good", wrong=range(40), cpu_infer_step_time=SLOW),
        trial("fair", wrong=range(90), cpu_infer_step_time=FAST),
        trial("untimed", wrong=range(90)),
    )
    rows = {row["model"]: row for row in csv.DictReader(io.StringIO(csv_table(flat(summary)).decode()))}
    drawn = points(error_time.draw(summary, "cpu"))
    assert set(drawn) == {"good", "fair"}
    for model, (time, error) in drawn.items():
        assert time == pytest.approx(float(rows[model]["cpu_infer_step_time"]))
        assert error == pytest.approx(float(rows[model]["top1_err"]))


def test_the_line_of_the_front_falls_and_leaves_out_what_is_behind():
    summary = summary_of(
        trial("good", wrong=range(40), cpu_infer_step_time=SLOW),
        trial("fair", wrong=range(90), cpu_infer_step_time=FAST),
        trial("poor", wrong=range(300), cpu_infer_step_time=SLOW),
    )
    (axes,) = error_time.draw(summary, "cpu").axes
    (line,) = [line for line in axes.lines if line.get_label() == "_front"]
    assert line.get_ydata().tolist() == [9.0, 4.0]
    assert error_time.draw(summary, "cuda") is None


def test_an_interval_that_says_nothing_is_a_question_mark_and_no_bar():
    record, arrays = trial("net", wrong=range(40), cpu_infer_step_time=(1.0, 500.0))
    rounds = tuple(replace(one, rounds=(1, 1)) if len(one.values) == 2 else one for one in record.measurements)
    (axes,) = error_time.draw(summary_of((replace(record, measurements=rounds), arrays)), "cpu").axes
    assert [text.get_text() for text in axes.texts] == ["net (?)"]
    assert not axes.containers[0].has_xerr


def test_curves_are_drawn_for_each_seed_with_the_kept_epoch(tmp_path):
    stored_run(tmp_path, [learnt("a$b", [1.0, 0.5, 0.6]), learnt("a$b", [1.0, 0.4], seed=2)])
    losses, errors = curves.draw(learning_curves([], tmp_path)).axes
    solid = [line.get_ydata().tolist() for line in losses.lines if line.get_linestyle() == "-"]
    assert solid == [[1.0, 0.5, 0.6], [1.0, 0.4]]
    (kept,) = [line for line in losses.lines if line.get_label() == "weights kept"]
    assert kept.get_xydata().tolist() == [[2.0, 0.5], [2.0, 0.4]]
    assert losses.get_title(loc="left").startswith(r"a\$b: ")
    assert errors.get_ylabel() == "error in %"


def test_a_loss_that_is_not_finite_is_a_gap(tmp_path):
    stored_run(tmp_path, [learnt("net", [1.0, math.inf], status="diverged", cause="x")])
    save(curves.draw(learning_curves([], tmp_path)), tmp_path / "a.png")


def test_a_confusion_matrix_shows_shares_of_each_class():
    labels, answers = [0, 0, 0, 0, 1, 1], [0, 0, 0, 1, 1, -1]
    (row,) = summary_of(classified("net", labels, answers, ["cat", "dog"])).rows
    (axes,) = confusion.draw(row).axes
    assert axes.images[0].get_array().tolist() == [[0.75, 0.25], [0.0, 0.5]]
    assert [text.get_text() for text in axes.texts] == ["75", "25", "50"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog"]


def test_of_many_classes_those_are_drawn_that_are_mistaken_most_often():
    labels = np.repeat(np.arange(40), 2)
    answers = np.where(labels < 8, 39, labels)
    (row,) = summary_of(classified("net", labels, answers, [f"c{n}" for n in range(40)])).rows
    (axes,) = confusion.draw(row).axes
    shown = [label.get_text() for label in axes.get_yticklabels()]
    assert shown == [*(f"c{n}" for n in range(8)), "c39"]
    assert "the 9 of 40 classes" in axes.get_title()


def test_a_run_gets_all_pictures_that_it_has_figures_for(tmp_path):
    timed = learnt("timm/net", [1.0, 0.5], cpu_infer_step_time=FAST)
    store = stored_run(tmp_path, [timed, trial("none", status="failed", cause="x")])
    drawn = draw_run(store, summarise(store.records(), store.predictions))
    assert [path.name for path in drawn] == ["curves.png", "error-time-cpu.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn)


def test_a_cross_validation_gets_the_curves_of_its_folds(tmp_path):
    store = stored_run(tmp_path, list(in_folds(*learnt("net", [1.0, 0.5]))))
    drawn = draw_run(store, summarise(store.records(), store.predictions))
    assert "curves.png" in [path.name for path in drawn]


def test_what_cannot_be_drawn_is_said_in_advance(tmp_path):
    require_drawing(tmp_path / "a.png")
    with pytest.raises(StoreError, match="there is no such folder"):
        require_drawing(tmp_path / "gone" / "a.png")


def test_a_dollar_sign_begins_no_formula():
    assert literal("a$b") == r"a\$b"
