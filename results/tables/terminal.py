"""The table on a terminal: as many columns and rows as fit, and a word on what does not."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from results.ranking.summary import Row, Summary
from results.sanitize import name
from results.tables.columns import ON_FRONT, Column, main_columns
from results.tables.number_format import counted
from results.tables.text import clipped, padded, width

# What a narrow terminal does without, the first to go first. Rank, plugin and error stay.
DROPPED_FIRST = ("train", "params", "top5", "ratio", "weights", "gpu", "cpu", "vs_best")
MOST_ROWS = 25
BEST_ROWS = 15
MOST_ON_FRONT = 10
MOST_FAILED = 10
LONGEST_NAME = 60
SHORTEST_NAME = 8
GAP = "  "
NO_LIMIT = 10_000


def table(summary: Summary, columns_wide: int | None, spell: Callable[[str], str] = str) -> list[str]:
    """Two lines of headings, a rule, ranked rows, failed rows, and what is hidden; None is no limit of width.

    `spell` turns signs and names into what the terminal can show, before anything is aligned.
    """
    room = columns_wide or NO_LIMIT
    ranked, failed = shown_rows(summary)
    columns = [_spell_column(column, spell) for column in main_columns(summary)]
    kept, grid = _fitted(columns, ranked, failed, room)
    lines = [*_heading(kept, grid), *(_line(kept, cells, grid) for cells in grid)]
    widest = min(LONGEST_NAME, room // 3)
    lines += [clipped(_failed_line(kept, row, grid, widest), min(room, max(100, width(lines[0])))) for row in failed]
    lines += _hidden(summary, len(ranked) + len(failed), len(columns) - len(kept))
    # What was cut ends in a sign of one column: where that is spelt longer, letters make room for it.
    end = spell("…")
    return [re.sub(f".{{{len(end) - 1}}}…", end, line) for line in lines]


def shown_rows(summary: Summary) -> tuple[list[Row], list[Row]]:
    """The ranked and the failed rows shown: all, or of many the best, the quickest of the front and some failures."""
    ranked, failed = list(summary.ranked), list(summary.unranked)
    if len(summary.rows) <= MOST_ROWS:
        return ranked, failed
    on_front = sorted((row for row in ranked[BEST_ROWS:] if row.fronts), key=_quickest)[:MOST_ON_FRONT]
    kept = {id(row) for row in on_front}
    return [row for i, row in enumerate(ranked) if i < BEST_ROWS or id(row) in kept], failed[:MOST_FAILED]


def _quickest(row: Row) -> float:
    """Its least time on a device on whose front it is."""
    return min(time.median for kind in row.fronts if (time := row.time(kind, "infer")))


def _spell_column(column: Column, spell: Callable[[str], str]) -> Column:
    return replace(column, title=spell(column.title), unit=spell(column.unit), fill=lambda row: spell(column.fill(row)))


def _fitted(
    columns: Sequence[Column], ranked: Sequence[Row], failed: Sequence[Row], room: int
) -> tuple[list[Column], list[list[str]]]:
    """The columns that fit and their cells; names are cut only where no column is left to drop."""
    kept, drops = list(columns), [key for key in DROPPED_FIRST if any(column.key == key for column in columns)]
    longest = min(LONGEST_NAME, max((width(name(row.model)) for row in [*ranked, *failed]), default=0))
    grid = _cells(kept, ranked, longest)
    while drops and _total(kept, grid) > room:
        dropped = drops.pop(0)
        kept = [column for column in kept if column.key != dropped]
        grid = _cells(kept, ranked, longest)
    excess = _total(kept, grid) - room
    return kept, _cells(kept, ranked, max(SHORTEST_NAME, longest - excess)) if excess > 0 else grid


def _cells(columns: Sequence[Column], rows: Sequence[Row], longest_name: int) -> list[list[str]]:
    by_column = [_column(column, rows, longest_name) for column in columns]
    return [list(cells) for cells in zip(*by_column, strict=True)]


def _column(column: Column, rows: Sequence[Row], longest_name: int) -> list[str]:
    cells = [column.fill(row) for row in rows]
    if column.key == "model":
        return [clipped(cell, longest_name) for cell in cells]
    marks = [column.marked(row) for row in rows]
    # What has no mark leaves room for it, so that the figures stay in line.
    return (
        [f"{cell} {ON_FRONT if mark else ' '}" for cell, mark in zip(cells, marks, strict=True)]
        if any(marks)
        else cells
    )


def _widths(columns: Sequence[Column], grid: Sequence[Sequence[str]]) -> list[int]:
    return [
        max(map(width, (column.title, column.unit, *(cells[i] for cells in grid)))) for i, column in enumerate(columns)
    ]


def _total(columns: Sequence[Column], grid: Sequence[Sequence[str]]) -> int:
    return sum(_widths(columns, grid)) + len(GAP) * (len(columns) - 1) + 1


def _heading(columns: Sequence[Column], grid: Sequence[Sequence[str]]) -> list[str]:
    titles = _line(columns, [column.title for column in columns], grid)
    units = _line(columns, [column.unit for column in columns], grid)
    return [titles, units, f" {'─' * (_total(columns, grid) - 1)}"]


def _line(columns: Sequence[Column], cells: Sequence[str], grid: Sequence[Sequence[str]]) -> str:
    widths = _widths(columns, grid)
    parts = [
        padded(cell, columns_wide, left=column.left)
        for column, cell, columns_wide in zip(columns, cells, widths, strict=True)
    ]
    return f" {GAP.join(parts)}".rstrip()


def _failed_line(columns: Sequence[Column], row: Row, grid: Sequence[Sequence[str]], widest_name: int) -> str:
    rank_wide, name_wide = _widths(columns, grid)[:2]
    label = padded(clipped(name(row.model), max(name_wide, widest_name, SHORTEST_NAME)), name_wide, left=True)
    return f" {'-'.rjust(rank_wide)}{GAP}{label}{GAP}{row.note}"


def _hidden(summary: Summary, num_shown: int, num_dropped: int) -> list[str]:
    rows = len(summary.rows) - num_shown
    lines = [f" {rows:,} more in table.md"] if rows else []
    return [*lines, f" {counted(num_dropped, 'column')} hidden, see table.md"] if num_dropped else lines
