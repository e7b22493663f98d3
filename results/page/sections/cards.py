"""What the run says at a glance: the best, which model to take within a budget, and what the data cannot tell."""

from __future__ import annotations

from results.page.report_run import ReportRun
from results.page.section import Section
from results.tables.sentence import sentence


def section(run: ReportRun) -> Section | None:
    """The verdict of the run."""
    return Section(id="cards", title="Verdict", template="cards.html", data={"sentence": sentence(run.summary)})
