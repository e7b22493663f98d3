"""`harness selftest`: proves clocks, counters and metrics on this machine with known answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.cli.shared.parser import add_json
from harness.cli.shared.train_options import add_option
from harness.plan.option_table import RUN
from results.sanitize import harmless

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo


def configure(parser: argparse.ArgumentParser) -> None:
    add_option(parser, "device", RUN["device"])
    add_json(parser, "print the findings as JSON")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.cli.commands.selftest.checks import run
    from harness.cli.commands.selftest.parts import Parts
    from harness.machine import devices

    findings = []
    for name, finding in run(Parts(device=devices.resolve(arguments.device))):
        findings.append({"check": name, "ok": finding.ok, "seen": finding.seen})
        if not arguments.json:
            print(harmless(f"{'ok  ' if finding.ok else 'FAIL'}  {name}: {finding.seen}"), flush=True)
    if arguments.json:
        print(json.dumps(findings, indent=1))
    return 0 if all(entry["ok"] for entry in findings) else 1
