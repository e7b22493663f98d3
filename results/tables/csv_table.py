"""table.csv: opens in pandas and in a spreadsheet, and can do nothing there but be read."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from results.sanitize import plain
from results.tables.flat_rows import Flat

# A spreadsheet takes a cell that begins so for a formula, and evaluates it.
FORMULA = ("=", "+", "-", "@")


def csv_table(rows: Sequence[Flat]) -> bytes:
    """One row a model in full precision, UTF-8; what is not known is blank.

    pandas takes a model called NA, null or nan for a blank, unless it reads it with
    `pandas.read_csv(path, keep_default_na=False, na_values=[""])`.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(list(rows[0]) if rows else ["model", "status"])
    writer.writerows([cell(value) for value in row.values()] for row in rows)
    return out.getvalue().encode()


def cell(value: Any) -> Any:
    """A value as a cell; text that a spreadsheet would take for a formula is marked as text."""
    if not isinstance(value, str):
        return value
    # Cleaned first: the sign may stand behind a tab or an escape sequence.
    text = plain(value)
    return f"'{text}" if text.startswith(FORMULA) else text
