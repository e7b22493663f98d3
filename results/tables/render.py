"""What a run leaves to be read beside its page: three files in its folder, and the screen that it ends with."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from results.ranking.summary import Summary, summarise
from results.sanitize import harmless, plain
from results.tables import terminal
from results.tables.csv_table import csv_table
from results.tables.flat_rows import flat
from results.tables.json_table import json_table
from results.tables.markdown import markdown_table
from results.tables.sample import title
from results.tables.sentence import legend, remarks, sentence
from results.tables.text import fit_for, wrapped

if TYPE_CHECKING:
    from results.store.run_store import RunStore

FILES = ("table.md", "table.csv", "table.json")


def render(store: RunStore) -> Summary:
    """Write table.md, table.csv and table.json; returns what they say.

    Raises StoreError where trials cannot be ranked together.
    """
    summary = summarise(store.records(), store.predictions)
    rows = flat(summary)
    store.write("table.md", markdown_table(summary, store.configuration))
    store.write("table.csv", csv_table(rows))
    store.write("table.json", json_table(summary, rows, store.configuration))
    return summary


def printed(
    store: RunStore, summary: Summary, *, as_json: bool, width: int | None = None, files: Sequence[str] = FILES
) -> str:
    """What `harness run` prints at its end: the table in the room of `width` columns, or table.json as it is.

    `files` are those of the run's folder that were written to be read. Without `width` it is the terminal's; into a
    file or a pipe every column goes. Nothing here is coloured.
    """
    if as_json:
        return json_table(summary, flat(summary), store.configuration).decode().rstrip("\n")
    folder = plain(store.path)
    spell = partial(fit_for, sys.stdout.encoding)
    lines = [*screen(summary, width or _terminal_width(), spell), f"wrote {folder}/{{{','.join(files)}}}"]
    return spell(harmless("\n".join(lines)))


def screen(summary: Summary, width: int | None, spell: Callable[[str], str] = str) -> list[str]:
    """The title, the table, the verdict and what a reader must know; all of it within `width` columns, or unbroken."""
    if not summary.rows:
        return [title(summary)]
    table = terminal.table(summary, width, spell)
    said = sentence(summary), legend(summary, "\n".join(table), spell), *remarks(summary)
    above = wrapped(spell(title(summary)), width)
    return [*above, *table, "", *(part for line in said if line for part in wrapped(spell(line), width))]


def _terminal_width() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
