"""`harness doctor`: devices, threads, allocator, clocks, memory, disk, loading speed, versions, broken plugins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from harness.cli.commands.doctor import libraries, system
from harness.cli.commands.doctor.line import Line
from harness.cli.shared.parser import add_json
from harness.cli.shared.train_options import add_output
from results.sanitize import harmless
from results.tables.text import aligned

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from zoo.discovery import Zoo


def configure(parser: argparse.ArgumentParser) -> None:
    add_output(parser, "where results will go")
    add_json(parser)


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    lines = list(examine(arguments.output, zoo))
    if arguments.json:
        print(json.dumps([asdict(line) for line in lines], indent=1))
    else:
        print(harmless("\n".join(aligned([row for line in lines for row in _rows(line)]))))
    return 3 if any(line.topic.startswith("import ") for line in lines) else 0


def examine(output: Path, zoo: Zoo) -> Iterator[Line]:
    """Every line, the ones that need no torch first: they hold where it cannot be imported."""
    yield from libraries.versions()
    yield from system.lines(output)
    yield plugins(zoo)
    broken = list(libraries.imports())
    yield from broken
    if not broken:
        from harness.cli.commands.doctor.allocator import lever
        from harness.cli.commands.doctor.loading import loading_speed

        yield from libraries.devices()
        yield lever()
        yield loading_speed()


def plugins(zoo: Zoo) -> Line:
    """How many plugins work, and what is wrong with the others."""
    broken = [info for info in zoo.plugins if info.is_broken]
    counts = f"{len(zoo.plugins) - len(broken)} of {len(zoo.plugins)} work, {len(zoo.models)} models"
    return Line(topic="plugins", found=counts, problem="; ".join(f"{info.name}: {info.detail}" for info in broken))


def _rows(line: Line) -> list[tuple[str, str]]:
    problem = [("", f"! {line.problem}")] if line.problem else []
    return [(line.topic, line.found), *problem]
