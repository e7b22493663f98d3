"""A little run that dies at its N-th durable operation, for every N: started as a process of its own, without torch.

python -m tests.faults.crashes FOLDER   # one line of JSON for each N: what had been acknowledged, and the exit code
"""

from __future__ import annotations

import builtins
import json
import os
import sys
from itertools import count
from pathlib import Path

import numpy as np

from results.store.run_store import RunStore
from tests.results.samples import keep_predictions, record

OPERATIONS = ("open", "fsync", "close", "replace", "rename", "unlink", "mkdir")
DIED = 9
MODELS = ("first", "second", "third")


def labels(model: str) -> np.ndarray:
    return np.arange(200) % (2 + MODELS.index(model))


class Torn:
    """A file of which only half is written when the process dies."""

    def __init__(self, file, ends) -> None:
        self.file, self.ends = file, ends

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self.file.close()

    def __getattr__(self, name):
        return getattr(self.file, name)

    def write(self, data: bytes) -> None:
        if self.ends():
            os.write(self.file.fileno(), data[: len(data) // 2])
            os._exit(DIED)
        self.file.write(data)


def die_at(number: int) -> None:
    """Make this process end before its `number`th operation on disk, or in the middle of it if it writes."""
    operations = count(1)

    def ends() -> bool:
        return next(operations) == number

    def dying(operation):
        def run(*arguments, **options):
            if ends():
                os._exit(DIED)
            return operation(*arguments, **options)

        return run

    for name in OPERATIONS:
        setattr(os, name, dying(getattr(os, name)))
    really_open = builtins.open

    def opened(*arguments, **options):
        file = really_open(*arguments, **options)
        return Torn(file, ends) if "xb" in arguments else file

    builtins.open = opened


def little_run(output: Path, acknowledge) -> None:
    """Everything that a run writes: its folder, trials, files of trials, tables, and a record that is retired."""
    store = RunStore.create(output, "digits", {})
    acknowledge("run")
    for model in MODELS:
        trial = record(model)
        keep_predictions(store, trial, {"labels": labels(model)})
        left = store.work / "weights"
        left.write_bytes(model.encode() * 1000)
        store.adopt(left, f"checkpoints/{model}@s1/weights")
        store.save(trial)
        acknowledge(model)
        store.write("table.md", f"the table with {model}\n".encode() * 500)
        acknowledge(f"table {model}")
    store.retire(record("first"))
    acknowledge("retired")
    store.clear_work()


def forked(output: Path, number: int) -> tuple[list[str], int]:
    """The little run in a child that dies: what it had acknowledged, and its exit code."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        die_at(number)
        little_run(output, lambda what: os.write(writer, f"{what}\n".encode()))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        acknowledged = told.read().splitlines()
    return acknowledged, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main(folder: Path) -> None:
    for number in count(1):
        acknowledged, code = forked(folder / str(number), number)
        print(json.dumps({"number": number, "acknowledged": acknowledged, "code": code}))
        if code != DIED:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]))
