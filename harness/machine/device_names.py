"""What a person may write after --device. Imports no torch: what can be no device is refused before that is loaded."""

from __future__ import annotations

import re

from zoo.errors import USAGE, ZooError
from zoo.names import did_you_mean

KINDS = ("auto", "cpu", "cuda", "mps", "xpu")
REMEDY = "use auto, cpu, cuda, cuda:1, mps or xpu; harness doctor lists those of this machine"
OTHER_NAMES = {"gpu": "cuda", "rocm": "cuda", "hip": "cuda", "metal": "mps"}


def split_device(text: str) -> tuple[str, int]:
    """Kind and number of a device. Raises ZooError (usage) for what is none."""
    parts = re.fullmatch(r"([a-z]+)(?::(\d+))?", text)
    if parts is None or parts[1] not in KINDS or (parts[1] in {"auto", "cpu"} and parts[2]):
        guess = did_you_mean(OTHER_NAMES.get(text, text), KINDS) or "."
        raise ZooError(f"--device {text}: no such kind of device{guess}", REMEDY, USAGE)
    return parts[1], int(parts[2] or 0)


def device_of_rank(device: str, rank: int) -> str:
    """The device of a trial's process number `rank`: the trial's own and those after it; the CPU is everyone's."""
    kind, index = split_device(device)
    return kind if kind == "cpu" else f"{kind}:{index + rank}"
