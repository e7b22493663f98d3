"""One process for several models: what it is given, what is heard from it, and what its end means."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.isolation.job import Job
from harness.isolation.result_files import read_array_file
from harness.isolation.supervisor import Supervisor, context_for
from harness.machine.oom import KILLED, said_in
from harness.picks.probes import worker
from harness.picks.probes.result import ProbeResult, read_result
from results.store.atomic import make_folder, write_atomic
from results.store.codec import decoded
from results.store.file_names import slug

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from harness.isolation.supervisor import ExitReport
    from harness.picks.probes.probing import Probing
    from harness.plan.trials import Planned
    from harness.runs.content import Content

START_S = 120.0  # for the imports of a process on a busy machine, beside what its models may take
MOST_LOG = 20_000  # characters of what the process of a failed model has printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """How models of one stage are probed in a process; `keep` gets each result that is final."""

    stage: int
    probing: Probing
    content: Content
    keep: Callable[[ProbeResult], None]
    halt: Connection | None = None

    @property
    def work(self) -> Path:
        return self.probing.folder.absolute() / "work"

    @property
    def data(self) -> Path:
        """The folder in which the stage's images are handed over."""
        return self.work / f"probe-data-{self.stage}"

    def run(self, items: Sequence[Planned]) -> int:
        """Probe models of one plugin in one process; returns how many of them, from the first on, are done."""
        for item in items:
            shutil.rmtree(self._folder(item), ignore_errors=True)
        hearing = _Hearing(child=self, items=items)
        supervisor = Supervisor(
            target=worker.main,
            context=context_for(self.probing.device.type),
            timeout_s=START_S + len(items) * self.probing.limit_s,
            on_message=hearing.take,
            halt=self.halt,
        )
        report = supervisor.run(self._text(items))
        if report.storage:
            self._require_disk()
        if hearing.num_done == 0:  # the first one ended the process
            self.keep(self._lost(items[0], report))
            return 1
        return hearing.num_done

    def read(self, item: Planned, words: Any) -> ProbeResult:
        """The result that a process sent of `item`. Raises ValueError where it is none."""
        path = self._folder(item) / worker.ARRAYS
        arrays = read_array_file(path) if path.exists() else {}
        result = read_result(words, arrays, **self.probing.expected(self.stage))
        if (result.model, result.stage) != (item.trial.model, self.stage):
            raise ValueError("it is a result of another probe")
        return result

    def _lost(self, item: Planned, report: ExitReport) -> ProbeResult:
        status, error = _how_it_ended(report, self.probing.limit_s)
        return ProbeResult(
            model=item.trial.model,
            stage=self.stage,
            status=status,
            error=error,
            phase=report.phase,
            log=report.log[-MOST_LOG:],
        )

    def _require_disk(self) -> None:
        """Raise StoreError if the disk refuses this process too: no model's word alone ends the pick."""
        make_folder(self.work)
        write_atomic(self.work / "probe", b"probe")
        (self.work / "probe").unlink()

    def _folder(self, item: Planned) -> Path:
        return self.work / f"{slug(item.trial.model)}@p{self.stage}"

    def _text(self, items: Sequence[Planned]) -> str:
        jobs = [self._job(item).to_json() for item in items]
        units = self.probing.images.judged[1].units
        return json.dumps({"jobs": jobs, "stage": self.stage, "units": units, "seconds": self.probing.limit_s})

    def _job(self, item: Planned) -> Job:
        probing, owner = self.probing, item.choice.owner
        return Job(
            trial=item.trial,
            owner=owner,
            owner_source=probing.zoo.plugin(owner).source,
            plugins=probing.plugins,
            plugin_files=self.content.plugins.get(owner, {}),
            weights_sha256=self.content.weights.get(str(item.trial.train.weights), ""),
            device=str(probing.device),
            timed_on=(),
            num_threads=probing.threads_each,
            fingerprint=probing.images.first.fingerprint,
            data=str(self.data),
            features=str(self.work / "features"),
            work=str(self._folder(item)),
            progress="",
            checkpoint_s=0.0,
            memory_mib=probing.memory_mib,
            environment=dict(os.environ),
        )


@dataclass(slots=True, kw_only=True)
class _Hearing:
    """What a process says of its models, one after the other."""

    child: Child
    items: Sequence[Planned]
    num_done: int = 0
    phase: str = field(default="start")

    def take(self, message: Mapping[str, Any]) -> None:
        """Keep a result that is final. Raises ValueError for what no probe says."""
        if self.num_done == len(self.items):
            raise ValueError("it says more than it was asked")
        item = self.items[self.num_done]
        if "phase" in message:
            self.child.probing.on_phase(item.trial.model, str(message["phase"]))
            return
        if "probe" not in message:
            raise ValueError("its message is none that a probe sends")
        result = self.child.read(item, decoded(message["probe"]))
        # A further model that failed in code may have been failed by what another left: it will be a first one.
        if result.is_ok or message.get("is_sound") is True or self.num_done == 0:
            self.child.keep(replace(result, log=result.log[-MOST_LOG:]))
            self.num_done += 1


def _how_it_ended(report: ExitReport, limit_s: float) -> tuple[str, str]:
    """Status and cause of a model whose process ended before its result."""
    if report.storage:
        return "failed", f"it could not write: {report.storage}"
    if report.timed_out or report.signal_name == "SIGALRM":
        return "timeout", f"no end after {limit_s:g} s"
    if report.problem:
        return "failed", report.problem
    if cause := said_in(report.log):
        return "oom", cause
    if report.signal_name == "SIGKILL":
        return "failed", KILLED
    if report.signal_name:
        return "failed", f"crashed with {report.signal_name}"
    return "failed", f"its process ended (exit {report.exitcode}) without a result"
