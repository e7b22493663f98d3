"""The models of a pick as their weights come: those that are here first, the others while these are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from queue import Queue
from threading import Event, Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from harness.picks.listing.candidates import Dropped
from harness.picks.listing.weights_plan import WEIGHTS, Locate, WeightsPlan
from zoo.errors import ZooError, first_line
from zoo.libraries.fetch import fetch

if TYPE_CHECKING:
    from harness.picks.listing.shortlist import Listed

    # Gets the model whose weights come, their bytes that are here, and those of the whole as estimated.
    Tell = Callable[[str, int, int], None]

AWAY = "does not answer"  # what is said of a host: it is not asked again for each of its files
HUGGING_FACE = "Hugging Face"
Arrived = tuple["Listed", str]  # a model, and why its weights did not come ("" where they did)


@contextmanager
def arriving(plan: WeightsPlan, locate: Locate, tell: Tell) -> Iterator[Iterator[Arrived]]:
    """Within, each model of `plan` once its weights are here, or could not be fetched. What has come stays."""
    waiting: Queue[Arrived | None] = Queue()
    over = Event()
    context = copy_context()  # who listens to downloads is known by it
    thread = Thread(target=context.run, args=(_fetch_all, plan.fetched, locate, waiting, over, tell), daemon=True)
    thread.start()
    try:
        yield _in_turn(plan.local, waiting)
    finally:
        over.set()


def _in_turn(local: Sequence[Listed], waiting: Queue[Arrived | None]) -> Iterator[Arrived]:
    yield from ((one, "") for one in local)
    while (arrived := waiting.get()) is not None:
        yield arrived


def _fetch_all(
    fetched: Sequence[Listed], locate: Locate, waiting: Queue[Arrived | None], over: Event, tell: Tell
) -> None:
    away: dict[str, str] = {}
    for one in fetched:
        if over.is_set():
            break
        waiting.put((one, _fetch(one, locate, away, tell)))
    waiting.put(None)


def _fetch(one: Listed, locate: Locate, away: dict[str, str], tell: Tell) -> str:
    """Why the weights of a model did not come, "" where they did; `away` has what is said of hosts that are away."""
    candidate, host = one.candidate, ""
    try:
        source = locate(candidate)
        if source is None:
            return ""
        host = HUGGING_FACE if source.repository else urlsplit(source.url).hostname or ""
        if host in away:
            return f"cannot download {source.file_name}: {away[host]}"
        fetch(source, lambda done: tell(candidate.name, done, candidate.num_bytes))
    except ZooError as error:
        if AWAY in error.cause:
            away[host] = error.cause.rpartition(": ")[2]
        return error.cause
    except Exception as error:  # of a library, such as one that another version of it has renamed
        return f"{type(error).__name__}: {first_line(error)}"
    return ""


def not_come(one: Listed, problem: str) -> Dropped:
    """A model whose weights could not be had."""
    return Dropped(name=one.candidate.name, stage=WEIGHTS, reason=problem)
