"""The rounds of timing that a run takes once all of its trials have ended: every model again, by turns.

What follows a training directly shows the machine of that minute. Rounds that lie minutes or hours apart, each in a
process of its own, show what changes between them, and give the median an interval that holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.machine.host_lock import alone_on_host
from harness.runs.console.events import Stage
from harness.timing.rounds import num_rounds
from harness.trial.outcome import NOT_TIMED, Findings
from harness.trial.times import JUDGED, with_first_round, with_later_round, without_times
from results.store.timing_host import timing_host
from results.tables.number_format import counted

if TYPE_CHECKING:
    from pathlib import Path

    from harness.plan.trials import Planned
    from harness.runs.console.screen import Screen
    from harness.runs.runner import Runner
    from harness.trial.times import DeviceTiming
    from results.records import Record

# So many models share a process where starting one takes long: an accelerator's are spawned.
GROUP = 8


@dataclass(frozen=True, slots=True)
class Turn:
    """Models that are timed in one process, and how many rounds each of them gets there."""

    items: tuple[Planned, ...]
    rounds: int


def take_later_rounds(runner: Runner, planned: Sequence[Planned], screen: Screen) -> None:
    """Take what each trial's timing lacks, and write its record anew after each round.

    Whatever becomes of a round costs the round: its record says so, and keeps the times that it has. What workers
    trained has no times by then, and gets all of them here: on one host for all, on which no worker trains meanwhile.
    """
    by_key = {record.key: record for record in runner.store.records()}
    records = {item.trial.key: by_key[item.trial.key] for item in planned if item.trial.key in by_key}
    if not any(record.timing_machine is not None for record in records.values()):
        _take_rounds(runner, planned, records, screen)
        return
    elsewhere = timing_host(runner.store)
    if elsewhere:
        screen.line(f"note: {elsewhere}")
        return
    with alone_on_host(lambda: screen.line("timing   waits until no worker trains on this host")):
        _take_rounds(runner, planned, records, screen)


def _take_rounds(runner: Runner, planned: Sequence[Planned], records: dict[str, Record], screen: Screen) -> None:
    missing = {item.trial.key: _missing(runner, item, records.get(item.trial.key)) for item in planned}
    for item in planned:
        if missing[item.trial.key] and not _checkpoint(runner, item).is_dir():
            missing[item.trial.key] = 0
            _give_up(runner, item, records[item.trial.key], screen)
    turns = list(_turns(runner, planned, missing))
    if not turns:
        return
    most = max(missing.values())
    num_models = sum(count > 0 for count in missing.values())
    screen.line(f"timing   {counted(most, 'more round')} of {counted(num_models, 'trained model')}, by turns")
    given_up: set[str] = set()
    for number, turn in enumerate(turns):
        items = [item for item in turn.items if item.trial.key not in given_up]
        if not items:
            continue
        detail = items[0].label if len(items) == 1 else counted(len(items), "model")
        screen.tell(Stage(name="timing by turns", done=number, total=len(turns), detail=detail, is_timed=True))
        for item, record, failed in _taken(runner, items, turn.rounds, records):
            records[item.trial.key] = record
            runner.store.extend(record)
            if failed:
                given_up.add(item.trial.key)
                screen.line(f"note: {item.label}: {failed}")


def _missing(runner: Runner, item: Planned, record: Record | None) -> int:
    """How many rounds the trial's timing lacks; 0 where it has none to be added to, as in records of before."""
    if record is None:
        return 0
    if _is_untimed(record):
        return runner.rounds_in_all(item) if item.trial.is_timed and _checkpoint(runner, item).is_dir() else 0
    if "allocator" not in record.facts or record.facts.get("timing_verdict") not in JUDGED:
        return 0
    return max(runner.rounds_in_all(item) - num_rounds(record.measurements), 0)


def _is_untimed(record: Record) -> bool:
    """Whether a worker trained it, and no host has timed it yet."""
    return record.timing_machine is not None and record.facts.get("timing_verdict") == NOT_TIMED


def _give_up(runner: Runner, item: Planned, record: Record, screen: Screen) -> None:
    """Note that there is nothing to be timed again."""
    facts, _, note = with_later_round(record.facts, record.measurements, [], "its checkpoint is gone")
    runner.store.extend(replace(record, facts=facts))
    screen.line(f"note: {item.label}: {note}")


def _turns(runner: Runner, planned: Sequence[Planned], missing: Mapping[str, int]) -> Iterator[Turn]:
    if runner.is_cheap_to_start:
        for number in range(max(missing.values(), default=0)):
            yield from (Turn((item,), 1) for item in planned if missing[item.trial.key] > number)
        return
    alike: dict[tuple[str, int], list[Planned]] = {}
    for item in planned:
        # A plugin sees no other's models, and a process has one number of rounds.
        alike.setdefault((item.choice.owner, missing[item.trial.key]), []).append(item)
    for (_, rounds), items in alike.items():
        if rounds:
            yield from (Turn(tuple(items[at : at + GROUP]), rounds) for at in range(0, len(items), GROUP))


def _taken(
    runner: Runner, items: Sequence[Planned], rounds: int, records: Mapping[str, Record]
) -> Iterator[tuple[Planned, Record, str]]:
    """Each trial with its record as it is after this turn, and why the turn failed, "" where it did not."""
    jobs = [replace(runner.timing_job(item, item.trial, _checkpoint(runner, item)), rounds=rounds) for item in items]
    result = runner.time(jobs)
    for at, item in enumerate(items):
        record = records[item.trial.key]
        timings = result.timings[at] if result.timings else []
        if _is_untimed(record):
            yield item, *_first_taken(runner, record, timings, result.cause)
            continue
        facts, measurements, failed = with_later_round(record.facts, record.measurements, timings, result.cause)
        yield item, replace(record, facts=facts, measurements=measurements), failed


def _first_taken(runner: Runner, record: Record, timings: Sequence[DeviceTiming], cause: str) -> tuple[Record, str]:
    """The record of what a worker trained with the first round of its times, and why it has none, "" where it has."""
    findings = Findings(status=record.status, facts=record.facts, measurements=record.measurements)
    timed = with_first_round(findings, timings) if timings else without_times(findings, "time", cause)
    facts, failed = timed.facts, str(timed.facts.get("timing_error", ""))
    machine = dict(runner.context.machine)
    return replace(record, facts=facts, measurements=timed.measurements, timing_machine=machine), failed


def _checkpoint(runner: Runner, item: Planned) -> Path:
    trial = item.trial
    return runner.store.path / "checkpoints" / trial.slug
