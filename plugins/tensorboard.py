"""The logger `tensorboard`: scalars of every epoch and trial, and each trial's options for the HPARAMS page.

Through the library's own writer and without torch's: `import torch` takes longer than a small run.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zoo.events import EpochEvent, LoggerSpec, RunEvent, TrialEvent
from zoo.hookspecs import hookimpl

if TYPE_CHECKING:
    from pathlib import Path

    from tensorboard.summary.writer.event_file_writer import EventFileWriter


@hookimpl
def zoo_loggers() -> list[LoggerSpec]:
    return [
        LoggerSpec(
            name="tensorboard",
            open=TensorBoardLogger,
            summary="curves and figures for `tensorboard --logdir`",
            requires=("tensorboard",),
            install="zoo-harness[tensorboard]",
        )
    ]


class TensorBoardLogger:
    """A folder a trial, which TensorBoard shows as a run: `mlp@s1`, of a second attempt `mlp@s1.2`.

    Epochs are steps, from 1 on, under `epoch/`; a trial's figures are under `trial/`, a step later.
    """

    def __init__(self, folder: Path, run: RunEvent) -> None:
        self.folder = folder
        self.writers: dict[str, EventFileWriter] = {}

    def epoch(self, event: EpochEvent) -> None:
        self._write(event, event.epoch, _scalars("epoch", event.metrics))

    def trial(self, event: TrialEvent) -> None:
        self._write(
            event, len(event.record["history"]) + 1, _options(event), _scalars("trial", event.metrics), anew=True
        )
        self.writers.pop(_folder(event)).close()  # a run may have more trials than a process may have open files

    def close(self) -> None:
        for writer in self.writers.values():
            writer.close()

    def _write(self, event: EpochEvent | TrialEvent, step: int, *summaries: Any, anew: bool = False) -> None:
        """Write to the trial's file. `anew` lets readers forget what they have of this step and later ones."""
        from tensorboard.compat.proto.event_pb2 import Event, SessionLog
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        folder = _folder(event)
        if folder not in self.writers:
            self.writers[folder] = EventFileWriter(str(self.folder / folder))
        contents = [{"session_log": SessionLog(status=SessionLog.START)}] if anew else []
        for content in [*contents, *({"summary": summary} for summary in summaries)]:
            self.writers[folder].add_event(Event(wall_time=time.time(), step=step, **content))
        self.writers[folder].flush()


def _folder(event: EpochEvent | TrialEvent) -> str:
    return event.name if event.attempt == 1 else f"{event.name}.{event.attempt}"


def _scalars(group: str, metrics: Mapping[str, float]) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary

    return Summary(value=[Summary.Value(tag=f"{group}/{name}", simple_value=value) for name, value in metrics.items()])


def _options(event: TrialEvent) -> Any:
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb

    options = {"model": event.model, "dataset": event.dataset, "seed": event.seed, "status": event.status}
    train = event.record["trial"].get("train", {})
    options |= {name: value if isinstance(value, bool | int | float) else str(value) for name, value in train.items()}
    return hparams_pb(options, trial_id=_folder(event))
