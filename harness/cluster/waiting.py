"""The engine of `--jobs` and `--workers-only`: workers carry the trials out, and the run waits for their records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic, sleep
from typing import TYPE_CHECKING

from harness.cluster.local_workers import LOGS, LocalWorker, Place, local_workers
from harness.cluster.worker import as_text
from harness.cluster.workspace import offer
from results.store.claims import Claims
from zoo.errors import ENVIRONMENT, ZooError

if TYPE_CHECKING:
    from harness.plan.trials import Planned
    from harness.runs.forecast.time_left import TimeLeft
    from harness.runs.runner import Runner
    from harness.runs.session import Session

LOOK_S = 0.5  # between two looks for records
RELEASE_S = 5.0  # in which workers whose trials are all recorded let their claims go
FAILED = (0, 1)  # a worker whose trials all ended, well or not


@dataclass(slots=True, kw_only=True)
class Waiting:
    """Waits for workers: those that it starts at `places`, and any that join the run by `harness worker`."""

    places: Sequence[Place] = ()
    is_shared: bool = True

    def carry_out(self, session: Session, runner: Runner, to_do: Sequence[Planned], left: TimeLeft) -> None:
        """Return once every trial has its record. Raises ZooError where all workers that it started have ended before.

        No worker is left then, and nothing of what they needed.
        """
        left.at_once = max(1, len(self.places))
        run = session.store.path
        for line in self._opening(session) if to_do else ():
            session.screen.line(line)
        if to_do:
            offer(run, runner.work / "data")
        with local_workers(run, self.places if to_do else (), run / LOGS) as workers:
            self._await(session, to_do, left, workers)
        claims, deadline = Claims(run), monotonic() + RELEASE_S
        while claims.live() and monotonic() < deadline:
            sleep(LOOK_S / 5)  # a claim is let go just after its record is there
        if not claims.live():
            claims.clear()

    def _opening(self, session: Session) -> list[str]:
        run = session.store.path
        if not self.places:
            return [f"waiting  for workers; start them on any machine that has this folder: harness worker {run}"]
        where = [f"{place.device}{f' on cores {as_text(place.cores)}' if place.cores else ''}" for place in self.places]
        return [f"workers  {', '.join(where)}; what they print: {run / LOGS}"]

    def _await(
        self, session: Session, to_do: Sequence[Planned], left: TimeLeft, workers: Sequence[LocalWorker]
    ) -> None:
        missing = {f"{item.trial.slug}.json": item for item in to_do}
        while missing:
            names = {path.name for path in (session.store.path / "records").iterdir()}
            for name in [name for name in missing if name in names]:
                item = missing[name]
                record = session.store.record_of(item.trial.model, item.trial.seed, item.trial.fold)
                if record is None:
                    continue  # damaged, and put aside: its trial is to do again
                del missing[name]
                seconds = record.measured("total_seconds")
                session.ended(item, record, left, seconds.median if seconds else 0.0)
            if missing:
                self._look_after(session, workers)
                sleep(LOOK_S)

    def _look_after(self, session: Session, workers: Sequence[LocalWorker]) -> None:
        """Say how each of our workers ended that ended too early. Raises ZooError once nobody is left to wait for."""
        if not workers:
            return
        for worker in workers:
            code = worker.process.poll()
            if code is not None and code not in FAILED and not worker.is_reported:
                worker.is_reported = True
                session.screen.line(f"warning  worker {worker.number} has ended ({_ending(code)}): {worker.last_line}")
        if all(worker.is_reported for worker in workers) and not Claims(session.store.path).live():
            cause = f"no worker is left; the last one: {workers[-1].last_line}"
            remedy = f"see {session.store.path / LOGS}; go on with: harness resume {session.store.path}"
            raise ZooError(cause, remedy, ENVIRONMENT)


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"
