"""Checks of models as a table: a row a model, a column a check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from results.sanitize import name as cleaned
from results.tables.csv_table import csv_table

Row = Mapping[str, str]


def as_csv(rows: Sequence[Row]) -> bytes:
    """For pandas and a spreadsheet; every row has the columns of all."""
    columns = _columns(rows)
    return csv_table([{column: row.get(column, "") for column in columns} for row in rows])


def as_markdown(rows: Sequence[Row]) -> bytes:
    """For reading: names and outcomes, with what did not pass in words."""
    lines = ["| model | outcome | what did not pass |", "|---|---|---|"]
    for row in rows:
        cells = (row["model"], row["outcome"], row["detail"])
        lines.append(f"| {' | '.join(cleaned(cell).replace('|', '/') if cell else '' for cell in cells)} |")
    return "\n".join([*lines, ""]).encode()


def _columns(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(column for row in rows for column in row))
