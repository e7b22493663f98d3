"""Output for terminals that show ASCII only: what people read stays readable, and nothing fails for a sign."""

from __future__ import annotations

import codecs
from io import TextIOWrapper
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LOCALE_VARIABLES = ("LC_ALL", "LC_CTYPE", "LANG")


def adapt(stream: object, environment: Mapping[str, str]) -> None:
    """Let `stream` replace what its encoding lacks; under LANG=C, let it write ASCII only."""
    if not isinstance(stream, TextIOWrapper):
        return
    codecs.register_error("plain", _replaced)
    wanted = next((environment[name] for name in LOCALE_VARIABLES if environment.get(name)), "")
    # Python itself writes UTF-8 under LANG=C, which a terminal of that setting does not show.
    stream.reconfigure(encoding="ascii" if wanted in {"C", "POSIX"} else None, errors="plain")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    from results.tables.text import REPLACEMENTS

    # Nothing longer for an unknown character, such as an escape: this may be the inside of JSON.
    return "".join(REPLACEMENTS.get(sign, "?") for sign in error.object[error.start : error.end]), error.end
