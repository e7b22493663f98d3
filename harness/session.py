# ruff: noqa: TID253
"""A run from its first line to its table: trials one after the other, each kept on disk as soon as it ends."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import torch

from harness import checkpoint, devices, precision
from harness._version import __version__
from harness.allocator import keep_freed_memory
from harness.bench import Bench
from harness.data.opening import DatasetSource, load
from harness.features import FeatureStore
from harness.machine import machine_facts
from harness.options import train_config
from harness.outcome import Outcome, data_facts
from harness.plan import Planned, plan
from harness.screen import Screen, opening_lines
from harness.timing.config import TimingConfig
from harness.trial import run_trial
from results.render import printed, render
from results.store import RunStore
from zoo.specs import TrialEvent

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from results.records import Record
    from zoo.discovery import Zoo
    from zoo.selection import Choice

SOME_FAILED = 1
DEFAULT_DATASET = "digits"


def run(arguments: argparse.Namespace, choices: Sequence[Choice], zoo: Zoo) -> int:
    """`harness run`: trains, measures, writes and prints; returns 0, or 1 where a trial failed."""
    keep_freed_memory()
    planned, bench = _prepared(arguments, choices, zoo)
    store = RunStore.create(arguments.output, bench.dataset.name, _configuration(planned, bench, zoo))
    session = Session(bench=bench, store=store, zoo=zoo, screen=Screen(quiet=arguments.quiet))
    session.open(planned)
    _import_what_training_imports()
    try:
        records = [session.carry_out(item) for item in planned]
    except KeyboardInterrupt:
        session.screen.line(f"interrupted: every trial that had ended is in {store.path}")
        raise
    finally:
        render(store)
    print(printed(store, as_json=arguments.json))
    return 0 if all(record.status == "ok" for record in records) else SOME_FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A run in progress: what its trials share, where they are kept, who is told of them."""

    bench: Bench
    store: RunStore
    zoo: Zoo
    screen: Screen

    def open(self, planned: Sequence[Planned]) -> None:
        """Say what is about to happen."""
        dataset = self.bench.dataset
        for line in opening_lines(
            self.bench.machine, data_facts(dataset), dataset.notes, planned, str(self.store.path)
        ):
            self.screen.line(line)

    def carry_out(self, item: Planned) -> Record:
        """One trial, from its first epoch to its record on disk."""
        outcome = run_trial(item.trial, item.choice, self.bench, on_epoch=lambda row: self.screen.epoch(item, row))
        error = outcome.record.error
        if error and error.phase == "data" and not self.store.records():
            self.bench.dataset.require_readable()  # bad files would fail every trial: the run ends and lists them all
        record = self._kept(item, outcome)
        self.screen.trial(item, record)
        return record

    def _kept(self, item: Planned, outcome: Outcome) -> Record:
        """Write a trial down. Its record comes last: where that is, all else of the trial is whole."""
        info = self.zoo.plugin(item.choice.owner)
        plugin = {"name": info.name, "source": info.source, "version": info.version}
        record = replace(outcome.record, plugin=plugin)
        if record.error and outcome.traceback:
            log = self.store.save_failure(record, outcome.traceback)
            record = replace(record, error=replace(record.error, log=str(log)))
        if outcome.predictions:
            self.store.save_predictions(record, outcome.predictions)
        if outcome.model is not None and outcome.card is not None:
            card = replace(outcome.card, plugin=info.name, plugin_source=info.source)
            checkpoint.save(self.store.checkpoint_path(record), outcome.model, card)
        path = self.store.save(record)
        event = TrialEvent(
            key=record.key,
            model=record.model,
            dataset=record.dataset,
            seed=record.seed,
            status=record.status,
            path=path,
            record=asdict(record),
        )
        for problem in self.zoo.trial_done(event):
            self.screen.line(f"warning: {problem}")
        return record


def _prepared(arguments: argparse.Namespace, choices: Sequence[Choice], zoo: Zoo) -> tuple[list[Planned], Bench]:
    """Devices, names, weights and data: what is wrong with them is found here, before the first trial."""
    device = devices.resolve(arguments.device)
    source = _source(arguments, zoo)
    planned = plan(
        choices,
        range(arguments.seed, arguments.seed + arguments.seeds),
        dataset=source.name,
        train=train_config(arguments),
        timing=_timing(arguments),
        device=device.type,
    )
    if arguments.num_threads:
        torch.set_num_threads(arguments.num_threads)
    precision.forbid_tf32()
    dataset = load(
        source,
        val_split=arguments.val_split,
        test_split=arguments.test_split,
        num_threads=arguments.workers,
        skip_bad=arguments.skip_bad,
    )
    cpu = torch.device("cpu")
    bench = Bench(
        dataset=dataset,
        device=device,
        timed_on=(cpu,) if device.type == "cpu" else (device, cpu),
        features=FeatureStore(),
        machine=machine_facts(device),
    )
    return planned, bench


def _import_what_training_imports() -> None:
    """Make an optimiser once: a process's first one imports torch._dynamo, 4 s that no trial should be charged with."""
    torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])


def _source(arguments: argparse.Namespace, zoo: Zoo) -> DatasetSource:
    """The named dataset; or the folder, where only a folder was given."""
    name = arguments.dataset or (None if arguments.data_dir else DEFAULT_DATASET)
    return DatasetSource(spec=zoo.dataset(name) if name else None, data_dir=arguments.data_dir)


def _timing(arguments: argparse.Namespace) -> TimingConfig:
    return TimingConfig(
        budget_s=arguments.time_budget,
        amp=arguments.amp,
        amp_dtype=arguments.amp_dtype,
        channels_last=arguments.channels_last == "on",
        num_threads=arguments.num_threads,
    )


def _configuration(planned: Sequence[Planned], bench: Bench, zoo: Zoo) -> dict[str, Any]:
    """What `run.json` says: enough to know, and to repeat, what was asked."""
    return {
        "harness": __version__,
        "command": sys.argv[1:],
        "machine": bench.machine,
        "data": data_facts(bench.dataset),
        "trials": [{"key": item.trial.key, **item.trial.as_json()} for item in planned],
        "plugins": [asdict(info) for info in zoo.plugins],
    }
