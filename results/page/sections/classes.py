"""Per-class errors and the confusion matrix of the best models, one at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from results.answers.class_scores import MOST_MODELS, NO_ANSWER, ClassScore, ClassScores, of_sides
from results.answers.sides import Side, of_summary
from results.page.report_run import ReportRun
from results.page.section import Section
from results.pictures.confusion import Confusion, confusion
from results.ranking.summary import Row, Summary
from results.sanitize import name
from results.tables.number_format import counted, with_ends

MOST_TAKEN = 3


def section(run: ReportRun) -> Section | None:
    """None where records have no counts of classes."""
    found = data(run.name, run.summary)
    if not found["models"]:
        return None
    return Section(id="classes", title="Classes", template="classes.html", data=found)


def data(run: str, summary: Summary) -> dict[str, Any]:
    """The best models; of many classes those that each mistakes most often, the worst first. Errors in percent."""
    rows = [row for row in summary.ranked or summary.rows if row.measured]
    sides = of_summary(run, summary)
    models = [_model(run, sides, row, found) for row in rows[:MOST_MODELS] if (found := _counted(row))]
    hidden = len(models) < len(rows)
    return {
        "models": models,
        "part": f"The best {len(models)} of {counted(len(rows), 'model')}." if models and hidden else "",
        "clustered": summary.clusters is not None,
    }


def _counted(row: Row) -> Confusion | None:
    return confusion(row) if any(record.per_class for record in row.measured) else None


def _model(run: str, sides: Mapping[str, Side], row: Row, found: Confusion) -> dict[str, Any]:
    scores = of_sides(run, sides, [row.model], found.indices)
    classes = [_class(scores, index, own[row.model]) for index, own in scores.rows]
    return {
        "model": name(row.model),
        "part": f"{found.part[0].upper()}{found.part[1:]}." if found.part else "",
        "classes": [one for one in classes if one],
        "confusion": {
            "classes": [name(one) for one in found.classes],
            "percent": [[100 * share for share in row] for row in found.shares.tolist()],
        },
    }


def _class(scores: ClassScores, index: int, score: ClassScore) -> dict[str, Any] | None:
    """Error is what accuracy leaves of 100 %; None for a class without images."""
    recall = score.recall
    if recall is None:
        return None
    error, low, high = 100 - recall.mean, 100 - recall.high, 100 - recall.low
    return {
        "name": name(scores.classes[index]),
        "images": scores.support[index],
        "error": error,
        "ends": (low, high),
        "words": with_ends(error, low, high),
        "taken_for": _taken_for(scores, index, score),
    }


def _taken_for(scores: ClassScores, index: int, score: ClassScore) -> str:
    total = scores.support[index]
    shown = score.taken_for[:MOST_TAKEN]
    return ", ".join(f"{_named(scores, to)} ({100 * count / total:.0f} %)" for to, count in shown)


def _named(scores: ClassScores, index: int) -> str:
    return "(no finite output)" if index == NO_ANSWER else name(scores.classes[index])
