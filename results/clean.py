"""Names from outside as harmless text: plugins, classes and files are named by strangers."""

from __future__ import annotations

import re
import unicodedata

# CSI and OSC sequences, and any other two-character escape.
ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\].*?(?:\x07|\x1b\\)|\x1b.", re.DOTALL)
NAMELESS = "(unnamed)"


def plain(text: object) -> str:
    """One line of printable text: no ANSI sequences, control, formatting or private characters, no lone surrogates."""
    shown = "".join(_printable(character) for character in ANSI.sub("", str(text)))
    return " ".join(shown.split())


def name(text: object) -> str:
    """`plain`, and never empty, so that no row or column is without a name."""
    return plain(text) or NAMELESS


def _printable(character: str) -> str:
    if character.isspace():
        return " "
    category = unicodedata.category(character)
    if category == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    return "" if category.startswith("C") else character
