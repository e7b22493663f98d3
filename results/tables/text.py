"""Text fitted to a terminal: its width, its encoding, lists of names."""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Sequence

from results.sanitize import name as cleaned

# What a sign becomes where an encoding lacks it.
REPLACEMENTS = {"±": "+-", "×": "x", "…": "...", "·": "|", "µ": "u", "–": "-", "—": "-", "−": "-", "─": "-", "━": "="}
REPLACEMENTS |= {"◆": "*", "✓": "+", "✗": "x", "▶": ">", "≤": "<="}

HANGING = "  "


def width(text: str) -> int:
    """How many columns of a terminal `text` fills."""
    return sum(_columns(char) for char in text)


def clipped(text: str, columns: int) -> str:
    """`text`, ending in `…` where it would fill more than that many columns."""
    if width(text) <= columns:
        return text
    kept = ""
    for char in text:
        if width(kept) + _columns(char) > columns - 1:
            break
        kept += char
    return f"{kept}…"


def padded(text: str, columns: int, *, left: bool) -> str:
    """`text` filled up with spaces to that many columns."""
    space = " " * (columns - width(text))
    return text + space if left else space + text


def aligned(rows: Sequence[Sequence[str]], right: Container[int] = ()) -> list[str]:
    """A line for each row, its cells in columns two spaces apart; in those numbered in `right` they end in line.

    Not tabulate: its import is too heavy for `harness plugins`, and its widths depend on whether wcwidth is there.
    """
    widths = [max(map(width, cells)) for cells in zip(*rows, strict=True)]
    lines = (
        [padded(cell, wide, left=at not in right) for at, (cell, wide) in enumerate(zip(row, widths, strict=True))]
        for row in rows
    )
    return ["  ".join(line).rstrip() for line in lines]


def wrapped(line: str, columns: int | None) -> list[str]:
    """`line` broken between words to fill at most that many columns, what follows two spaces in; None is no limit.

    A word is never broken: half a path opens nothing.
    """
    if columns is None or width(line) <= columns:
        return [line]
    lines: list[str] = []
    for word in line.split():
        if lines and width(lines[-1]) + 1 + width(word) <= columns:
            lines[-1] += f" {word}"
        else:
            lines.append(f"{HANGING if lines else ''}{word}")
    return lines


def listed(names: Sequence[str], limit: int = 4) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b, c, d and 7 more`."""
    shown = [cleaned(name) for name in names[:limit]]
    if len(names) > limit:
        return f"{', '.join(shown)} and {len(names) - limit:,} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def fit_for(encoding: str | None, text: str) -> str:
    """`text` as a stream of that encoding can show it: signs spelt out and other characters escaped where need be."""
    known = encoding or "ascii"  # a stream in memory, such as StringIO, has none
    return "".join(char if _knows(known, char) else REPLACEMENTS.get(char) or ascii(char)[1:-1] for char in text)


def _knows(encoding: str, char: str) -> bool:
    try:
        return bool(char.encode(encoding))
    except UnicodeEncodeError:
        return False


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
