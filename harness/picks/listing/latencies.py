"""How long candidates take, from twelve that are timed here, and which of them may lie within a limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.picks.clocks import clocked
from harness.picks.cpu_times import earlier_times
from harness.picks.latency import choose_anchors, fit
from harness.picks.listing.candidates import Candidate, Dropped
from results.tables.number_format import digits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.plan.config import TimingConfig

LATENCY, CLOCK = "latency", "clock"
NUM_ANCHORS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds a batch: the median and the ends of its interval, 90 % where predicted, 95 % where measured here."""

    ms: float
    low: float
    high: float
    is_measured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Times models in child processes under one set of conditions; `tell` hears of each before it begins."""

    device: str
    timing: TimingConfig
    plugins: tuple[str, ...]
    memory_mib: int | None
    tell: Callable[[str, int, int], None]

    def time(self, candidates: Sequence[Candidate], sizes: Mapping[str, int]) -> dict[str, dict[str, Any]]:
        """What each came to, by the model's name, as plain data: `ms`, `low` and `high`, or `error`.

        `sizes` are those of the images of models of which the catalogue knows none.
        """
        img_sizes = {one.model: one.img_size or sizes[one.model] for one in candidates}
        names = list(img_sizes)
        results: dict[str, dict[str, Any]] = {}
        self.tell(names[0] if names else "", 0, len(names))
        for number, one in enumerate(
            clocked(img_sizes, self.device, self.timing, plugins=self.plugins, memory_mib=self.memory_mib), 1
        ):
            known = {"ms": one.ms, "low": one.low, "high": one.high}
            results[one.model] = known if one.ms is not None else {"error": f"{one.status}: {one.error}"}
            self.tell(names[number] if number < len(names) else "", number, len(names))
        return results


def anchors(candidates: Sequence[Candidate], device: str) -> list[Candidate]:
    """Those to time first: of few candidates all, of many the most telling. One an architecture."""
    sized = list({one.model: one for one in candidates if one.macs}.values())
    if len(sized) <= NUM_ANCHORS:
        return sized
    return [sized[place] for place in choose_anchors(sized, NUM_ANCHORS, earlier_times(device))]


def predicted(
    candidates: Sequence[Candidate],
    timed: Mapping[str, Mapping[str, Any]],
    anchored: Iterable[Candidate],
    device: str,
) -> dict[str, Latency]:
    """The latency of each candidate of which the size is known, by its name: as it was timed, or from those that were.

    An architecture that was timed at another size of image is predicted as well.
    """
    known = [(one, float(timed[one.model]["ms"])) for one in anchored if "ms" in timed.get(one.model, {})]
    if not known:
        return {}
    model, sizes = fit(known, earlier_times(device)), {(one.model, one.img_size) for one, _ in known}
    latencies = {}
    for one in candidates:
        if (one.model, one.img_size) in sizes:
            latencies[one.name] = measured(timed[one.model])
        elif one.macs:
            foretold = model.predict(one)
            latencies[one.name] = Latency(ms=foretold.ms, low=foretold.low, high=foretold.high, is_measured=False)
    return latencies


def measured(result: Mapping[str, Any]) -> Latency:
    """What a model was timed at."""
    return Latency(ms=float(result["ms"]), low=float(result["low"]), high=float(result["high"]), is_measured=True)


def within(
    candidates: Sequence[Candidate], latencies: Mapping[str, Latency], max_ms: float
) -> tuple[list[Candidate], list[Dropped]]:
    """Those that may take at most `max_ms`, those of which nothing is known among them, and the others."""
    slow = {name: one for name, one in latencies.items() if (one.ms if one.is_measured else one.low) > max_ms}
    dropped = [
        Dropped(name=one.name, stage=LATENCY, reason=_too_slow(slow[one.name], max_ms))
        for one in candidates
        if one.name in slow
    ]
    return [one for one in candidates if one.name not in slow], dropped


def straddlers(candidates: Sequence[Candidate], latencies: Mapping[str, Latency], max_ms: float) -> list[Candidate]:
    """Those of which only a measurement can say whether they are within the limit."""
    return [
        one
        for one in candidates
        if one.name not in latencies or (not latencies[one.name].is_measured and latencies[one.name].high > max_ms)
    ]


def timed_within(
    candidates: Sequence[Candidate], timed: Mapping[str, Mapping[str, Any]], max_ms: float
) -> tuple[dict[str, Latency], list[Dropped]]:
    """The latency of each candidate that was `timed` after all, and what became of those that are over the limit."""
    latencies, dropped = {}, []
    for one in candidates:
        result = timed.get(one.model)
        if result is None:
            continue
        if "error" in result:
            dropped.append(Dropped(name=one.name, stage=CLOCK, reason=f"cannot be timed: {result['error']}"))
            continue
        latencies[one.name] = measured(result)
        if latencies[one.name].ms > max_ms:
            dropped.append(Dropped(name=one.name, stage=CLOCK, reason=_too_slow(latencies[one.name], max_ms)))
    return latencies, dropped


def _too_slow(latency: Latency, max_ms: float) -> str:
    if latency.is_measured:
        return f"latency {digits(latency.ms)} ms > {max_ms:g}"
    return f"latency {digits(latency.ms)} ms predicted, at least {digits(latency.low)} > {max_ms:g}"
