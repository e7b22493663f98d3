"""A made run of many trials, and workers that do nothing: what claiming and `harness status` cost.

`python -m tests.harness.cluster.many_workers [TRIALS [WORKERS [SECONDS]]]` prints milliseconds of wall-clock time. The
workers are processes of this machine; each holds every trial for SECONDS. All but the last of the trials are recorded
before, in the order in which a run would have come to them.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time, sleep

from harness.cluster.queue import Queue
from harness.cluster.status import lines, status_of
from harness.plan.config import TimingConfig, TrainConfig, Trial
from results.store.file_names import trial_slug
from results.store.holder import Holder
from results.store.run_store import RunStore

SEEDS = 5
CLAIMED = 40  # trials for each worker


@dataclass(frozen=True)
class Cost:
    """Milliseconds: of claims (those that each worker made first apart), and of one answer of `harness status`."""

    trials: int
    workers: int
    first: list[float]
    later: list[float]
    cpu: float
    status: float
    times_done: Counter

    def __str__(self) -> str:
        later = sorted(self.later)
        return (
            f"{self.trials:,} trials, {self.workers} workers; a claim: median {median(later):.1f} ms, 99 of 100 under "
            f"{later[len(later) * 99 // 100]:.1f} ms, longest {later[-1]:.1f} ms, {self.cpu:.2f} ms of CPU; a worker's "
            f"first: median {median(self.first):.0f} ms; status: {self.status:.0f} ms"
        )


def made_run(folder: Path, num_trials: int) -> tuple[RunStore, list[str]]:
    """A run of that many trials that nobody has begun, and the names of their files."""
    trials = [
        Trial(
            model=f"library/net_{n}", dataset="d", train=TrainConfig(), timing=TimingConfig(), device="cpu", seed=seed
        )
        for seed in range(1, SEEDS + 1)
        for n in range(num_trials // SEEDS)
    ]
    rows = [{"key": trial.key, **trial.as_json()} for trial in trials]
    store = RunStore.create(folder, "d", {"trials": rows})
    return store, [trial_slug(trial.model, trial.seed) for trial in trials]


def work(run: Path, trials: list[str], number: int, seconds: float, results: multiprocessing.Queue) -> None:
    """Be a worker of a host of its own that does nothing for so long with each trial."""
    holder = replace(Holder.this(), host=f"node{number}", boot=f"node{number}")
    queue, times, done, cpu = Queue(run=run, trials=trials, holder=holder), [], [], 0.0
    sleep(seconds * number / 50)  # trials end at different times
    while not queue.is_over:
        began, before = perf_counter(), process_time()
        claim = queue.next()
        times.append(1e3 * (perf_counter() - began))
        cpu += 1e3 * (process_time() - before)
        if claim is None:
            times.pop()
            sleep(0.1)
            continue
        sleep(seconds)
        (run / "records" / f"{claim.trial}.json").write_text("{}")
        queue.claims.release(claim, is_done=True)
        done.append(claim.trial)
    results.put((times, cpu, done))


def measured(num_trials: int, num_workers: int, seconds: float) -> Cost:
    with TemporaryDirectory() as folder:
        store, trials = made_run(Path(folder), num_trials)
        recorded = trials[: max(0, num_trials - CLAIMED * num_workers)]
        for trial in recorded:
            (store.path / "records" / f"{trial}.json").write_text("{}")
        results = multiprocessing.get_context("fork").Queue()
        arguments = [(store.path, trials, number, seconds, results) for number in range(num_workers)]
        workers = [multiprocessing.get_context("fork").Process(target=work, args=each) for each in arguments]
        for worker in workers:
            worker.start()
        sleep(min(2.0, seconds * CLAIMED / 2))
        began = perf_counter()
        lines(status_of(RunStore(store.path)))
        status = 1e3 * (perf_counter() - began)
        said = [results.get() for _ in workers]
        for worker in workers:
            worker.join()
    later = [time for times, _, _ in said for time in times[1:]]
    return Cost(
        trials=num_trials,
        workers=num_workers,
        first=[times[0] for times, _, _ in said if times],
        later=later,
        cpu=sum(cpu for _, cpu, _ in said) / (len(later) + num_workers),
        status=status,
        times_done=Counter(trial for _, _, done in said for trial in done) + Counter(recorded),
    )


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:]]
    num_trials, num_workers, seconds = (*given, *(20_000, 50, 1.0)[len(given) :])
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores before")
    print(measured(int(num_trials), int(num_workers), seconds))
