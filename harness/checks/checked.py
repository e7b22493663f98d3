"""One model after the other through the checks, and what came out."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from harness.checks import worker
from harness.isolation import supervisor
from harness.machine.oom import KILLED, said_in
from zoo.building import require_installed
from zoo.errors import ZooError
from zoo.testing.elsewhere import FreshProcess
from zoo.testing.result import EXPECTED, FAILED, NOT_RUN, PASSED, Result

if TYPE_CHECKING:
    from harness.isolation.supervisor import ExitReport
    from zoo.discovery import Zoo
    from zoo.selection import Choice

STATUSES = (PASSED, FAILED, EXPECTED, NOT_RUN)
LIMIT_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedModel:
    """What came out of all checks of one model, on images of which size in pixels, in which time.

    `problem` is what ended its process, or kept it from beginning; there are no results then. Where it is want of
    memory, the model `is_too_large` for this machine, and nothing is said of it.
    """

    model: str
    plugin: str
    results: tuple[Result, ...] = ()
    problem: str = ""
    is_too_large: bool = False
    img_size: int | None = None
    seconds: float = 0.0

    @property
    def is_ok(self) -> bool:
        """Whether nothing failed that was not declared."""
        return not self.problem and self.count(FAILED) == 0

    def count(self, status: str) -> int:
        """How many checks ended so."""
        return sum(result.status == status for result in self.results)


def checked(
    zoo: Zoo,
    choices: Sequence[Choice],
    plugins: Sequence[str],
    *,
    slow: bool = False,
    num_threads: int | None = None,
    img_size: int | None = None,
    limit_s: float = LIMIT_S,
) -> Iterator[CheckedModel]:
    """Check one model of `zoo` after the other, each for at most `limit_s` seconds; `plugins` are the -p arguments.

    `img_size` is the side of the images in pixels (None: as small as the model allows).
    """
    supervisor.start_server()
    source, elsewhere = "", None
    for choice in choices:
        began = monotonic()
        try:
            require_installed(choice.spec)
        except ZooError as error:
            yield CheckedModel(model=choice.name, plugin=choice.owner, problem=f"{error.cause}: {error.remedy}")
            continue
        if elsewhere is None or zoo.plugin(choice.owner).source != source:
            source = zoo.plugin(choice.owner).source
            elsewhere = FreshProcess(source, plugins)
        job = {"name": choice.name, "plugins": list(plugins), "slow": slow, "elsewhere": elsewhere.folder}
        job |= {"num_threads": num_threads, "img_size": img_size}
        child = supervisor.Supervisor(
            target=worker.main, context=supervisor.context_for("cpu"), timeout_s=limit_s or None
        )
        report = child.run(json.dumps(job | {"environment": dict(os.environ)}))
        results, lacking = _results(report.result), _lacking(report)
        yield CheckedModel(
            model=choice.name,
            plugin=choice.owner,
            results=results,
            problem="" if results else lacking or _problem(report, limit_s),
            is_too_large=bool(lacking) and not results,
            img_size=_img_size(report.result) if results else None,
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


def _img_size(answer: Mapping[str, Any] | None) -> int | None:
    size = answer.get("img_size") if isinstance(answer, dict) else None
    return size if isinstance(size, int) else None


def _lacking(report: ExitReport) -> str:
    """In which check memory ran out, and how much there was; "" where it did not."""
    if report.timed_out:
        return ""
    if report.exitcode == -signal.SIGKILL:
        return f"{report.phase}: {KILLED}"
    if cause := said_in(report.log):
        return f"{report.phase}: {cause}"
    said = report.result.get("lacking") if isinstance(report.result, dict) else None
    return said if isinstance(said, str) else ""


def _problem(report: ExitReport, limit_s: float) -> str:
    if report.timed_out:
        return f"{report.phase}: not done within {limit_s:g} s"
    if report.signal_name:
        return f"{report.phase}: crashed with {report.signal_name}"
    return report.problem or f"{report.phase}: its process ended with {report.exitcode}"
