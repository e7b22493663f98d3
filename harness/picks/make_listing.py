"""The first half of a pick: from the catalogue to the models that are tried, with what has become of each other one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from harness.machine.system import free_memory
from harness.picks.listing import latencies, weights_plan
from harness.picks.listing.candidates import Candidate, Dropped, cut, of_catalogue, own_models
from harness.picks.listing.latencies import Clocks, Latency
from harness.picks.listing.shortlist import Listed, bands, shortlist
from harness.picks.listing.weights_plan import WeightsPlan, is_local, locator, plan_weights
from results.tables.number_format import digits
from zoo.catalogue.licenses import parse_licenses
from zoo.catalogue.snapshot import entries
from zoo.errors import ZooError, first_line
from zoo.specs import USUAL_SIZE

if TYPE_CHECKING:
    from harness.picks.pick_file import PickFile
    from harness.picks.request import PickRequest
    from zoo.discovery import Zoo

SHIPPED = "shipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A stage that is over: how many models were left, in words why, and how long it took."""

    left: int
    words: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The models to try, in `weights` by where theirs are; what is known of all, and where each other one was dropped.

    `candidates` are all that there were, by name. `wanted` are those of the shortlist that --offline leaves out.
    """

    candidates: Mapping[str, Candidate]
    listed: Mapping[str, Listed]
    weights: WeightsPlan
    wanted: tuple[Listed, ...]
    latencies: Mapping[str, Latency]
    dropped: tuple[Dropped, ...]
    steps: tuple[Step, ...]

    @property
    def tried(self) -> tuple[Listed, ...]:
        """Those of which the weights are here or on their way."""
        return (*self.weights.local, *self.weights.fetched)


@dataclass(slots=True, kw_only=True)
class _Work:
    """A listing in the making."""

    request: PickRequest
    zoo: Zoo
    file: PickFile
    clocks: Clocks
    device_type: str
    dropped: list[Dropped] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    latencies: dict[str, Latency] = field(default_factory=dict)
    began: float = field(default_factory=monotonic)

    def step(self, left: Sequence[object], words: str, dropped: Iterable[Dropped] = ()) -> None:
        """End a stage."""
        now = monotonic()
        self.dropped += dropped
        self.steps.append(Step(left=len(left), words=words, seconds=now - self.began))
        self.began = now


def make_listing(request: PickRequest, zoo: Zoo, file: PickFile, clocks: Clocks, device_type: str) -> Listing:
    """Stages 0 to 3: cut, predict, shortlist, time. Raises ZooError where no model is left to try."""
    work = _Work(request=request, zoo=zoo, file=file, clocks=clocks, device_type=device_type)
    everything = _all(zoo)
    work.step(everything, "pretrained models")
    kept = _cut(work, everything)
    fast = _fast(work, kept)
    listed, wanted = _shortlisted(work, fast)
    listed = _timed(work, listed)
    _require_some(listed or wanted, work, f"none of {len(fast):,} models that fit is left")
    locate = locator(zoo.models)
    plan = plan_weights(listed, locate, max_download=request.max_download, offline=request.offline)
    plan = _as_kept(plan, listed, file)
    work.dropped += plan.missing
    return Listing(
        candidates={one.name: one for one in everything},
        listed={one.candidate.name: one for one in listed},
        weights=plan,
        wanted=wanted,
        latencies=work.latencies,
        dropped=tuple(work.dropped),
        steps=tuple(work.steps),
    )


def _all(zoo: Zoo) -> list[Candidate]:
    shipped = frozenset(info.name for info in zoo.plugins if info.source == SHIPPED)
    return [*of_catalogue(entries()), *own_models(zoo.models, shipped)]


def _cut(work: _Work, everything: Sequence[Candidate]) -> list[Candidate]:
    request = work.request
    licenses = parse_licenses(request.license) if request.license else None
    memory = work.file.once("memory", lambda: free_memory() if work.device_type == "cpu" else None)
    kept, dropped = cut(everything, work.zoo.models, request.limits(work.device_type, memory or None, licenses))
    work.step(kept, "licence and size" if licenses else "size", dropped)
    _require_some(kept, work, f"none of {len(everything):,} pretrained models is within the limits")
    return kept


def _fast(work: _Work, kept: Sequence[Candidate]) -> list[Candidate]:
    """Those that may be within --max-ms, by prediction; all of them without a limit."""
    max_ms = work.request.max_ms
    if max_ms is None:
        return list(kept)
    kind = work.clocks.device.partition(":")[0]
    anchored = latencies.anchors(kept, kind)
    timed = work.file.once("anchors", lambda: work.clocks.time(anchored, {}))
    work.latencies |= latencies.predicted(kept, timed, anchored, kind)
    fast, dropped = latencies.within(kept, work.latencies, max_ms)
    work.step(fast, "may be fast enough", dropped)
    fastest = min(work.latencies.items(), key=lambda pair: pair[1].ms, default=None)
    nearest = f"; the fastest, {fastest[0]}, takes about {digits(fastest[1].ms)}" if fastest else ""
    _require_some(fast, work, f"none of {len(kept):,} models may be done in {max_ms:g} ms{nearest}")
    return fast


def _shortlisted(work: _Work, fast: Sequence[Candidate]) -> tuple[list[Listed], tuple[Listed, ...]]:
    """The shortlist; with --offline one of what is here, and those of the other that are not."""
    request = work.request
    band = bands(fast, {name: one.ms for name, one in work.latencies.items()}, request.max_ms)
    size, seed = request.size(work.device_type), request.run.seed
    listed, dropped = shortlist(fast, band, size, seed)
    wanted: tuple[Listed, ...] = ()
    if request.offline:
        locate = locator(work.zoo.models)
        away = work.file.once("away", lambda: {one.name: why for one in fast if (why := _why_away(one, locate))})
        wanted = tuple(one for one in listed if one.candidate.name in away)
        listed, dropped = shortlist([one for one in fast if one.name not in away], band, size, seed)
        dropped += [Dropped(name=name, stage=weights_plan.WEIGHTS, reason=why) for name, why in away.items()]
    work.step(listed, "shortlisted", dropped)
    return listed, wanted


def _why_away(one: Candidate, locate: weights_plan.Locate) -> str:
    """Why its weights are not to be had without a network; "" where they are here."""
    try:
        return "" if is_local(one, locate) else "its weights are not here (--offline)"
    except Exception as error:  # a plugin's own
        return f"{type(error).__name__}: {first_line(error)}"


def _timed(work: _Work, listed: Sequence[Listed]) -> list[Listed]:
    """Without those that a measurement shows to be over the limit: only what a prediction leaves open is measured."""
    max_ms = work.request.max_ms
    if max_ms is None:
        return list(listed)
    open_ones = latencies.straddlers([one.candidate for one in listed], work.latencies, max_ms)
    sizes = {one.model: _own_size(work.zoo, one) for one in open_ones if not one.img_size}
    timed = work.file.once("clock", lambda: work.clocks.time(open_ones, sizes))
    known, dropped = latencies.timed_within(open_ones, timed, max_ms)
    work.latencies |= known
    slow = {one.name for one in dropped}
    left = [one for one in listed if one.candidate.name not in slow]
    work.step(left, f"within {max_ms:g} ms", dropped)
    return left


def _own_size(zoo: Zoo, one: Candidate) -> int:
    """The size of image that a model of the user's own was designed for."""
    return zoo.models[one.model][0].input_for(one.tag or None).size or USUAL_SIZE


def _as_kept(plan: WeightsPlan, listed: Sequence[Listed], file: PickFile) -> WeightsPlan:
    """The plan that the pick was begun with: what has come since then was to be fetched all the same."""
    kept: dict[str, Any] = file.once(
        "weights",
        lambda: {
            "local": [one.candidate.name for one in plan.local],
            "fetched": [one.candidate.name for one in plan.fetched],
            "missing": [[one.name, one.reason] for one in plan.missing],
        },
    )
    by_name = {one.candidate.name: one for one in listed}
    return WeightsPlan(
        local=tuple(by_name[name] for name in kept["local"]),
        fetched=tuple(by_name[name] for name in kept["fetched"]),
        missing=tuple(
            Dropped(name=name, stage=weights_plan.WEIGHTS, reason=reason) for name, reason in kept["missing"]
        ),
    )


def _require_some(left: Sequence[object], work: _Work, cause: str) -> None:
    if not left:
        reasons: dict[str, int] = {}
        for one in work.dropped:
            reasons[one.stage] = reasons.get(one.stage, 0) + 1
        by_stage = ", ".join(f"{count:,} at {stage}" for stage, count in reasons.items())
        raise ZooError(cause, f"loosen a limit: {by_stage} were left out")
