"""The table for a paper: a LaTeX tabular that needs no package, with names from outside as text."""

from __future__ import annotations

from results.ranking.summary import Summary
from results.sanitize import plain
from results.tables.columns import ON_FRONT, main_columns
from results.tables.markdown import cell
from results.tables.sample import title
from results.tables.sentence import legend, sentence

ESCAPED = {sign: f"\\{sign}" for sign in "&%$#_{}"}
ESCAPED |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
# Letters of math and dashes, which no encoding has to know then.
ESCAPED |= {"×": r"$\times$", "±": r"$\pm$", "≤": r"$\leq$", "−": "$-$", "–": "--", "—": "---", "·": r"$\cdot$"}
ESCAPED |= {"<": "$<$", ">": "$>$", "|": "$|$", ON_FRONT: r"$\diamond$", "…": r"\ldots{}", "µ": r"$\mu$"}


def latex_table(summary: Summary) -> str:
    """The columns of the screen, and as comments what is said above and below them. Empty where there are no rows."""
    if not summary.rows:
        return f"% {plain(title(summary))}\n"
    from tabulate import tabulate

    columns = main_columns(summary)
    noted = any(row.note for row in summary.rows)
    headers = [escaped(f"{column.title} {column.unit}".strip()) for column in columns] + ["note"] * noted
    rows = [
        [*(escaped(cell(column, row)) for column in columns), *([escaped(row.note)] if noted else [])]
        for row in summary.rows
    ]
    sides = ["left" if column.left else "right" for column in columns] + ["left"] * noted
    # Raw, since the cells are escaped; disable_numparse: a model may be called 007 or 1e3.
    table = tabulate(rows, headers=headers, tablefmt="latex_raw", disable_numparse=True, colalign=sides)
    signs = " ".join(cell(column, row) for column in columns for row in summary.rows)
    said = [title(summary), sentence(summary), legend(summary, signs)]
    return "\n".join([*(f"% {plain(line)}" for line in said if line), table]) + "\n"


def escaped(text: str) -> str:
    """`text` so that LaTeX shows just that."""
    return "".join(ESCAPED.get(sign, sign) for sign in plain(text))
