"""What happens in a run, in words: the lines that a plain log consists of, and those that stay above a live screen."""

from __future__ import annotations

from math import inf

from harness.runs.console.events import Epoch, Event, Note, Stage, Stopped, TrialEnded
from results.sanitize import harmless
from results.tables.number_format import duration

MARKS = {"ok": "✓", "skipped": "-"}


def scores(event: Epoch) -> str:
    """An epoch's losses, error and seconds."""
    losses = f"loss {event.train_loss:.4f} · val loss {event.eval_loss:.4f}"
    seconds = event.train_seconds + event.eval_seconds
    return f"{losses} · val err {100 - event.eval_top1:.1f} % · {seconds:.1f} s"


def outcome(event: TrialEnded) -> str:
    """What a trial came to."""
    if event.cause is not None:
        return f"{event.status} at {event.phase}: {event.cause}"
    parts = [f"{event.epochs} epochs"]
    parts += [f"val err {event.val_top1_err:.1f} %"] if event.val_top1_err is not None else []
    parts += [duration(event.total_seconds)] if event.total_seconds is not None else []
    parts += [f"best epoch {event.best_epoch}"] if event.best_epoch is not None else []
    return " · ".join([*parts, *([f"not timed: {event.timing_error}"] if event.timing_error else [])])


def mark(event: TrialEnded) -> str:
    return MARKS.get(event.status, "✗")


def left(event: Epoch | TrialEnded) -> str:
    """`about 1h 25m left`, `at most` where a training may end early; "" where nothing is known or left."""
    seconds = event.seconds_left
    if seconds is None or not 0 < seconds < inf:
        return ""
    return f"{'at most ' if event.at_most else ''}about {duration(seconds)} left"


def joined(*texts: str) -> str:
    return " · ".join(text for text in texts if text)


def one_line(text: str) -> str:
    """Text that may hold words of strangers as one line that no terminal obeys."""
    return harmless(text).replace("\n", " ")


def plain_lines(event: Event, clock: str) -> list[str]:
    """The lines of a plain log for an event, none where it has none; `clock` is the time of day."""
    match event:
        case Note(text=text):
            return [text]
        case Stage(line=text):
            return [text] if text else []
        case Epoch():
            head = f"{event.label}  epoch {event.epoch}/{event.epochs}"
            return [f"{clock} {joined(head, scores(event), left(event))}"]
        case TrialEnded():
            return [f"{clock} {mark(event)} {event.label}  {joined(outcome(event), left(event))}"]
        case Stopped():
            return [f"stopped: every trial that had ended is in {event.store}", f"go on with: {event.resume}"]
    return []
