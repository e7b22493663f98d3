"""`harness plugins`: every plugin with its source, what it offers, how long it took to load, and what went wrong."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from harness.cli.shared.parser import add_json
from results.sanitize import harmless, plain
from results.tables.text import aligned

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo
    from zoo.manager.plugin_info import PluginInfo

HEADINGS = ("plugin", "status", "models", "data", "loggers", "ms", "source")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--verbose", action="store_true", help="show the traceback of each plugin that went wrong")
    add_json(parser)


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    if arguments.json:
        print(json.dumps([asdict(info) for info in zoo.plugins], indent=1))
    else:
        print(harmless("\n".join(_lines(zoo.plugins, verbose=arguments.verbose))))
    return 1 if any(info.is_broken for info in zoo.plugins) else 0


def _lines(plugins: tuple[PluginInfo, ...], *, verbose: bool) -> list[str]:
    lines = aligned([HEADINGS, *map(_row, plugins)])
    for info in plugins:
        if info.is_broken or info.note:
            lines.append(plain(f"{info.name}: {info.explanation}"))
        if verbose:
            lines += [f"  {line}" for line in info.traceback.splitlines()]
    return lines


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
