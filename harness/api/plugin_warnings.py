"""What is said of plugins that did not load, or slowly, by every command that lists or trains models."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from results.sanitize import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from zoo.discovery import Zoo


def on_stderr(text: str) -> None:
    print(plain(text), file=sys.stderr)


def report_broken(zoo: Zoo, say: Callable[[str], None] = on_stderr) -> None:
    """One line on stderr for each plugin that is broken, or slow to list; the others work all the same."""
    for plugin in zoo.plugins:
        if plugin.is_broken or plugin.note:
            say(plain(f"warning: plugin {plugin.name} ({plugin.source}): {plugin.explanation}"))
