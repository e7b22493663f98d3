"""Several runs on one page: which were made under the same conditions, and in what the others differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from results.page.report_run import ReportRun
from results.ranking.comparability import conditions, differences
from results.tables.text import listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """Runs made under the same conditions; `words` say so, or in what they differ from the runs before them."""

    runs: tuple[ReportRun, ...]
    words: str


def groups(runs: Sequence[ReportRun]) -> list[Alike]:
    """`runs` by what decides a figure besides the model, in the order given; no group is ranked with another.

    A run of which no trial ended well has no conditions, and is alone.
    """
    parts: list[list[ReportRun]] = []
    for run in runs:
        alike = next((part for part in parts if _differ([part[0], run]) == ""), None)
        if alike is None:
            parts.append([run])
        else:
            alike.append(run)
    return [Alike(runs=tuple(part), words=_words(part, parts[:at])) for at, part in enumerate(parts)]


def _words(part: Sequence[ReportRun], before: Sequence[Sequence[ReportRun]]) -> str:
    named = listed([run.name for run in part])
    are = "were made under the same conditions: their figures may be held against each other; each is ranked by itself"
    said = [f"{named} {are}."] if len(part) > 1 else []
    said += [f"{named} {_apart(part[0], earlier[0])}" for earlier in before]
    return " ".join(said)


def _apart(run: ReportRun, other: ReportRun) -> str:
    differing = _differ([other, run])
    if differing is None:
        return f"cannot be compared with {other.name}: in one of them no trial ended well."
    return f"cannot be compared with {other.name}, from which it differs in {differing}."


def _differ(runs: Sequence[ReportRun]) -> str | None:
    """In what two runs differ; None where that cannot be known, since one has no trial that ended well."""
    ended_well = [next((record for record in run.records if record.status == "ok"), None) for run in runs]
    known = [conditions(record) for record in ended_well if record]
    return differences(known) if len(known) == len(runs) else None
