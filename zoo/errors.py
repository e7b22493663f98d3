"""The one exception for what a person can fix: a cause, a remedy, and an exit code."""

from __future__ import annotations

USAGE = 2
ENVIRONMENT = 3


def first_line(error: BaseException, limit: int = 200) -> str:
    """The first line of an error's text, which may go on for pages, or ""."""
    return (str(error).strip().splitlines() or [""])[0][:limit]


class ZooError(Exception):
    """Something a person did or can fix; shown as two lines, never as a traceback.

    `cause` says what is wrong, `remedy` what to do about it, each in one line.
    """

    def __init__(self, cause: str, remedy: str = "", exit_code: int = ENVIRONMENT) -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy
        self.exit_code = exit_code
