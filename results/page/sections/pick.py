"""How the models of the table were picked: the funnel, the choice and how kind it is, what came near."""

from __future__ import annotations

from results.answers.picked import picked
from results.page.report_run import ReportRun
from results.page.section import Section
from results.sanitize import name, plain
from results.tables.answers.picked import answer, random_check
from results.tables.number_format import duration


def section(run: ReportRun) -> Section | None:
    """The funnel and what is to be said of it; nothing where the run is no pick's."""
    found = picked(run.store)
    if found is None:
        return None
    return Section(
        id="pick",
        title="How these were picked",
        template="pick.html",
        view={
            "answer": answer(found, run.summary),
            "steps": [(f"{one.left:,}", plain(one.words), duration(one.seconds)) for one in found.steps],
            "misses": [(name(one.model), plain(one.stage), plain(one.reason)) for one in found.misses],
            "random": random_check(found.random) if found.random else "",
        },
    )
