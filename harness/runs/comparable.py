"""Whether what is left of a run could be ranked with what has ended: told before hours of training, not after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from harness.isolation.job import threads_each
from harness.machine.malloc import allocator
from harness.plan.changes import refuse_changes
from harness.runs.context import make_record
from harness.trial.outcome import Findings
from results.ranking.comparability import conditions

if TYPE_CHECKING:
    from harness.plan.config import Trial
    from harness.plan.trials import Planned
    from harness.runs.context import RunContext
    from results.records import Record

REMEDY = "go on with the machine and the versions that it was begun with, or start a new run: python -m harness run"


def require_all_comparable(
    ended: Sequence[Record], to_do: Sequence[Planned], context: RunContext, nproc: int, **known: Any
) -> None:
    """As `require_comparable` for each trial that is to do in `context`, in `nproc` processes each.

    `known` are fields of its record to come.
    """
    for item in to_do if ended else ():
        alike = conditions_of(item.trial, nproc) | {"nproc": nproc}
        findings = Findings(status="ok", facts={**alike, "allocator": allocator()})
        require_comparable(ended, replace(make_record(item.trial, context, findings, None, {}), **known))


def require_comparable(ended: Sequence[Record], coming: Record) -> None:
    """Raise ZooError where `coming`, a record with all that is known before its trial, fits none that `ended` well.

    By the ranking's own rule; what only a trial can tell, such as the memory layout, is not asked.
    """
    ranked = [record for record in ended if record.status == "ok"]
    if ranked:
        then = conditions(ranked[0])
        now = {name: value for name, value in conditions(coming).items() if value is not None and name in then}
        then = {name: value for name, value in then.items() if name in now}
        refuse_changes(then, now, "what is left of the run could not be ranked with what has ended", REMEDY)


def conditions_of(trial: Trial, nproc: int) -> dict[str, Any]:
    """What must be alike in all trials of a run, or none could be ranked beside another; `nproc` train each of them."""
    return {
        "threads": threads_each(torch.get_num_threads(), nproc) * nproc,
        "precision": trial.train.numerics.precision,
        "infer_batch_size": trial.timing.batch_size,
    }
