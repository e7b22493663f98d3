"""Predictions as they come: a line an image, rows of CSV, or JSON. Nothing of an image is kept once it is written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from results.answers.predicted import Prediction, Predictor
from results.sanitize import name, visible
from results.tables.csv_table import cell
from results.tables.text import padded, width

HEADINGS = ("image", "class", "probability", "then")
COLUMNS = ("path", "rank", "class", "probability", "log_prob")


def lines(predictions: Iterable[Prediction], predictor: Predictor, paths: Sequence[Path]) -> Iterator[str]:
    """A title, then each image with its best class and those that come after it; what has a problem has no line."""
    columns = (map(shown, paths), map(name, predictor.classes))
    wide = [max(map(width, (heading, *column))) for heading, column in zip(HEADINGS, columns, strict=False)]
    yield f"{predictor.checkpoint.title}, on {predictor.device}"
    yield _line(HEADINGS, wide)
    for one in predictions:
        if not one.problem:
            best, *others = one.ranked
            then = ", ".join(f"{name(other.name)} ({percent(other.probability)})" for other in others)
            yield _line([shown(one.path), name(best.name), percent(best.probability), then], wide)


def csv_lines(predictions: Iterable[Prediction]) -> Iterator[str]:
    """A row for each class of each image, in full precision: the best has rank 1."""
    yield _csv(COLUMNS)
    for one in predictions:
        if not one.problem:
            for rank, ranked in enumerate(one.ranked, 1):
                yield _csv([shown(one.path), rank, ranked.name, ranked.probability, ranked.log_prob])


def json_lines(predictions: Iterable[Prediction], predictor: Predictor) -> Iterator[str]:
    """One object, written piece by piece: `predictions`, a line each, and the files that are `unreadable`."""
    problems, line = [], ""
    yield f'{json.dumps(_facts(predictor))[:-1]},\n "predictions": ['
    for one in predictions:
        if one.problem:
            problems.append({"path": str(one.path), "problem": one.problem})
            continue
        if line:
            yield f"{line},"
        classes = [asdict(ranked) for ranked in one.ranked]
        line = f"  {json.dumps({'path': str(one.path), 'classes': classes}, allow_nan=False)}"
    yield f'{line}\n ],\n "unreadable": {json.dumps(problems)}}}'


def percent(probability: float) -> str:
    """`97.3 %`; what is not certain is not shown as if it were."""
    if 0 < probability < 0.0005:
        return "< 0.1 %"
    return "> 99.9 %" if 0.9995 <= probability < 1 else f"{100 * probability:.1f} %"


def shown(path: Path) -> str:
    """A path as it was given, as printable text."""
    return visible(str(path))


def _facts(predictor: Predictor) -> dict[str, Any]:
    record = predictor.checkpoint.record
    return {
        "run": predictor.checkpoint.run or None,
        "model": predictor.model,
        "seed": record.seed if record else None,
        "checkpoint": str(predictor.checkpoint.folder),
        "device": predictor.device,
        "classes": list(predictor.classes),
    }


def _line(cells: Sequence[str], wide: Sequence[int]) -> str:
    """A line of the table: its columns are as wide as they will ever be, since later lines are not known yet."""
    image, best, probability, then = cells
    columns = [padded(image, wide[0], left=True), padded(best, wide[1], left=True), probability.rjust(len(HEADINGS[2]))]
    return "  ".join([*columns, then]).rstrip()


def _csv(row: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([cell(value) for value in row])
    return out.getvalue()
