"""Runs of a few small models through the command line, and what is compared of them."""

from __future__ import annotations

import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.cli.main import main
from results.records import Record
from results.store.run_store import RunStore

PLUGIN = Path(__file__).with_name("hostile.py")
OPTIONS = ("--epochs", "1", "--time-budget", "0", "--device", "cpu", "--dataset", "digits", "--num-threads", "1")
TIMED = ("seconds", "step_time", "peak", "forward", "backward")


@dataclass
class Run:
    """How a run ended: its exit code, its store, and what it printed."""

    code: int
    store: RunStore
    out: str
    err: str

    @property
    def records(self) -> dict[str, Record]:
        return {record.model: record for record in self.store.records()}

    def failure(self, model: str) -> str:
        """Status, phase and cause of a model's record, in one line."""
        record = self.records[model]
        return f"{record.status} at {record.error.phase}: {record.error.cause}"

    def log(self, model: str) -> str:
        return (self.store.path / self.records[model].error.log).read_text()


def run(output: Path, names: str, *options: str, general=OPTIONS, plugin: Path = PLUGIN, capsys=None) -> Run:
    code = main(["-p", str(plugin), "run", "--plugins", names, *general, "--output", str(output), *options])
    said = capsys.readouterr() if capsys else None
    (folder,) = output.glob("[!_]*")
    return Run(code, RunStore.open(folder), said.out if said else "", said.err if said else "")


def comparable(record: Record) -> dict:
    """A record without what time it took and where its plugin lies."""
    measurements = [m for m in record.measurements if not any(word in m.name for word in TIMED)]
    history = [{k: v for k, v in row.items() if "seconds" not in k} for row in record.history]
    facts = {k: v for k, v in record.facts.items() if not k.startswith("timing_")}
    return {**asdict(record), "measurements": measurements, "history": history, "facts": facts, "plugin": None}


def unharmed(found: Run, clean: Run) -> None:
    """What every fault must leave: the good model's record as in a clean run, no traceback, no stray file."""
    assert comparable(found.records["good/tiny"]) == comparable(clean.records["good/tiny"])
    assert "Traceback" not in found.err
    names = [path.name for path in found.store.path.rglob("*")]
    assert not [name for name in names if name.endswith(".tmp") or name in ("work", "lock")]


def children() -> set[int]:
    """Processes that this one started, or that were left to it, dead ones that nobody waited for among them."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                status = (folder / "status").read_text()
            except OSError:
                continue
            parent = re.search(r"^PPid:\s+(\d+)", status, re.MULTILINE)
            if parent and int(parent[1]) == os.getpid():
                found.add(int(folder.name))
    return found


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
