"""Names from outside as harmless text: plugins, classes and files are named by strangers."""

from __future__ import annotations

import re
from collections.abc import Callable

# CSI and OSC sequences, and any other two-character escape.
ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\].*?(?:\x07|\x1b\\)|\x1b.", re.DOTALL)
NAMELESS = "(unnamed)"


def plain(text: object) -> str:
    """One line of printable text: no ANSI sequences, control, formatting or private characters, no lone surrogates."""
    return " ".join(_printable(ANSI.sub("", str(text)), _harmless).split())


def name(text: object) -> str:
    """`plain`, and never empty, so that no row or column is without a name."""
    return plain(text) or NAMELESS


def harmless(text: object) -> str:
    """Text for a terminal, which obeys nothing of it but its line breaks; spaces stay, so that columns do."""
    whole = ANSI.sub("", str(text)).replace("\r\n", "\n")
    return "\n".join(_printable(line, _harmless) for line in whole.split("\n"))


def visible(text: str) -> str:
    """`text` as printable text with the rest escaped: file names that differ in it alone are still told apart."""
    return _printable(text, lambda char: ascii(char)[1:-1])


def _printable(text: str, instead: Callable[[str], str]) -> str:
    """`text` with `instead` of every character that Unicode does not count as printable; the space is."""
    return "".join(char if char.isprintable() else instead(char) for char in text)


def _harmless(char: str) -> str:
    if char.isspace():
        return " "
    return "\N{REPLACEMENT CHARACTER}" if "\ud800" <= char <= "\udfff" else ""
