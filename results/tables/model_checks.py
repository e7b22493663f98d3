"""Checks of models as a table: a row a model, a column a check."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from results.errors import StoreError
from results.sanitize import name as cleaned
from results.tables.csv_table import csv_table

USAGE = 2  # the exit code
Row = Mapping[str, str]


def as_csv(rows: Sequence[Row]) -> bytes:
    """For pandas and a spreadsheet; every row has the columns of all."""
    columns = _columns(rows)
    return csv_table([{column: row.get(column, "") for column in columns} for row in rows])


def from_csv(path: Path) -> list[dict[str, str]]:
    """The rows of such a file. Raises StoreError for another one."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [{name: value or "" for name, value in row.items()} for row in csv.DictReader(file)]
    except (OSError, ValueError, csv.Error) as error:
        raise StoreError(f"cannot read {path}: {error}", "name another file") from error
    if not all(row.keys() >= {"model", "conditions"} for row in rows):
        raise StoreError(f"{path} is no table of checks that can be gone on with", "name another file", USAGE)
    return rows


def as_markdown(rows: Sequence[Row]) -> bytes:
    """For reading: names and outcomes, with what did not pass in words."""
    lines = ["| model | outcome | what did not pass |", "|---|---|---|"]
    for row in rows:
        cells = (row["model"], row["outcome"], row["detail"])
        lines.append(f"| {' | '.join(cleaned(cell).replace('|', '/') if cell else '' for cell in cells)} |")
    return "\n".join([*lines, ""]).encode()


def _columns(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(column for row in rows for column in row))
