"""What a live screen shows below its finished lines: a bar for what goes on now, and one for the whole.

Arithmetic and words alone: it reads no clock and knows no terminal but by its width.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.runs.console.events import Epoch, OfTrial, Phase, Progress, Stage, Started, TrialEnded, TrialStarted
from results.tables.number_format import duration, shown_bytes
from results.tables.text import clipped, padded, width

if TYPE_CHECKING:
    from harness.runs.console.events import Event

BAR, SHORT_BAR, LEAST_BAR, NAME, LEAST_NAME = 18, 12, 6, 32, 16  # columns
ROUGH_SECONDS = 600  # of an end that is further off, only minutes are meant
MIB = 2**20
PHASES = {
    "start": "starting",
    "build": "building",
    "data": "reading images",
    "features": "computing features",
    "train": "training",
    "evaluate": "evaluating",
    "check": "training again",
    "deliver": "to be timed",
    "time": "timing",
}
# A piece of a line and how it is shown: "done" and "open" are a bar's parts, "" is plain.
Span = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveState:
    """What the screen knows: `began` and `over` are readings of its clock, in seconds."""

    began: float = 0.0
    started: Started | None = None
    trial: OfTrial | None = None
    phase: str = ""
    epoch: Epoch | None = None
    progress: Progress | None = None
    stage: Stage | None = None
    done: int = 0
    over: float | None = None
    at_most: bool = False


def after(state: LiveState, event: Event, now: float) -> LiveState:
    """The state once `event` has happened. Of trials that run at once one is shown until it ends, then another."""
    if isinstance(event, TrialStarted | Phase | Progress | Epoch):
        if state.trial is None:
            state = replace(state, trial=event, phase="", epoch=None, progress=None)
        elif state.trial.label != event.label:
            return _with_end(state, event, now) if isinstance(event, Epoch) else state
    match event:
        case Started():
            return replace(state, started=event, began=now, done=event.done, stage=None)
        case TrialStarted():
            return replace(state, stage=None)
        case Phase():
            return replace(state, phase=event.phase, stage=None)
        case Progress():
            return replace(state, progress=event, phase="train", stage=None)
        case Epoch():
            return replace(_with_end(state, event, now), epoch=event)
        case TrialEnded():
            state = replace(state, done=state.done + 1)
            if state.trial is None or state.trial.label == event.label:
                state = replace(state, trial=None, epoch=None, progress=None, stage=None)
            return _with_end(state, event, now)
        case Stage():
            return replace(state, stage=event)
    return state


def _with_end(state: LiveState, event: Epoch | TrialEnded, now: float) -> LiveState:
    over = None if event.seconds_left is None else now + event.seconds_left
    return replace(state, over=over, at_most=event.at_most)


def frame(state: LiveState, columns: int, now: float, clock: float) -> list[list[Span]]:
    """The lines, each of `columns` at most; `clock` is the Unix time of `now`."""
    lines = [_stage(state.stage)] if state.stage else []
    lines += [_trial(state)] if state.trial and not state.stage else []
    lines += [_whole(state, now, clock)] if state.started else []
    wide = min(NAME, max((width(line.name) for line in lines), default=0))
    fitted = [_fitted(line, wide, columns) for line in lines]
    bar = min((one.room for one in fitted if one.line.share is not None), default=0)  # all bars as long as each other
    return [_spans(one, bar, columns) for one in fitted]


@dataclass(frozen=True, slots=True)
class _Line:
    """A sign, a name, the share of a bar (None: no bar), and words; of these go first those with high numbers."""

    sign: str
    name: str
    share: float | None
    parts: Sequence[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A line's name and words as they fit, and the columns that are left for its bar."""

    line: _Line
    name: str
    words: str
    room: int


def text_of(line: Sequence[Span]) -> str:
    """A line without its colours."""
    return "".join(text for text, _ in line)


def _stage(stage: Stage) -> _Line:
    done = _amount(stage.done, stage.unit)
    if not stage.total:
        return _Line("▶", stage.name, None, [(0, done if stage.done else "…"), (1, stage.detail)])
    of_all = f"{done}/{_amount(stage.total, stage.unit)}"
    return _Line("▶", stage.name, stage.done / stage.total, [(0, of_all), (1, stage.detail)])


def _amount(count: int, unit: str) -> str:
    return shown_bytes(count) if unit == "B" else f"{count:,}"


