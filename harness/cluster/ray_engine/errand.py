"""What goes to a task of Ray, and what comes back from it while it runs: plain frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.cluster.ray_engine.shipment import Reference
    from harness.isolation.supervisor import ExitReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What all tasks of a run have in common.

    `run` names the run's folder on a node. `token` is the content of the file `token_path` of the machine that began
    the run, by which a node knows whether it sees that very folder; `host` says which machine that is. `versions` are
    those that a node must have, `paths` are files and folders that it must have too, of which `weights_dir` has
    weights. `description` is the dataset's, `pieces` are its images: None where no node has asked for them yet.
    `machine` are the facts of a node's machine, where they are known before.
    """

    run: str
    token: str
    token_path: str
    host: str
    versions: Mapping[str, str | None]
    description: Reference
    paths: tuple[str, ...] = ()
    weights_dir: str | None = None
    pieces: tuple[Reference, ...] | None = None
    machine: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One trial's process on whatever node has room for it.

    `job` is what the process is given, with the paths of the machine that began the run. Of the files that it leaves
    in its folder, `wanted` are brought back; `checkpoints` of its training, by name, are what it goes on from.
    `timeout_s` is the limit of the process, None without one.
    """

    beginning: Beginning
    job: str
    wanted: tuple[str, ...]
    checkpoints: Mapping[str, Reference] = field(default_factory=dict)
    timeout_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataMissing:
    """The node lacks the run's dataset: the task has ended, and is to be sent again with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The node cannot carry out any trial of the run, and why."""

    cause: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the process said, as a child says it to its parent."""

    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpointed:
    """A checkpoint of the training that goes on there: with it another node can go on."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How the process ended, the files that it left, and the facts of its machine."""

    report: ExitReport
    files: Mapping[str, bytes] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)


Message = DataMissing | Refused | Said | Checkpointed | Ended
