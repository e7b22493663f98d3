"""The process of one logger: opens it, gives it one event after the other, and says when each is done.

It loads no torch, and no plugin but the logger's own. It is spawned, never forked: a library of a logger may have
threads, and what the run has loaded is none of its business.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from harness.isolation.child_process import die_with_parent, kill_descendants, lead_group, print_into
from harness.isolation.pipes import write_line
from harness.plan.plugin_guard import WATCHED
from harness.runs.loggers.attempts import Attempts
from harness.runs.loggers.trial_event import trial_event
from results.store.atomic import read_regular
from results.store.codec import from_json
from results.store.run_store import RunStore
from zoo.discovery import collect
from zoo.events import EpochEvent, Logger, RunEvent
from zoo.manager.loading import only, read_requests
from zoo.manager.problem import one_line
from zoo.specs import resolve

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def main(text: str, events: Connection, answers: Connection, log: Connection) -> None:
    """Answer {"done": N} once N events are dealt with, opening being the first, or {"problem": …} and end."""
    # In this order: to die with the parent is to kill the group, which until here is the parent's own.
    lead_group()
    die_with_parent()
    print_into(log)
    step = "open"
    try:
        logging = _opened(json.loads(text))
        _answer(answers, {"done": 1})
        for number, message in enumerate(_messages(events), 2):
            step = str(message["step"])
            logging.take(step, message)
            _answer(answers, {"done": number})
    except BaseException as error:  # SystemExit too: whatever a logger raises is its own failure
        traceback.print_exc()
        _answer(answers, {"problem": f"{step}: {one_line(error)}"[:300]})
    _leave()


def _answer(answers: Connection, message: Mapping[str, Any]) -> None:
    """Say it after all that was printed: the run may end this process once it has its answer."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # whatever a logger has made of it
            stream.flush()
    write_line(answers, message)


@dataclass(frozen=True, slots=True)
class Logging:
    """An opened logger, and what it was given in this run so far."""

    logger: Logger
    attempts: Attempts

    def take(self, step: str, message: Mapping[str, Any]) -> None:
        """Deal with one message of the run: an epoch, a trial's record, or the end."""
        if step == "epoch":
            self._epoch(message, message["row"])
        elif step == "trial":
            self._trial(message, Path(message["path"]))
        else:
            self.logger.close()

    def _epoch(self, about: Mapping[str, Any], row: Mapping[str, Any]) -> None:
        number = self.attempts.number(about["key"], row)
        if number is None:
            return
        event = EpochEvent(
            **{name: about[name] for name in ("key", "name", "model", "dataset", "seed", "fold", "epochs")},
            attempt=number,
            epoch=row["epoch"] + 1,
            metrics=epoch_metrics(row, about["num_train"]),
        )
        self.logger.epoch(event)
        self.attempts.mark_epoch(about["key"], number, row)

    def _trial(self, about: Mapping[str, Any], path: Path) -> None:
        """The record, after those of its epochs that nobody heard of: the logger was off, or the run was killed."""
        content = read_regular(path)
        record, digest = from_json(content), json.loads(content)["sha256"]
        if self.attempts.is_given(record.key, digest):
            return
        for row in record.history:
            self._epoch(about, row)
        self.logger.trial(trial_event(record, path, self.attempts.latest(record.key)))
        self.attempts.mark_record(record.key, digest)


def epoch_metrics(row: Mapping[str, Any], num_train: int) -> dict[str, float]:
    """The figures of a row of the history, as loggers have them: errors instead of accuracies, images per second."""
    seconds = row["train_seconds"]
    return {
        "train_loss": row["train_loss"],
        "val_loss": row["eval_loss"],
        "val_top1_err": 100 - row["eval_top1"],
        **({"lr": row["lr"]} if "lr" in row else {}),
        **({"train_images_per_sec": num_train / seconds} if seconds > 0 else {}),
    }


def _opened(job: Mapping[str, Any]) -> Logging:
    """The logger of the job: {"name", "owner", "source", "plugins", "run", "folder"}."""
    requests = read_requests(job["plugins"], os.environ)
    zoo = collect(only(job["owner"], job["source"]), requests, WATCHED)
    spec, _ = zoo.logger(job["name"])
    run, folder = Path(job["run"]), Path(job["folder"])
    event = RunEvent(name=run.name, configuration=RunStore.open(run).configuration)
    attempts = Attempts.read(folder.with_name(f"{folder.name}.given.jsonl"))
    return Logging(resolve(spec.open)(folder, event), attempts)


def _messages(events: Connection) -> Iterator[Mapping[str, Any]]:
    """What the run says, up to the end: its own word, or that of the pipe."""
    with open(events.fileno(), encoding="utf-8", closefd=False) as lines:
        for line in lines:
            message = json.loads(line)
            yield message
            if message["step"] == "close":
                return


def _leave() -> NoReturn:
    """End at once: threads and exit handlers of a logger's library have had their time in `close`."""
    kill_descendants(os.getpid())
    os._exit(0)
