"""What all trials of a run share, and the records that are made of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from harness.runs.content import Content
from results.records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.data.dataset import Dataset
    from harness.plan.config import Trial
    from harness.trial.outcome import Findings
    from results.ranking.metrics import Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """The data, the device that trains and those that are timed, facts of the machine, and what plugins and weights
    consist of."""

    dataset: Dataset
    device: torch.device
    timed_on: tuple[torch.device, ...]
    machine: Mapping[str, Any]
    content: Content = field(default_factory=Content)


def make_record(
    trial: Trial, context: RunContext, findings: Findings, scores: Scores | None, plugin: Mapping[str, Any]
) -> Record:
    """The record of `trial`: only `findings` are its process's word, and they say neither which trial nor where."""
    return Record(
        key=trial.key,
        model=trial.model,
        dataset=trial.dataset,
        seed=trial.seed,
        device=str(context.device),
        trial=trial.as_json(),
        plugin=plugin,
        machine=context.machine,
        data=context.dataset.facts,
        status=findings.status,
        facts=findings.facts,
        error=findings.error,
        measurements=(*(scores.measurements if scores else ()), *findings.measurements),
        history=findings.history,
        per_class=scores.per_class if scores else (),
        confusion_counts=scores.confusion_counts if scores else (),
    )
