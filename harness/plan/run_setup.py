"""What a run was asked beside its trials: where plugins and data come from, and within which limits children work."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from zoo.manager.loading import read_requests

if TYPE_CHECKING:
    from collections.abc import Mapping


PATHS = ("data_dir", "train_dir", "val_dir", "test_dir", "labels")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSetup:
    """Kept in `run.json`, so that `harness resume` needs nothing but the run. Paths are absolute.

    `plugins` are the -p arguments and those of ZOO_PLUGINS and ZOO_BLOCK_PLUGINS; `dataset`, the folders and `labels`
    name the images, and `group_by` says which of them belong together; `trial_timeout` is in seconds (0: none),
    `memory_limit` in MiB, `checkpoint_every` in seconds between two checkpoints of a trial within one epoch. `nproc`
    processes train a trial together. `logger` are the loggers that are asked for; `weights_dir` has files of pretrained
    weights, which go before those in caches.
    """

    plugins: tuple[str, ...] = ()
    dataset: str | None = None
    data_dir: str | None = None
    train_dir: str | None = None
    val_dir: str | None = None
    test_dir: str | None = None
    labels: str | None = None
    group_by: str | None = None
    skip_bad: bool = False
    workers: int | None = None
    device: str = "auto"
    num_threads: int | None = None
    nproc: int = 1
    isolation: bool = True
    trial_timeout: float = 0.0
    memory_limit: int | None = None
    checkpoint_every: float = 300.0
    check_determinism: bool = False
    logger: tuple[str, ...] = ()
    weights_dir: str | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> RunSetup:
        """From a value for each option of a run."""
        names = cls.__dataclass_fields__.keys() - {"plugins", "logger", "weights_dir", *PATHS}
        named = (*PATHS, "weights_dir")
        paths: dict[str, Any] = {name: arguments[name] and os.path.abspath(arguments[name]) for name in named}
        return cls(
            plugins=read_requests(arguments["plugins"], os.environ).words,
            logger=tuple(arguments["logger"]),
            **paths,
            **{name: arguments[name] for name in names},
        )

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunSetup:
        """What `as_json` gave. Raises TypeError for a key that this version does not know."""
        return cls(**{**data, **{name: tuple(data.get(name, ())) for name in ("plugins", "logger")}})

    def as_json(self) -> dict[str, Any]:
        """Plain data, for `run.json`."""
        return asdict(self)
