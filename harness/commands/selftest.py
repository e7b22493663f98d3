"""`harness selftest`: proves clocks, counters and metrics on this machine with known answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.arguments import device

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", type=device, default="auto", help="auto, cpu, cuda, cuda:1, mps or xpu")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness import devices
    from harness.selftest.parts import Parts
    from harness.selftest.run import run

    found = []
    for name, finding in run(Parts(device=devices.resolve(arguments.device))):
        found.append({"check": name, "ok": finding.ok, "seen": finding.seen})
        if not arguments.json:
            print(f"{'ok  ' if finding.ok else 'FAIL'}  {name}: {finding.seen}", flush=True)
    if arguments.json:
        print(json.dumps(found, indent=1))
    return 0 if all(entry["ok"] for entry in found) else 1
