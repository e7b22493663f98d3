"""How the models learnt: losses and validation error by epoch, a line a trial, and what they say in words."""

from __future__ import annotations

from typing import Any

from results.answers.curves import Learning, LearningCurves, of_models
from results.page.report_run import ReportRun
from results.page.section import Section
from results.sanitize import name
from results.tables.answers import curves
from results.tables.answers.curves import words

MOST_MODELS = 40


def section(run: ReportRun) -> Section | None:
    """None where no model has finished an epoch, as where features are fitted at once."""
    # Of all trials, not of the summary's: of a cross-validation those are whole repeats, which have no epochs.
    learnt = of_models((row.model for row in run.summary.rows), run.records)
    if not learnt:
        return None
    return Section(id="learning", title="How they learnt", template="learning.html", data=data(run.name, learnt))


def data(run: str, learnt: tuple[Learning, ...]) -> dict[str, Any]:
    """The first models, in the order of the table; losses, errors in percent, epochs counted from 1."""
    shown = learnt[:MOST_MODELS]
    plain_data = curves.data(LearningCurves(run=run, models=shown))["models"]
    models = [
        {**one, "model": name(learning.model), "kind": learning.kind, "words": words(learning)}
        for one, learning in zip(plain_data, shown, strict=True)
    ]
    hidden = len(learnt) > len(shown)
    return {"models": models, "part": f"The first {len(shown)} of {len(learnt):,} models." if hidden else ""}
