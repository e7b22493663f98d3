"""What a command says on stderr beside its progress: lines for people, or events where its `--log` is json."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from results.sanitize import harmless


@dataclass(frozen=True, slots=True)
class Messages:
    """Notes, and the error that a command ends with."""

    as_json: bool = False

    @classmethod
    def of(cls, arguments: Sequence[str]) -> Messages:
        """As these arguments ask for; they need not make sense, since of that, too, something is said."""
        return cls("--log=json" in arguments or ("--log", "json") in pairwise(arguments))

    def note(self, text: str) -> None:
        """Words that end nothing."""
        if self.as_json:
            from harness.runs.console.events import Note
            from harness.runs.console.screen import json_line

            print(json_line(Note(text=text)), file=sys.stderr)
        else:
            print(harmless(text), file=sys.stderr)

    def error(self, cause: str, remedy: str, exit_code: int) -> None:
        """One line for the cause, and one for each line of the remedy."""
        if self.as_json:
            from harness.runs.console.events import Failed
            from harness.runs.console.screen import json_line

            print(json_line(Failed(cause=cause, remedy=remedy, exit_code=exit_code)), file=sys.stderr)
            return
        print(f"error: {harmless(cause)}", file=sys.stderr)
        for line in remedy.splitlines():
            print(harmless(f"  {line}"), file=sys.stderr)

    def ended(self, text: str, exit_code: int) -> None:
        """That a person, or a signal, has ended the command."""
        self.error(text, "", exit_code) if self.as_json else self.note(text)
