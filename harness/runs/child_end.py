"""How a trial's process ended that sent no whole result: its status, its cause, and what it printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.isolation.result_files import TrialResult
from harness.machine.oom import KILLED, said_in
from harness.trial.outcome import lost

if TYPE_CHECKING:
    from harness.isolation.supervisor import ExitReport


def how_it_ended(report: ExitReport, timeout_s: float) -> tuple[str, str]:
    """Status and cause of a child that did not come to its proper end within `timeout_s`."""
    if report.storage:
        return "failed", f"it could not write: {report.storage}"
    if report.timed_out:
        return "timeout", f"no end after {timeout_s:g} s (--trial-timeout)"
    if report.problem:
        return "failed", report.problem
    if cause := said_in(report.log):
        return "oom", cause
    if report.signal_name == "SIGKILL":
        return "failed", f"{KILLED}; try a lower --batch-size"
    if report.signal_name:
        return "failed", f"crashed with {report.signal_name}"
    return "failed", f"its process ended (exit {report.exitcode}) without a result"


def lost_result(report: ExitReport, status: str, cause: str) -> TrialResult:
    """The result of a trial that has none: where it was, what became of it, and its log."""
    findings = lost(status=status, phase=report.phase, cause=cause)
    return TrialResult(findings=findings, log=joined(cause + "\n", report.log))


def joined(traceback: str, printed: str) -> str:
    """A failure's log: the traceback, then what the process printed, if it did."""
    return f"{traceback}\n--- what the trial's process printed ---\n{printed}" if printed else traceback
