"""table.md: every column, as GitHub shows it, with names from outside as text and never as markup."""

from __future__ import annotations

import html
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from results.ranking.comparability import accelerator_names
from results.ranking.summary import Row, Summary
from results.sanitize import plain
from results.tables.columns import ON_FRONT, Column, main_columns, more_columns
from results.tables.sample import title
from results.tables.sentence import legend, remarks, sentence

# An underscore within a word is itself; elsewhere it begins emphasis.
MARKUP = re.compile(r"[\\`*\[\]~#!]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def markdown_table(summary: Summary, configuration: Mapping[str, Any]) -> bytes:
    """The table with its title, its verdict and what a reader must know, as UTF-8."""
    columns = [*main_columns(summary), *more_columns(summary)]
    table = _table(summary, columns)
    said = sentence(summary), legend(summary, table), *remarks(summary), *made_with(summary, configuration)
    below = [line for line in said if line]
    blocks = [f"# {escaped(title(summary))}", table]
    blocks += ["\n".join(f"- {escaped(line)}" for line in below)] if below else []
    return ("\n\n".join(block for block in blocks if block) + "\n").encode()


def escaped(text: str) -> str:
    """`text` so that Markdown shows just that. A bar becomes an entity: not every reader honours a backslash there."""
    shown = html.escape(plain(text), quote=False).replace("://", ":&#47;&#47;")
    return MARKUP.sub(lambda match: f"\\{match[0]}", shown).replace("|", "&#124;")


def _table(summary: Summary, columns: Sequence[Column]) -> str:
    from tabulate import tabulate

    has_notes = any(row.note for row in summary.rows)
    headers = [escaped(f"{column.title} {column.unit}".strip()) for column in columns]
    rows = [[escaped(cell(column, row)) for column in columns] for row in summary.rows]
    if has_notes:
        headers.append("note")
        rows = [[*cells, escaped(row.note)] for cells, row in zip(rows, summary.rows, strict=True)]
    sides = ["left" if column.left else "right" for column in columns]
    # disable_numparse: a model may be called 007 or 1e3.
    text = tabulate(
        rows,
        headers=headers,
        tablefmt="pipe",
        disable_numparse=True,
        colalign=[*sides, "left"] if has_notes else sides,
    )
    return text if rows else ""


def cell(column: Column, row: Row) -> str:
    """What stands in a row, with the mark of the front; of a row that is not ranked only which it is."""
    if row.places is None and column.key not in {"rank", "model"}:
        return ""
    return f"{column.fill(row)}{f' {ON_FRONT}' if column.marked(row) else ''}"


def made_with(summary: Summary, configuration: Mapping[str, Any]) -> list[str]:
    """The machine, the data and the command."""
    if not summary.records:
        return []
    record = summary.records[0]
    machine, data = record.machine_of_times, record.data
    hardware = [*accelerator_names(record), machine.get("cpu"), f"{machine.get('cores', '?')} cores"]
    versions = [f"{name} {machine[name]}" for name in ("python", "torch", "timm") if machine.get(name)]
    lines = [f"Machine: {', '.join(str(part) for part in [*hardware, *versions] if part)}"]
    lines += (
        ["Trained by workers, which may be on other machines; times are of this one"] if record.timing_machine else []
    )
    lines.append(f"Data: {record.dataset}, fingerprint {data.get('fingerprint', 'unknown')}")
    command = configuration.get("command")
    return [*lines, f"Command: harness {shlex.join(map(str, command))}"] if command else lines
