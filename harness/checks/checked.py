"""One model after the other through the checks, and what came out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from harness.checks import worker
from harness.isolation import supervisor
from zoo.building import require_installed
from zoo.errors import ZooError
from zoo.testing.result import EXPECTED, FAILED, NOT_RUN, PASSED, Result

if TYPE_CHECKING:
    from harness.isolation.supervisor import ExitReport
    from zoo.selection import Choice

STATUSES = (PASSED, FAILED, EXPECTED, NOT_RUN)
LIMIT_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedModel:
    """What came out of all checks of one model, in which time.

    `problem` is what ended its process, or kept it from beginning; there are no results then.
    """

    model: str
    plugin: str
    results: tuple[Result, ...] = ()
    problem: str = ""
    seconds: float = 0.0

    @property
    def is_ok(self) -> bool:
        """Whether nothing failed that was not declared."""
        return not self.problem and self.count(FAILED) == 0

    def count(self, status: str) -> int:
        """How many checks ended so."""
        return sum(result.status == status for result in self.results)


def checked(
    choices: Sequence[Choice],
    plugins: Sequence[str],
    *,
    slow: bool = False,
    num_threads: int | None = None,
    limit_s: float = LIMIT_S,
) -> Iterator[CheckedModel]:
    """Check one model after the other, each for at most `limit_s` seconds; `plugins` are the -p arguments."""
    supervisor.start_server()
    for choice in choices:
        began = monotonic()
        try:
            require_installed(choice.spec)
        except ZooError as error:
            yield CheckedModel(model=choice.name, plugin=choice.owner, problem=f"{error.cause}: {error.remedy}")
            continue
        job = {"name": choice.name, "plugins": list(plugins), "slow": slow, "num_threads": num_threads}
        child = supervisor.Supervisor(
            target=worker.main, context=supervisor.context_for("cpu"), timeout_s=limit_s or None
        )
        report = child.run(json.dumps(job | {"environment": dict(os.environ)}))
        results = _results(report.result)
        yield CheckedModel(
            model=choice.name,
            plugin=choice.owner,
            results=results,
            problem="" if results else _problem(report, limit_s),
            seconds=monotonic() - began,
        )


def _results(answer: Mapping[str, Any] | None) -> tuple[Result, ...]:
    """What a child says; nothing where that is not what the kit says: its process ran a stranger's code."""
    given = answer.get("checks") if isinstance(answer, dict) else None
    names = Result.__dataclass_fields__.keys()
    rows = given if isinstance(given, list) else []
    whole = all(isinstance(row, dict) and row.keys() == names for row in rows)
    texts = whole and all(isinstance(value, str) for row in rows for value in row.values())
    return tuple(Result(**row) for row in rows) if texts and all(row["status"] in STATUSES for row in rows) else ()


def _problem(report: ExitReport, limit_s: float) -> str:
    if report.timed_out:
        return f"{report.phase}: not done within {limit_s:g} s"
    if report.signal_name:
        return f"{report.phase}: crashed with {report.signal_name}"
    return report.problem or f"{report.phase}: its process ended with {report.exitcode}"
