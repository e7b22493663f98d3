"""Which loggers a run is asked for, and whether they can be had: said before anything trains."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from results.store.file_names import slug
from zoo.errors import ZooError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zoo.discovery import Zoo
    from zoo.events import LoggerSpec

NONE = "none"  # what `harness resume --logger` is told by who wants no more of it


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggerChoice:
    """A logger, and the plugin that alone is loaded for it: its name and its source."""

    name: str
    owner: str
    source: str

    @property
    def folder(self) -> str:
        """Where it writes, within the run's folder."""
        return f"logs/{slug(self.name)}"


def chosen(names: Sequence[str], zoo: Zoo) -> tuple[LoggerChoice, ...]:
    """The loggers of these names. Raises ZooError for one that nobody offers, or whose library is not installed."""
    return () if list(names) == [NONE] else tuple(_choice(name, zoo) for name in names)


def _choice(name: str, zoo: Zoo) -> LoggerChoice:
    spec, owner = zoo.logger(name)
    _require_installed(spec)
    return LoggerChoice(name=name, owner=owner, source=zoo.plugin(owner).source)


def _require_installed(spec: LoggerSpec) -> None:
    missing = [module for module in spec.requires if find_spec(module) is None]
    if missing:
        cause = f"the logger {spec.name} needs {', '.join(missing)}, which is not installed"
        raise ZooError(cause, f"pip install {shlex.join([spec.install] if spec.install else missing)}")
