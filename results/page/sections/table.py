"""The table that a terminal shows, every column of it, to be sorted and filtered."""

from __future__ import annotations

from typing import Any

from results.page.report_run import ReportRun
from results.page.section import Section
from results.ranking.summary import Row
from results.tables.columns import Column, main_columns, more_columns
from results.tables.flat_rows import Flat
from results.tables.markdown import cell
from results.tables.sample import title
from results.tables.sentence import legend

# By a column's key the figure of table.csv that it is sorted by; `{}` is the accelerator. Others by their text.
SORTED_BY = {
    "rank": "rank_low",
    "top1": "top1_err",
    "top5": "top5_err",
    "cpu": "cpu_infer_step_time",
    "gpu": "{}_infer_step_time",
    "params": "param_count",
    "train": "train_seconds",
    "cpu_train": "cpu_train_step_time",
    "gpu_train": "{}_train_step_time",
    "peak": "peak_mib",
    "gpu_peak": "device_peak_mib",
    "gmacs": "infer_gmacs",
    "val": "val_top1_err",
}
LONGEST_NAME = 40  # characters; what is longer is broken
# To lay out many more at each sort takes longer than a person waits for; a button shows all.
MOST_SHOWN = 200
ALWAYS_SHOWN = ("rank", "model")


def section(run: ReportRun) -> Section | None:
    """Ranked rows with their cells and, by column, what they are sorted by; then rows that are not ranked."""
    summary = run.summary
    if not summary.rows:
        return None
    main = main_columns(summary)
    columns = [*main, *more_columns(summary)]
    hidden = {column.key for column in columns[len(main) :]}
    ranked = [[cell(column, row) for column in columns] for row in summary.ranked]
    shown = [_column(column, is_shown=column.key not in hidden) for column in columns]
    return Section(
        id="table",
        title="All models",
        template="table.html",
        data={"columns": shown, "most_shown": MOST_SHOWN, "sorted_by": [_keys(run, column) for column in columns]},
        view={
            "title": title(summary),
            "name_width": min(LONGEST_NAME, max(len(columns[1].fill(row)) for row in summary.rows)),
            "ranked": ranked,
            "unranked": [(columns[1].fill(row), row.note) for row in summary.unranked],
            "below": _below(run, [text for cells in ranked for text in cells]),
        },
    )


def _column(column: Column, *, is_shown: bool) -> dict[str, Any]:
    return {
        "key": column.key,
        "title": column.title,
        "unit": column.unit,
        "left": column.left,
        "shown": is_shown,
        "optional": column.key not in ALWAYS_SHOWN,
    }


def _keys(run: ReportRun, column: Column) -> list[Any]:
    ranked = run.summary.ranked
    return [_key(column, row, flat, run.summary.accelerator) for row, flat in zip(ranked, run.rows, strict=False)]


def _key(column: Column, row: Row, flat: Flat, accelerator: str) -> Any:
    """What a row is sorted by: a figure in full precision, or its text; None is not known, and stands last."""
    if column.key in SORTED_BY:
        return flat[SORTED_BY[column.key].format(accelerator)]
    if column.key == "vs_best":
        return row.vs_best.difference if row.vs_best else 0.0
    if column.key == "ratio":
        slow, fast = flat["cpu_infer_step_time"], flat[f"{accelerator}_infer_step_time"]
        return slow / fast if slow and fast else None
    return column.fill(row) or None


def _below(run: ReportRun, cells: list[str]) -> list[str]:
    """What a terminal says below the table, but for what the first cards say already."""
    lines = [legend(run.summary, "\n".join(cells)), *run.remarks]
    return [line for line in lines if line and line not in run.untold]
