"""How many trials a cluster can carry out at once: a slot is an accelerator, or a core a thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from results.tables.number_format import counted
from zoo.errors import USAGE, ZooError

ACCELERATORS = ("cuda", "xpu")  # what Ray counts as GPUs

Node = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What Ray keeps for one trial."""

    num_cpus: int
    num_gpus: int = 0

    def on(self, node: Node) -> int:
        """How many of them a node has."""
        by_cpu = int(node.get("CPU", 0) // self.num_cpus)
        return min(by_cpu, int(node.get("GPU", 0) // self.num_gpus)) if self.num_gpus else by_cpu

    def count(self, nodes: Sequence[Node]) -> int:
        """How many of them a cluster has."""
        return sum(self.on(node) for node in nodes)


def unused(slot: Slot, nodes: Sequence[Node]) -> str:
    """What is to be said of accelerators that a run for the CPU leaves alone, or ""."""
    num_gpus = 0 if slot.num_gpus else int(sum(node.get("GPU", 0) for node in nodes))
    if not num_gpus:
        return ""
    left_alone = f"the cluster's {counted(num_gpus, 'GPU')} stay idle: this run is for the CPU"
    return f"{left_alone}; to use them, begin it on a machine that has one"


def slot_for(device: str, num_threads: int, nodes: Sequence[Node]) -> Slot:
    """A slot for a trial on that kind of device. Raises ZooError where no node has room for one.

    A trial on an accelerator has a fair share of its node's cores kept for it, and no more than it has threads.
    """
    if device == "cpu":
        slot = Slot(num_cpus=num_threads)
        if not slot.count(nodes):
            most = int(max((node.get("CPU", 0) for node in nodes), default=0))
            cause = f"no node of the Ray cluster has {num_threads} CPUs, one for each thread of a trial"
            raise ZooError(cause, f"give --num-threads {most}" if most else "add nodes: ray start --address", USAGE)
        return slot
    if device not in ACCELERATORS:
        raise ZooError(f"--device {device}: Ray gives out CPUs and GPUs alone", "give --device cpu", USAGE)
    shares = [int(node.get("CPU", 0) // node["GPU"]) for node in nodes if node.get("GPU", 0) >= 1]
    if not shares:
        raise ZooError(f"--device {device}, but no node of the Ray cluster has a GPU", "give --device cpu", USAGE)
    return Slot(num_cpus=max(1, min(num_threads, *shares)), num_gpus=1)
