"""Classes, the worst first: a line for each model, and the same as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from results.answers.class_scores import NO_ANSWER, ClassScore, ClassScores
from results.ranking.error_intervals import Interval
from results.sanitize import name
from results.tables.number_format import with_ends
from results.tables.text import aligned

HEADINGS = ("class", "images", "model", "accuracy (recall) %", "precision %", "F1 %", "taken for")
RIGHT = (1, 3, 4, 5)
MOST_TAKEN = 3


def lines(scores: ClassScores, most: int) -> list[str]:
    """The `most` worst classes, or with 0 all."""
    shown = scores.rows[: most or None]
    table = aligned([HEADINGS, *(row for index, own in shown for row in _rows(scores, index, own))], right=RIGHT)
    hidden, models = len(scores.rows) - len(shown), len(scores.rows[0][1])
    said = ["", "The worst first, with 95 % intervals; of what a class was taken for, the share of its images."]
    if scores.clustered:
        said.append("Images come in groups: intervals of accuracy allow for that, those of precision and F1 do not.")
    if hidden:
        said.append(f"{_more(hidden, 'better class', 'better classes')} not shown: --most 0 shows all")
    if models < scores.num_models:
        more = _more(scores.num_models - models, "more model", "more models")
        said.append(f"{more} not shown: name those that you want to see")
    return [*table, *said]


def _more(count: int, one: str, several: str) -> str:
    return f"{count:,} {f'{one} is' if count == 1 else f'{several} are'}"


def data(scores: ClassScores) -> dict[str, Any]:
    """The same as plain data: percent; what is not defined is null."""
    classes = [
        {
            "name": scores.classes[index],
            "n": scores.support[index],
            "models": {model: _data(scores, own) for model, own in by_model.items()},
        }
        for index, by_model in scores.rows
    ]
    return {"run": scores.run, "classes": classes}


def _data(scores: ClassScores, score: ClassScore) -> dict[str, Any]:
    figures = {"accuracy": score.recall, "precision": score.precision, "recall": score.recall, "f1": score.f1}
    shown = {what: asdict(value) if value else None for what, value in figures.items()}
    taken_for = [{"name": _named(scores, index), "images": count} for index, count in score.taken_for]
    return {**shown, "taken_for": taken_for}


def _rows(scores: ClassScores, index: int, by_model: Mapping[str, ClassScore]) -> list[list[str]]:
    """A line for each model; the class and its images stand in the first."""
    rows: list[list[str]] = []
    for model, score in by_model.items():
        head = ["", ""] if rows else [name(scores.classes[index]), f"{scores.support[index]:,}"]
        figures = [_cell(value) for value in (score.recall, score.precision, score.f1)]
        rows.append([*head, name(model), *figures, _taken_for(scores, index, score)])
    return rows


def _cell(value: Interval | None) -> str:
    return with_ends(value.mean, value.low, value.high) if value else ""


def _taken_for(scores: ClassScores, index: int, score: ClassScore) -> str:
    total = scores.support[index]
    shown = [f"{_named(scores, to)} ({100 * count / total:.0f} %)" for to, count in score.taken_for[:MOST_TAKEN]]
    return ", ".join(shown)


def _named(scores: ClassScores, index: int) -> str:
    return "(no finite output)" if index == NO_ANSWER else name(scores.classes[index])
