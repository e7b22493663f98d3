"""`harness plugins`: every plugin with its source, what it offers, how long it took to load, and what went wrong."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from harness.cli.shared.parser import add_json
from results.sanitize import harmless
from results.tables.text import aligned

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo
    from zoo.specs import PluginInfo

HEADINGS = ("plugin", "status", "models", "data", "loggers", "ms", "source")


def configure(parser: argparse.ArgumentParser) -> None:
    add_json(parser)


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    if arguments.json:
        print(json.dumps([asdict(info) for info in zoo.plugins], indent=1))
    else:
        print(harmless("\n".join(_lines(zoo.plugins))))
    return 0


def _lines(plugins: tuple[PluginInfo, ...]) -> list[str]:
    problems = [f"{info.name}: {info.detail}" for info in plugins if info.is_broken]
    return [*aligned([HEADINGS, *map(_row, plugins)]), *problems]


def _row(info: PluginInfo) -> tuple[str, ...]:
    return (
        info.name,
        info.status,
        str(info.models),
        str(info.datasets),
        str(info.loggers),
        f"{info.millis:.1f}",
        info.source,
    )
