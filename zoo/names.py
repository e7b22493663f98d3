"""Names of models: what is allowed, which one was meant, and choosing many at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zoo.errors import USAGE, ZooError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A prefix a package, then the architecture; no "..", no leading dot or dash, so that a name is never a path or a flag.
_NAME = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9_-]{0,49}/)?[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?!\.)){0,99}")

LISTED_APART = ("dataset", "logger")  # `harness list` alone lists models


def is_valid(name: object) -> bool:
    """Whether `name` may name a model, dataset or plugin."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


class UnknownName(ZooError):
    """The error for a name that nobody owns."""

    def __init__(self, kind: str, name: str, guess: str, remedy: str) -> None:
        super().__init__(f"unknown {kind} '{name}'{guess}", remedy, USAGE)
        self.kind = kind
        self.name = name

    def blaming(self, plugins: Mapping[str, str]) -> UnknownName:
        """The same, with the plugins that may be why: names and what became of each. Itself where none is."""
        if not plugins:
            return self
        reasons = "; ".join(f"{plugin} {detail}" for plugin, detail in plugins.items())
        return UnknownName(self.kind, self.name, f". A plugin that may offer it, {reasons}", "see: harness plugins")


def unknown(kind: str, name: str, known: Iterable[str]) -> UnknownName:
    """The error for a name that nobody owns, with the names it may have meant."""
    names = list(known)
    guess = did_you_mean(name, names, limit=3) or f". There are {len(names):,} {kind}s."
    stem = re.split(r"[\d*?\[]", name, maxsplit=1)[0]
    listed = f"--{kind}s" if kind in LISTED_APART else f"'{stem}*'"
    return UnknownName(kind, name, guess, f"list them: harness list {listed}")


def did_you_mean(wrong: str, known: Iterable[str], *, limit: int = 1, cutoff: float = 0.6) -> str:
    """`. Did you mean X, Y or Z?`, to end a cause with; empty where nothing in `known` is like `wrong`."""
    from difflib import get_close_matches  # only who mistyped waits for it

    close = get_close_matches(wrong, list(known), n=limit, cutoff=cutoff)
    if not close:
        return ""
    *others, last = close
    either = f"{', '.join(others)} or {last}" if others else last
    return f". Did you mean {either}?"
