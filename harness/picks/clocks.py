"""Times models that are not here yet: random weights, no download, each in a process of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any

from harness.isolation import supervisor
from harness.isolation.timing_results import unpack
from harness.machine.oom import KILLED, said_in
from harness.picks import clock_worker
from harness.plan.config import TimingConfig, flat
from results.ranking.step_times import median_interval
from zoo.errors import first_line

if TYPE_CHECKING:
    from harness.isolation.supervisor import ExitReport
    from harness.trial.times import DeviceTiming

LIMIT_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockedModel:
    """What timing one model came to, in `seconds` with its building.

    `ms` a batch is the median, `low` to `high` its 95 % interval; None where `error` says why there is none. `status`
    is "ok", "failed", "oom" or "timeout". `disturbances` are what else the machine did meanwhile, one line each.
    """

    model: str
    status: str
    seconds: float
    ms: float | None = None
    low: float | None = None
    high: float | None = None
    error: str = ""
    disturbances: tuple[str, ...] = ()


def clocked(
    img_sizes: Mapping[str, int],
    device: str,
    timing: TimingConfig,
    *,
    num_classes: int = 1000,
    plugins: Sequence[str] = (),
    exact: bool = False,
    memory_mib: int | None = None,
    limit_s: float = LIMIT_S,
) -> Iterator[ClockedModel]:
    """Time one model after the other on images of its size, under the conditions of `harness time`.

    `img_sizes` are by the models' names in the zoo, `plugins` the -p arguments. A model that cannot be built, crashes
    or takes longer than `limit_s` seconds costs only itself.
    """
    supervisor.start_server()
    for model, img_size in img_sizes.items():
        job = {"model": model, "img_size": img_size, "num_classes": num_classes, "device": device, "exact": exact}
        job |= {"timing": flat(timing), "plugins": list(plugins), "memory_mib": memory_mib}
        yield _clocked(job | {"environment": dict(os.environ)}, limit_s)


def _clocked(job: Mapping[str, Any], limit_s: float) -> ClockedModel:
    began = monotonic()
    kind = job["device"].partition(":")[0]
    child = supervisor.Supervisor(
        target=clock_worker.main, context=supervisor.context_for(kind), timeout_s=limit_s or None
    )
    report = child.run(json.dumps(job))
    seconds = monotonic() - began
    try:
        timed = unpack((report.result or {})["times"], 1, [kind])[0][0]
    except (KeyError, ValueError, TypeError) as error:
        return _ended(job["model"], report, f"no times: {first_line(error)}", limit_s, seconds)
    return _timed(job["model"], timed, kind, seconds)


def _timed(model: str, timed: DeviceTiming, kind: str, seconds: float) -> ClockedModel:
    measured = timed.timing.measured(f"{kind}_infer_step_time") if timed.timing else None
    if timed.timing is None or measured is None:
        status = "oom" if timed.out_of_memory else "failed"
        return ClockedModel(model=model, status=status, seconds=seconds, error="; ".join(timed.errors))
    low, high = median_interval(measured)
    return ClockedModel(
        model=model,
        status="ok",
        seconds=seconds,
        ms=measured.median,
        low=low,
        high=high,
        disturbances=timed.timing.disturbances,
    )


def _ended(model: str, report: ExitReport, otherwise: str, limit_s: float, seconds: float) -> ClockedModel:
    if report.timed_out:
        error = f"{report.phase}: not done within {limit_s:g} s"
        return ClockedModel(model=model, status="timeout", seconds=seconds, error=error)
    if cause := said_in(report.log):
        return ClockedModel(model=model, status="oom", seconds=seconds, error=f"{report.phase}: {cause}")
    if report.signal_name:
        otherwise = KILLED if report.signal_name == "SIGKILL" else f"crashed with {report.signal_name}"
    return ClockedModel(
        model=model, status="failed", seconds=seconds, error=f"{report.phase}: {report.problem or otherwise}"
    )
