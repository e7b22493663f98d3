"""What went wrong with files of results: a cause, a remedy, and the exit code for storage."""

from __future__ import annotations

STORAGE = 4


class StoreError(Exception):
    """Results could not be written or read; shown as two lines, never as a traceback."""

    def __init__(self, cause: str, remedy: str = "", exit_code: int = STORAGE) -> None:
        super().__init__(cause)
        self.cause = cause
        self.remedy = remedy
        self.exit_code = exit_code
