"""What happens before a run's first trial: trials planned, data opened, and all that would fail found out."""

from __future__ import annotations

from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from harness._version import __version__
from harness.data.load import DatasetSource, load
from harness.isolation import supervisor
from harness.isolation.child_process import can_limit_memory
from harness.machine import devices
from harness.machine.facts import machine_facts
from harness.machine.threads import default_threads
from harness.plan.processes import require_shareable
from harness.plan.trials import Planned, plan
from harness.runs.console.events import Stage
from harness.runs.content import Content
from harness.runs.context import RunContext
from harness.runs.redact import masked
from zoo.errors import USAGE, ZooError
from zoo.libraries import download

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.plan.config import TrainConfig
    from harness.plan.request import RunRequest
    from harness.plan.run_setup import RunSetup
    from harness.runs.console.screen import Screen
    from zoo.discovery import Zoo
    from zoo.selection import Choice

DEFAULT_DATASET = "digits"
# What a trial leaves beside its predictions, and room for one model being trained: far from exact, but a disk that
# has less will not hold a run.
BYTES_PER_TRIAL, BYTES_PER_RUN = 200_000, 64 * 2**20


def planned_trials(request: RunRequest, choices: Sequence[Choice], zoo: Zoo) -> list[Planned]:
    """Every model from every seed. Raises ZooError where options, models or weights do not allow it."""
    _check_limits(request.setup)
    check_processes(request.setup, request.train)
    return plan(
        choices,
        range(request.seed, request.seed + request.num_seeds),
        dataset=source_of(request.setup, zoo).name,
        train=request.train,
        timing=request.timing,
        device=devices.resolve(request.setup.device).type,
        folds=request.folds,
    )


def open_context(setup: RunSetup, zoo: Zoo, planned: Sequence[Planned], screen: Screen) -> RunContext:
    """Devices and data: what is wrong with them is found here, before the first trial. `screen` shows how far it is."""
    trials = [item.trial for item in planned]
    seeds = tuple(dict.fromkeys(trial.seed for trial in trials))
    return opened(setup, zoo, planned, screen, train=trials[0].train, folds=trials[0].folds, seeds=seeds)


def opened(
    setup: RunSetup,
    zoo: Zoo,
    planned: Sequence[Planned],
    screen: Screen,
    *,
    train: TrainConfig,
    folds: int | None = None,
    seeds: Sequence[int] = (),
) -> RunContext:
    """The same where no trial may be planned yet: the data are cut as `train`, `folds` and `seeds` say."""
    device = devices.resolve(setup.device)
    if setup.isolation and device.type == "cpu":
        supervisor.start_server()
    torch.set_num_threads(setup.num_threads or default_threads())
    with download.reported(partial(_downloading, screen)):
        dataset = load(
            source_of(setup, zoo),
            val_split=train.val_split,
            test_split=train.test_split,
            folds=folds,
            seeds=seeds,
            num_threads=setup.workers,
            skip_bad=setup.skip_bad,
            tell=partial(_reading, screen),
        )
    cpu = torch.device("cpu")
    return RunContext(
        dataset=dataset,
        device=device,
        timed_on=(cpu,) if device.type == "cpu" else (device, cpu),
        machine=machine_facts(device),
        content=Content.of(planned, zoo),
    )


def _downloading(screen: Screen, name: str, done: int, total: int) -> None:
    screen.tell(Stage(name=f"download {name}", done=done, total=total, unit="B"))


def _reading(screen: Screen, part: str, done: int, total: int) -> None:
    screen.tell(Stage(name=f"reading {part}", done=done, total=total, unit="images"))


def source_of(setup: RunSetup, zoo: Zoo) -> DatasetSource:
    """The named dataset; or the folders, where only such were given."""
    named = {"train": setup.train_dir, "val": setup.val_dir, "test": setup.test_dir}
    part_dirs = {part: Path(folder) for part, folder in named.items() if folder}
    if setup.dataset and (part_dirs or setup.labels):
        flag = f"--{next(iter(part_dirs))}-dir" if part_dirs else "--labels"
        raise ZooError(f"--dataset and {flag} exclude each other", "a dataset has parts and labels of its own", USAGE)
    folder = Path(setup.data_dir) if setup.data_dir else None
    name = setup.dataset or (None if folder or part_dirs or setup.labels else DEFAULT_DATASET)
    return DatasetSource(
        spec=zoo.dataset(name) if name else None,
        data_dir=folder,
        part_dirs=part_dirs,
        labels=Path(setup.labels) if setup.labels else None,
        group_by=setup.group_by,
    )


def _check_limits(setup: RunSetup) -> None:
    if setup.memory_limit is None:
        return
    if not setup.isolation:
        raise ZooError("--memory-limit holds for a trial's own process", "leave --no-isolation out", USAGE)
    if not can_limit_memory():
        raise ZooError("--memory-limit is kept on Linux only", "leave it out on this system")


def check_processes(setup: RunSetup, train: TrainConfig) -> None:
    """Raise ZooError where the processes that are to train together cannot, as it is asked for or on this machine."""
    if setup.nproc == 1:
        return
    require_shareable(setup, train)
    if not torch.distributed.is_available():
        raise ZooError("--nproc needs torch.distributed, which this torch was built without", "leave --nproc out")
    device = devices.resolve(setup.device)
    if device.type not in ("cpu", "cuda"):
        raise ZooError(f"--nproc trains on the CPU and on CUDA devices, not on {device}", "leave --nproc out")
    num_devices = devices.count("cuda") - (device.index or 0) if device.type == "cuda" else setup.nproc
    if num_devices < setup.nproc:
        cause = f"--nproc {setup.nproc} wants a CUDA device for each process; there are {num_devices} from {device} on"
        raise ZooError(cause, f"give --nproc {num_devices} at most")


def expected_bytes(context: RunContext, num_trials: int) -> int:
    """Room that a run needs at least."""
    counts = context.dataset.counts
    num_scores = min(len(context.dataset.classes), 100) * (counts["test"] + counts["val"])
    return BYTES_PER_RUN + num_trials * (BYTES_PER_TRIAL + 4 * num_scores)


def configuration(request: RunRequest, planned: Sequence[Planned], context: RunContext, zoo: Zoo) -> dict[str, Any]:
    """What `run.json` says: enough to know, and to repeat, what was asked."""
    return {
        "harness": __version__,
        "command": masked(request.command),
        "setup": request.setup.as_json(),
        "machine": context.machine,
        "data": context.dataset.facts,
        "notes": list(context.dataset.notes),
        "trials": [{"key": item.trial.key, **item.trial.as_json()} for item in planned],
        "plugins": [asdict(replace(info, traceback="")) for info in zoo.plugins],
        "content": context.content.as_json(),
    }
