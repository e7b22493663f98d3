"""The second half of a pick: the listed models probed on a person's images, in two rungs, down to the finalists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from harness.picks.downloads.arrivals import arriving, not_come
from harness.picks.listing.candidates import Candidate, Dropped
from harness.picks.listing.weights_plan import WEIGHTS, locator
from harness.picks.optimism import optimism
from harness.picks.probes.probe_models import probe_models
from harness.picks.rungs import FIRST_RUNG, SECOND_RUNG, Rung, survivors
from harness.plan.trials import Planned, plan
from harness.runs.console.events import Stage
from zoo.errors import ZooError
from zoo.selection import Choice

if TYPE_CHECKING:
    from harness.picks.downloads.arrivals import Arrived
    from harness.picks.listing.shortlist import Listed
    from harness.picks.make_listing import Listing
    from harness.picks.pick_file import PickFile
    from harness.picks.probes.probing import Probing
    from harness.picks.probes.result import ProbeResult
    from harness.picks.request import PickRequest
    from harness.runs.console.screen import Screen

STAGES = {1: "probe 1", 2: "probe 2"}
RULES: Mapping[int, Rung] = {1: FIRST_RUNG, 2: SECOND_RUNG}
OUT_OF_TIME = "time budget"


class TimeIsUp(Exception):
    """The budget is spent: no further model is begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """What both rungs of a pick share. `deadline` is a reading of the clock, None without a budget."""

    request: PickRequest
    listing: Listing
    probing: Probing
    file: PickFile
    screen: Screen
    device_type: str
    dataset: str
    deadline: float | None = None
    clock: Callable[[], float] = field(default=monotonic)

    def finalists(self) -> list[str]:
        """The names of the models that reach the finals, by the errors of the last rung that was gone through."""
        if not _kept(self.file.stages.get(STAGES[1], {"verdicts": []})):
            self.file.stages.pop(STAGES[1], None)  # a rung that nothing came through, for want of time or weights
        first = self.file.once(STAGES[1], self._first)
        kept = _kept(first)
        if not kept:
            raise _nothing_left(first)
        second = self.file.once(STAGES[2], lambda: self._second(kept))
        if not _kept(second):
            name, _, reason = second["dropped"][0]
            self.screen.line(f"note: none came through {STAGES[2]} ({name}: {reason}): those of {STAGES[1]} go on")
        return _kept(second) or kept[: RULES[2].least]

    def _first(self) -> dict[str, Any]:
        """All that are listed, each as soon as its weights are here."""
        began = self.clock()
        results: dict[str, ProbeResult] = {}
        dropped: list[Dropped] = []
        with arriving(self.listing.weights, locator(self.probing.zoo.models), self._downloading) as arrivals:
            for batch in _batches(arrivals, len(self.listing.weights.local)):
                dropped += [not_come(one, problem) for one, problem in batch if problem]
                here = [one for one, problem in batch if not problem]
                dropped += self._probe([one.candidate for one in here], 1, results)
        return self._judged(1, results, dropped, began)

    def _second(self, names: Sequence[str]) -> dict[str, Any]:
        """Those of the first rung, on more images, and how much too kind the best of them is."""
        began = self.clock()
        results: dict[str, ProbeResult] = {}
        candidates = [self.listing.candidates[name] for name in names]
        judged = self._judged(2, results, self._probe(candidates, 2, results), began)
        right = self._correct(2, results)
        units = self.probing.images.judged[2].units
        if right:
            kind = optimism(right, units, seed=self.request.run.seed)
            judged["optimism"] = {"error": kind.error, "pp": kind.pp, "num_models": kind.num_models}
            judged["num_images"] = len(units)
        return judged

    def _probe(self, candidates: Sequence[Candidate], stage: int, results: dict[str, ProbeResult]) -> list[Dropped]:
        """Probe models one after the other, and put what each came to into `results`; the rest has its reason."""
        planned, dropped = [], []
        for one in candidates:
            try:
                planned.append(self._planned(one))
            except ZooError as error:
                dropped.append(Dropped(name=one.name, stage=WEIGHTS, reason=error.cause))
        try:
            self._require_time()
            probe_models(planned, stage, self._probing(stage, results))
        except TimeIsUp:
            late = [item.trial.model for item in planned if item.trial.model not in results]
            dropped += [Dropped(name=name, stage=STAGES[stage], reason=OUT_OF_TIME) for name in late]
        return dropped

    def _planned(self, one: Candidate) -> Planned:
        """The trial whose frozen features are probed: those that a finalist's head is trained on."""
        spec, owner = self.probing.zoo.models[one.model]
        run = self.request.run
        (planned,) = plan(
            [Choice(spec=spec, owner=owner, weights=one.tag or None)],
            [run.seed],
            dataset=self.dataset,
            train=run.train,
            timing=run.timing,
            device=self.device_type,
        )
        return planned

    def _probing(self, stage: int, results: dict[str, ProbeResult]) -> Probing:
        def keep(result: ProbeResult) -> None:
            results[result.model] = result
            self._tell(stage, results)
            self._require_time()

        return replace(self.probing, on_result=keep)

    def _require_time(self) -> None:
        if self.deadline is not None and self.clock() > self.deadline:
            raise TimeIsUp

    def _tell(self, stage: int, results: Mapping[str, ProbeResult]) -> None:
        *_, result = results.values()
        right = result.correct(self.probing.images.judged[stage].labels)
        words = f"{100 - 100 * float(right.mean()):.1f} % wrong" if result.is_ok else f"{result.status}: {result.error}"
        line = f"  {STAGES[stage]}  {result.model}  {words}  {sum(result.seconds.values()):.1f}s"
        total = len(self.listing.tried) if stage == 1 else len(_kept(self.file.stages[STAGES[1]]))
        self.screen.tell(
            Stage(name=STAGES[stage], done=len(results), total=total, unit="models", detail=result.model, line=line)
        )

    def _downloading(self, name: str, done: int, total: int) -> None:
        self.screen.tell(Stage(name=f"download {name}", done=min(done, total), total=total, unit="B"))

    def _correct(self, stage: int, results: Mapping[str, ProbeResult]) -> dict[str, Any]:
        labels = self.probing.images.judged[stage].labels
        return {name: result.correct(labels) for name, result in results.items() if result.is_ok}

    def _judged(
        self, stage: int, results: Mapping[str, ProbeResult], dropped: list[Dropped], began: float
    ) -> dict[str, Any]:
        """What the rung has come to, as plain data: a verdict on each model, and what became of the others."""
        failed = [one for one in results.values() if not one.is_ok]
        dropped += [Dropped(name=one.model, stage=STAGES[stage], reason=f"{one.status}: {one.error}") for one in failed]
        verdicts = survivors(
            self._correct(stage, results),
            {name: one.candidate.prior for name, one in self.listing.listed.items() if one.candidate.prior is not None},
            self._bands(),
            RULES[stage],
            self.probing.images.judged[stage].units,
        )
        return {
            "num_images": len(self.probing.images.judged[stage].labels),
            "verdicts": [[one.model, one.is_kept, one.error, one.reason] for one in verdicts.values()],
            "dropped": [[one.name, one.stage, one.reason] for one in dropped],
            "probes": {name: _facts(result) for name, result in results.items()},
            "seconds": self.clock() - began,
        }

    def _bands(self) -> dict[str, int]:
        """Of a limit of time: without one no band is guarded, for nothing says that fast models are wanted."""
        listed = self.listing.listed.items()
        return {name: one.band for name, one in listed} if self.request.max_ms is not None else {}


def _facts(result: ProbeResult) -> dict[str, Any]:
    return {
        "seconds": sum(result.seconds.values()),
        "weights_sha256": result.facts.get("weights_sha256", ""),
        "img_size": result.facts.get("img_size"),
    }


def _batches(arrivals: Iterator[Arrived], num_local: int) -> Iterator[list[tuple[Listed, str]]]:
    """Those that are here together, which shares a process; then each as it comes."""
    local = [next(arrivals) for _ in range(num_local)]
    if local:
        yield local
    yield from ([one] for one in arrivals)


def _kept(rung: Mapping[str, Any]) -> list[str]:
    return [name for name, is_kept, *_ in rung["verdicts"] if is_kept]


def _nothing_left(rung: Mapping[str, Any]) -> ZooError:
    """Why no model could be probed at all, by the reason of the first."""
    name, _, reason = rung["dropped"][0]
    cause = f"none of {len(rung['dropped']):,} models could be probed; {name}: {reason}"
    return ZooError(cause, "see pick.csv for the others; weights can be fetched elsewhere: harness fetch")
