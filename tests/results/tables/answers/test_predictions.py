"""Predictions as text, CSV and JSON: written as they come, with names of strangers made harmless."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from results.answers.checkpoints import Checkpoint
from results.answers.predicted import Prediction, Predictor, RankedClass
from results.tables.answers.predictions import csv_lines, json_lines, lines, percent
from tests.results.samples import record

WHO = Predictor(
    checkpoint=Checkpoint(folder=Path("there"), run="7825", record=record("vit"), seeds=(1, 2)),
    model="vit",
    classes=("elm", "red oak"),
    device="CPU",
)


def taken(path, *pairs, problem=""):
    ranked = tuple(RankedClass(name=name, probability=share, log_prob=-share) for name, share in pairs)
    return Prediction(path=Path(path), ranked=ranked, problem=problem)


ONE, OTHER = taken("a.png", ("red oak", 0.75), ("elm", 0.25)), taken("leaves/b.png", ("elm", 1.0), ("red oak", 0.0))
BAD = taken("torn.png", problem="empty file")


def test_as_text_each_image_has_a_line():
    paths = [one.path for one in (ONE, BAD, OTHER)]
    assert list(lines([ONE, BAD, OTHER], WHO, paths)) == [
        "vit, seed 1 of 1 and 2, run 7825, on CPU",
        "image         class    probability  then",
        "a.png         red oak       75.0 %  elm (25.0 %)",
        "leaves/b.png  elm          100.0 %  red oak (0.0 %)",
    ]


def test_as_csv_each_class_has_a_row_in_full_precision():
    rows = list(csv.DictReader(csv_lines([taken("a.png", ("elm", 0.1 + 0.2)), BAD, OTHER])))
    assert [row["path"] for row in rows] == ["a.png", "leaves/b.png", "leaves/b.png"]
    assert [row["rank"] for row in rows] == ["1", "1", "2"]
    assert float(rows[0]["probability"]) == 0.1 + 0.2
    assert float(rows[0]["log_prob"]) == -(0.1 + 0.2)


@pytest.mark.parametrize("some", [[], [BAD], [ONE], [BAD, ONE, OTHER]])
def test_as_json_it_is_one_object_whatever_there_is(some):
    found = json.loads("\n".join(json_lines(some, WHO)))
    assert [one["path"] for one in found["predictions"]] == [str(one.path) for one in some if not one.problem]
    assert found["unreadable"] == [{"path": "torn.png", "problem": "empty file"}] * (BAD in some)
    assert (found["run"], found["model"], found["seed"], found["classes"]) == ("7825", "vit", 1, ["elm", "red oak"])


def test_each_line_is_there_before_the_next_image_is_predicted():
    """So that no number of images fills the memory: at most one prediction waits, for its comma."""
    for write in (lambda some: lines(some, WHO, []), csv_lines, lambda some: json_lines(some, WHO)):
        asked = []
        written = write(asked.append(number) or ONE for number in range(100))
        for _ in range(10):
            next(written)
        assert len(asked) <= 11


def test_names_of_strangers_are_harmless():
    nasty = taken("=1+1\n\x1b[31m.png", ("\x1b]0;title\x07=2+2", 1.0))
    text, row = list(lines([nasty], WHO, [nasty.path]))[-1], list(csv_lines([nasty]))[-1]
    assert text.isprintable()
    assert row.isprintable()
    assert row.startswith("'=1+1")
    assert ",'=2+2," in row


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0.0 %"), (1e-9, "< 0.1 %"), (0.0006, "0.1 %"), (0.9994, "99.9 %"), (0.99999, "> 99.9 %"), (1.0, "100.0 %")],
)
def test_what_is_not_certain_is_not_shown_as_if_it_were(share, text):
    assert percent(share) == text
