"""Runs that workers carry out in tests, and what of them must be as in a serial run."""

from __future__ import annotations

from pathlib import Path

from results.store.run_store import RunStore
from tests.faults.parents import Parent
from tests.faults.runs import OPTIONS, PLUGIN, comparable

NAMES = "good/tiny,bad/slow"
TRAINED = ("--epochs", "2", "--seeds", "2")


def plan(folder: Path, *options: str, names: str = NAMES) -> Parent:
    """A run that waits for workers."""
    folder.mkdir(exist_ok=True)
    command = ["-p", str(PLUGIN), "run", "--plugins", names, *OPTIONS, *TRAINED, *options]
    waiting = Parent(folder, [*command, "--output", str(folder / "runs"), "--workers-only"])
    waiting.wait_for("runs/*/workers/data", 60)
    return waiting


def store_of(folder: Path) -> RunStore:
    (path,) = (folder / "runs").glob("[!_]*")
    return RunStore(path)


def worker(folder: Path, name: str, *options: str, pause_in: str = "", host: str = "") -> Parent:
    """A worker on the run in that folder, which prints into the folder `name` within."""
    place = folder / name
    place.mkdir()
    return Parent(place, ["worker", str(store_of(folder).path), *options], pause_in, host)


def figures(store: RunStore) -> dict:
    """All that must be the same, to the bit, whoever trained: records without times and machines, files of weights."""
    machine = ("machine", "timing_machine")
    records = {
        (record.model, record.seed): {
            name: {k: v for k, v in value.items() if k != "allocator"} if name == "facts" else value
            for name, value in comparable(record).items()
            if name not in machine
        }
        for record in store.records()
    }
    arrays = {
        (record.model, record.seed): {name: array.tobytes() for name, array in store.predictions(record).items()}
        for record in store.records()
    }
    weights = {
        str(path.relative_to(store.path)): path.read_bytes()
        for path in sorted((store.path / "checkpoints").rglob("*"))
        if path.is_file()
    }
    return {"records": records, "predictions": arrays, "weights": weights}
