"""The facts of a node's machine, asked of a process of their own: whoever asks an accelerator keeps memory of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from harness._version import __version__
from harness.isolation.interpreter import same_modules
from harness.machine.system import LIBRARIES, installed
from results.store.holder import Holder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LONGEST_S = 300.0  # an import of torch from a slow disk


def versions() -> dict[str, str | None]:
    """What must be the same on all nodes of a run, or a model's row would depend on where it was trained."""
    return {"harness": __version__, **{name: installed(name) for name in LIBRARIES}}


def host() -> str:
    """Which machine this is, as it was booted: two of one name differ."""
    here = Holder.this()
    return f"{here.host} {here.boot}"


def facts(folder: Path, device: str) -> Mapping[str, Any]:
    """Those of this machine with `device`; kept in `folder`, since another trial may ask on the same node.

    Raises OSError where the process that is asked does not answer.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "all").replace(os.sep, "_")
    path = folder / f"machine-{device.replace(':', '-')}-{visible}.json"
    if not path.is_file():
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(_asked(device))
        draft.rename(path)
    known: Mapping[str, Any] = json.loads(path.read_text())
    return known


def _asked(device: str) -> str:
    command = [sys.executable, "-m", "harness.cluster.ray_engine.machine", device]
    with same_modules():
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S)
    if done.returncode:
        raise OSError((done.stderr.strip().splitlines() or ["no answer"])[-1][:200])
    return done.stdout


if __name__ == "__main__":
    import torch

    from harness.machine.facts import machine_facts

    print(json.dumps(machine_facts(torch.device(sys.argv[1]))))
