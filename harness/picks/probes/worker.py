"""The process in which models of one plugin are probed, one after the other: importing torch for each would cost more.

The one that fails ends it, for what it left behind could be another's fault; the rest gets a new process.
"""

from __future__ import annotations

import gc
import json
import signal
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from harness.data.batches.room import want_of_room
from harness.isolation.child_process import limit_memory
from harness.isolation.dataset_files import take_over
from harness.isolation.job import Job
from harness.isolation.result_files import write_arrays
from harness.isolation.worker import begin, computation, find_choice, leave, serve, with_weights_of_the_run
from harness.machine.malloc import keep_freed_memory
from harness.picks.probes.probe import probe
from harness.picks.probes.result import PREDICTIONS, SCORES
from harness.training.feature_store import FeatureStore
from harness.trial.context import Notes, TrialContext
from harness.trial.trial import Phases
from results.errors import StoreError
from results.store.codec import encoded
from zoo.errors import ZooError, first_line
from zoo.manager import switches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from multiprocessing.connection import Connection

    from harness.isolation.worker import Messenger
    from harness.picks.probes.probe import Probed

STOPPED = 128 + signal.SIGTERM
ARRAYS = "probe.npz"  # in the job's folder


def main(text: str, messages: Connection, log: Connection) -> None:
    """What the supervisor starts, with jobs of one plugin, the stage, the units of its images, and the seconds that a
    model may take.

    It sends {"probe": …} for each job in their order, which says whether the process `is_sound` after it. SIGALRM ends
    it at a model that takes too long, be it in Python or in C.
    """
    given = json.loads(text)
    jobs = [Job.from_json(one) for one in given["jobs"]]
    messenger = begin(jobs[0].environment, messages, log)
    signal.signal(signal.SIGTERM, lambda number, frame: leave(STOPPED))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    if torch.device(jobs[0].device).type == "cpu":
        keep_freed_memory()
    serve(messenger, lambda: perform(jobs, given, messenger))


def perform(jobs: Sequence[Job], given: Mapping[str, Any], messenger: Messenger) -> dict[str, Any]:
    """Send an answer for each job, up to the first that leaves this process in doubt."""
    first = jobs[0]
    if first.memory_mib is not None:
        limit_memory(first.memory_mib)
    switches.set_standard(exact=first.trial.train.exact)
    torch.set_num_threads(first.num_threads)
    gc.freeze()  # collecting would go through all that is imported, a quarter of a second each time
    for job in jobs:
        signal.setitimer(signal.ITIMER_REAL, given["seconds"])
        answer, is_sound = _answer(job, given["stage"], given["units"], messenger)
        signal.setitimer(signal.ITIMER_REAL, 0)
        messenger.send({"probe": encoded(answer), "is_sound": is_sound})
        if not is_sound:
            break
        gc.collect()  # a module's circles would hold its weights while the next is built
    return {"whole": True}


def _answer(job: Job, stage: int, units: Sequence[int], messenger: Messenger) -> tuple[dict[str, Any], bool]:
    """What is to be said of the job, its arrays lie in its folder; and whether this process can be used on."""
    messenger.enter("start")
    phases, notes = Phases(messenger.enter), Notes()
    words: dict[str, Any] = {"model": job.trial.model, "stage": stage}
    try:
        probed = _probed(job, stage, units, phases, notes)
        _write(job, probed)
    except StoreError:
        raise
    except Exception as error:
        is_sound = _is_refusal(error)
        cause = error.cause if isinstance(error, ZooError) else f"{type(error).__name__}: {first_line(error)}"
        room = want_of_room(error)
        words |= {"status": "oom" if room else "failed", "error": room or cause, "phase": phases.current}
        return words | {"seconds": phases.seconds, "facts": notes.facts, "log": traceback.format_exc()}, is_sound
    words |= {"status": "ok", "error": "", "phase": "", "log": ""}
    return words | {"seconds": phases.seconds, "facts": probed.facts}, True


def _probed(job: Job, stage: int, units: Sequence[int], phases: Phases, notes: Notes) -> Probed:
    context = TrialContext(
        # Taken over for each model: what one has prepared would stay in memory as long as the process.
        dataset=take_over(Path(job.data), notes.add),
        device=torch.device(job.device),
        timed_on=(),
        # By the threads too: sums are taken in another order, and a resumed pick must not mix them.
        features=FeatureStore(Path(job.features), f"{computation(job)} {job.num_threads} threads", notes.add),
        notes=notes,
    )
    return probe(with_weights_of_the_run(job), find_choice(job), context, stage, units, phases, Path(job.data))


def _is_refusal(error: BaseException | None) -> bool:
    """Whether a model was refused for a reason that is known, and no code failed on the way."""
    while error is not None:
        if not isinstance(error, ZooError):
            return False
        error = error.__cause__
    return True


def _write(job: Job, probed: Probed) -> None:
    arrays = {PREDICTIONS: probed.predictions_N}
    if probed.scores_NK is not None:
        arrays[SCORES] = probed.scores_NK
    folder = Path(job.work)
    folder.mkdir(parents=True, exist_ok=True)
    write_arrays(folder / ARRAYS, arrays)
