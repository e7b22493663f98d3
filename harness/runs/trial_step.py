"""One step of a run: a trial that has no record is carried out in its child, and its record is kept.

The serial run, a worker on a shared folder and a task on a cluster all take their trials by this step.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.runs.context import make_record
from harness.runs.loggers.trial_event import trial_event
from harness.trial import saved_model
from results.store.file_names import CARD_FILE, trial_slug

if TYPE_CHECKING:
    from harness.isolation.result_files import TrialResult
    from harness.plan.trials import Planned
    from harness.runs.runner import Listener, Runner
    from harness.trial.outcome import Findings
    from results.records import Record


def take_step(runner: Runner, item: Planned, listen: Listener, say: Callable[[str], None]) -> Record:
    """Carry one trial out and keep what came of it; `listen` hears what it says, `say` gets lines for people."""
    return finish_step(runner, item, runner.carry_out(item, listen), say)


def finish_step(runner: Runner, item: Planned, result: TrialResult, say: Callable[[str], None]) -> Record:
    """Keep what came of a trial, wherever it was carried out.

    Once its record is there, the checkpoints of its training are of no use to anybody. Where several work on one run,
    another may have recorded the trial meanwhile: that record stays, and is what is returned.
    """
    _require_readable(runner, result.findings)
    earlier = _recorded(runner, item) if runner.is_one_of_several else None
    if earlier is not None:
        say(f"note: {item.label} was recorded meanwhile by another worker, whose record stays")
    record = earlier or keep(runner, item, result, say)
    shutil.rmtree(runner.progress_folder(item.trial), ignore_errors=True)
    return record


def keep(runner: Runner, item: Planned, result: TrialResult, say: Callable[[str], None]) -> Record:
    """Write a trial down. Its record comes last: where that is, all else of the trial is whole."""
    record = _with_log(runner, record_of(runner, item, result), result.log)
    _adopt(runner, record, result)
    path = runner.store.path / "records" / f"{trial_slug(record.model, record.seed, record.fold)}.json"
    if not runner.is_one_of_several:
        runner.store.save(record)
    elif not runner.store.save_first(record):
        return _recorded(runner, item) or record
    for problem in runner.zoo.trial_done(trial_event(record, path)):
        say(f"warning: {problem}")
    return record


def record_of(runner: Runner, item: Planned, result: TrialResult) -> Record:
    """The record that a trial's result makes, without where its log lies."""
    info = runner.zoo.plugin(item.choice.owner)
    plugin: dict[str, Any] = {"name": info.name, "source": info.source, "version": info.version}
    plugin["files"] = runner.context.content.plugins.get(info.name, {})
    record = make_record(item.trial, runner.context, result.findings, result.scores, plugin)
    return record if runner.takes_times else replace(record, timing_machine={})


def _recorded(runner: Runner, item: Planned) -> Record | None:
    """The record that the trial has by now."""
    trial = item.trial
    return runner.store.record_of(trial.model, trial.seed, trial.fold)


def _with_log(runner: Runner, record: Record, text: str) -> Record:
    """The record with the path of its log, where something went wrong that has one."""
    if record.error and text:
        log = runner.store.save_failure(record, text)
        return replace(record, error=replace(record.error, log=str(log)))
    if "timing_error" in record.facts and text:
        log = runner.store.save_failure(record, text)
        return replace(record, facts={**record.facts, "timing_log": str(log)})
    return record


def _adopt(runner: Runner, record: Record, result: TrialResult) -> None:
    """Give the files that the trial left behind their place."""
    name = trial_slug(record.model, record.seed, record.fold)
    if "predictions" in result.files:
        runner.store.adopt(result.files["predictions"], f"predictions/{name}.npz")
    if "checkpoint" in result.files:
        # The card comes last: where it is, the weights are whole.
        for file in (saved_model.WEIGHTS_FILE, CARD_FILE):
            runner.store.adopt(result.files["checkpoint"] / file, f"checkpoints/{name}/{file}")


def _require_readable(runner: Runner, findings: Findings) -> None:
    """Bad files would fail every trial: the run ends before its first record, and lists them all."""
    if findings.error and findings.error.phase == "data" and not runner.store.records():
        runner.context.dataset.require_readable()
