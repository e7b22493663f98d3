"""Every model against every other, as the tests tell them apart that the ranks are made of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from results.page.report_run import ReportRun
from results.page.section import Section
from results.ranking.compare import Comparison
from results.ranking.summary import Row, Summary
from results.sanitize import name
from results.tables.answers.words import signed, verdict
from results.tables.columns import rank_text
from results.tables.number_format import counted, p_value
from results.tables.text import listed

MOST_MODELS = 40
BETTER, WORSE, TIE, OPEN = "better", "worse", "tie", "open"
MEANINGS = {BETTER: "better", WORSE: "worse", TIE: "tied, within 1 pp", OPEN: "not told apart"}
SAID = {
    BETTER: "better than",
    WORSE: "worse than",
    TIE: "tied, within 1 pp, with",
    OPEN: "not told apart from",
}
SIGNS = {BETTER: "▲", WORSE: "▼", TIE: "=", OPEN: "?"}
TURNED = {BETTER: WORSE, WORSE: BETTER, TIE: TIE, OPEN: OPEN}


def section(run: ReportRun) -> Section | None:
    """None where there are no two ranked models."""
    if len(run.summary.ranked) < 2:
        return None
    return Section(id="significance", title="Which differ", template="significance.html", data=data(run.summary))


def data(summary: Summary) -> dict[str, Any]:
    """Of the best models: `marks` [m][m] say what a row's is against a column's, `pairs` [m][m] which of `words`."""
    ranked = summary.ranked
    rows = ranked[:MOST_MODELS]
    compared = summary.ranking.among([row.model for row in rows])
    marks: list[list[str]] = [[""] * len(rows) for _ in rows]
    pairs: list[list[int]] = [[-1] * len(rows) for _ in rows]
    words: list[str] = []
    for (i, one), (j, other) in combinations(enumerate(rows), 2):
        found = compared[one.model, other.model]
        marks[i][j] = _mark(found)
        marks[j][i] = TURNED[marks[i][j]]
        pairs[i][j] = pairs[j][i] = len(words)
        words.append(_words(found, name(one.model), name(other.model), adjusted=len(ranked) > 2))
    models = [
        {"name": name(row.model), "rank": rank_text(row), "said": _said(own, rows)}
        for row, own in zip(rows, marks, strict=True)
    ]
    shown, total = len(rows), len(ranked)
    return {
        "models": models,
        "marks": marks,
        "pairs": pairs,
        "signs": SIGNS,
        "meanings": MEANINGS,
        "words": words,
        "part": f"The best {shown} of {counted(total, 'model')}." if shown < total else "",
    }


def _mark(found: Comparison) -> str:
    """What the first is against the second."""
    if found.significant:
        return BETTER if found.difference < 0 else WORSE
    return TIE if found.small else OPEN


def _words(found: Comparison, one: str, other: str, *, adjusted: bool) -> str:
    p = f"{'adjusted ' if adjusted else ''}{p_value(found.p_adjusted)}"
    difference = signed(found.difference, found.low, found.high)
    return f"{one} less {other}: {difference} pp of error, {p}: {verdict(found, one, other)}"


def _said(marks: list[str], rows: Sequence[Row]) -> str:
    """A row of the grid in words."""
    groups = {
        said: [row.model for row, own in zip(rows, marks, strict=True) if own == mark] for mark, said in SAID.items()
    }
    return "; ".join(f"{what} {listed(models, len(models))}" for what, models in groups.items() if models)