def _trial(state: LiveState) -> _Line:
    """Epoch and batch, error and speed of the trial that runs."""
    name = state.trial.label if state.trial else ""
    if state.phase != "train":
        return _Line("▶", name, None, [(0, PHASES.get(state.phase, "starting"))])
    epoch, progress = state.epoch, state.progress
    error = [(1, f"val err {100 - epoch.eval_top1:.1f} %")] if epoch else []
    speed = [(3, f"{progress.images_per_s:,.0f} img/s")] if progress else []
    if progress and (epoch is None or progress.epoch > epoch.epoch):
        share = (progress.epoch - 1 + progress.batch / progress.batches) / progress.epochs
        where = [(0, f"epoch {progress.epoch}/{progress.epochs}"), (2, f"batch {progress.batch}/{progress.batches}")]
        return _Line("▶", name, share, [*where, *error, *speed])
    done = f"epoch {epoch.epoch}/{epoch.epochs}" if epoch else PHASES["train"]
    return _Line("▶", name, epoch.epoch / epoch.epochs if epoch else 0.0, [(0, done), *error, *speed])


def _whole(state: LiveState, now: float, clock: float) -> _Line:
    """How many trials have ended, for how long, when the last one will, and what holds the present one up."""
    trials = state.started.trials if state.started else 0
    parts = [(0, f"{state.done}/{trials}"), (2, duration(now - state.began))]
    parts += [(1, _end(state, now, clock))] if state.over is not None and state.over > now else []
    return _Line(" ", "all", state.done / trials if trials else 0.0, [*parts, *_load(state)])


def _end(state: LiveState, now: float, clock: float) -> str:
    """`ETA 47m (14:52)`; with `≤` where trainings may end early."""
    seconds = (state.over or now) - now
    at = time.strftime("%H:%M", time.localtime(clock + seconds))
    rough = duration(60 * round(seconds / 60)).removesuffix(" 00s")
    return f"ETA {'≤ ' if state.at_most else ''}{rough if seconds > ROUGH_SECONDS else duration(seconds)} ({at})"


def _load(state: LiveState) -> list[tuple[int, str]]:
    progress, started = state.progress, state.started
    if progress is None or started is None:
        return []
    kind = "RAM" if started.device == "cpu" else "GPU"
    total = f"/{started.memory_gib:.0f} GiB" if started.memory_gib else ""
    used = f"{progress.memory_mib / 1024:.1f}" if total else shown_bytes(progress.memory_mib * MIB)
    return [(4, f"{kind} {used}{total}"), (3, f"data wait {100 * progress.wait_share:.0f} %")]


def _fitted(line: _Line, wide: int, columns: int) -> _Fitted:
    """The line with as much of its words as fits; its name is clipped rather than its first words."""
    parts = [part for part in line.parts if part[1]]
    kept: list[tuple[int, str]] = []
    for part in sorted(parts):
        if not kept or _long([*kept, part]) <= columns - _least(line, wide, is_first=part[0] < 2):
            kept.append(part)
    words = " · ".join(text for _, text in (part for part in parts if part in kept))
    name = max(1, min(wide, columns - 4 - (0 if line.share is None else LEAST_BAR + 1) - width(words)))
    bar_room = max(LEAST_BAR, min(BAR, columns - 5 - name - width(words)))
    return _Fitted(line, padded(clipped(line.name, name), name, left=True), words, bar_room)


def _spans(fitted: _Fitted, bar: int, columns: int) -> list[Span]:
    line = fitted.line
    spans: list[Span] = [(f" {line.sign} ", "sign"), (f"{fitted.name} ", "")]
    if line.share is not None:
        full = round(bar * min(1.0, max(0.0, line.share)))
        spans += [("━" * full, "done"), ("─" * (bar - full) + " ", "open")]
    return cut([*spans, (fitted.words, "")], columns)


def _least(line: _Line, wide: int, *, is_first: bool) -> int:
    """Columns that words leave to what stands before them; the first of them may shorten it."""
    bar = 0 if line.share is None else 1 + (LEAST_BAR if is_first else SHORT_BAR)
    return 4 + bar + (min(LEAST_NAME, width(line.name)) if is_first else wide)


def _long(parts: Sequence[tuple[int, str]]) -> int:
    return width(" · ".join(text for _, text in parts))


def cut(spans: Sequence[Span], columns: int) -> list[Span]:
    """The line without what a terminal would wrap."""
    kept: list[Span] = []
    for text, style in spans:
        left = columns - sum(width(one) for one, _ in kept)
        kept.append((clipped(text, left) if left > 0 else "", style))
    return kept
