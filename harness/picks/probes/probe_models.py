"""Models probed one after the other in child processes; whatever becomes of one is its result, kept in a file.

A process probes several models of one plugin. Who fails as a further one of a process is tried once more as the first
of another: what a model comes to depends on no other, nor on the order in which they come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any

from harness.isolation.dataset_files import hand_over
from harness.isolation.pipes import open_pipe
from harness.isolation.supervisor import start_server
from harness.machine.facts import machine_facts
from harness.machine.system import LIBRARIES
from harness.picks.probes.child import Child
from harness.picks.probes.result import ProbeResult
from harness.picks.probes.store import identity_of, read_probe, write_probe
from harness.runs.content import Content

if TYPE_CHECKING:
    from harness.picks.probes.probing import Probing
    from harness.plan.trials import Planned

AT_ONCE = 16  # models in a process


def probe_models(planned: Sequence[Planned], stage: int, probing: Probing) -> dict[str, ProbeResult]:
    """A result for each model of `planned`, in their order, at stage 1 (ridge) or 2 (logistic regression).

    One that is kept in the pick's folder costs nothing; any other is kept there before the next model begins, so that
    after a kill at any moment the same call goes on. Each of `planned` is a trial of another model, with the weights,
    image size and numerics that its training would have. Raises StoreError where the disk is full.
    """
    content = Content.of(planned, probing.zoo)
    identities = {item.trial.model: _identity(item, stage, probing, content) for item in planned}
    results = {result.model: result for item in planned if (result := _kept(item, stage, probing, identities))}
    for result in results.values():
        probing.on_result(result)

    one_at_a_time = Lock()

    def keep(result: ProbeResult) -> None:
        with one_at_a_time:
            write_probe(probing.probes, result, identities[result.model])
            results[result.model] = result
            probing.on_result(result)

    to_do = [item for item in planned if item.trial.model not in results]
    if to_do:
        if probing.device.type == "cpu":
            start_server()
        child = Child(stage=stage, probing=probing, content=content, keep=keep)
        hand_over(probing.dataset(stage), child.data)
        _carry_all_out(to_do, child)
    return {item.trial.model: results[item.trial.model] for item in planned}


def _carry_all_out(items: Sequence[Planned], child: Child) -> None:
    """In as many processes at a time as there are to be; where one of them raises, or a person stops, all end."""
    num_processes = child.probing.num_processes
    halt = open_pipe()
    child = replace(child, halt=halt.reader)
    with ThreadPoolExecutor(num_processes) as pool:
        parts = [pool.submit(_carry_out, part, child) for part in _parts(items, num_processes)]
        try:
            for part in as_completed(parts):
                part.result()
        except BaseException:
            halt.writer.close()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        finally:
            halt.writer.close()
            halt.reader.close()


def _carry_out(items: Sequence[Planned], child: Child) -> None:
    """Probe models of one plugin, in one process as long as none of them leaves it in doubt."""
    left = list(items)
    while left:
        del left[: child.run(left)]


def _parts(items: Sequence[Planned], num_processes: int) -> Iterator[list[Planned]]:
    """Those of one plugin, which sees no other's models, and no more than a process is to carry.

    Of several processes at a time each gets half its share of those that are left: few wait for the last of another.
    """
    owners: dict[str, list[Planned]] = {}
    for item in items:
        owners.setdefault(item.choice.owner, []).append(item)
    for left in owners.values():
        while left:
            share = len(left) if num_processes == 1 else -(-len(left) // (2 * num_processes))
            size = min(share, AT_ONCE)
            yield left[:size]
            del left[:size]


def _kept(item: Planned, stage: int, probing: Probing, identities: dict[str, str]) -> ProbeResult | None:
    """What an earlier call found out of the model."""
    model = item.trial.model
    return read_probe(probing.probes, model, stage, identities[model], note=probing.note, **probing.expected(stage))


def _identity(item: Planned, stage: int, probing: Probing, content: Content) -> str:
    """Of all that decides the answers of a probe, but for the weights of a tag, which are its library's."""
    facts, judged = machine_facts(probing.device), probing.images.judged[1]
    asked: dict[str, Any] = {
        "trial": item.trial.as_json() | {"timing": None},
        "stage": stage,
        "images": probing.images.second.fingerprint,
        "units": judged.units,
        "plugin": content.plugins.get(item.choice.owner, {}),
        "weights": content.weights.get(str(item.trial.train.weights), ""),
        "libraries": [facts[name] for name in LIBRARIES],
        "accelerators": facts["accelerators"],
        "threads": probing.threads_each,
    }
    return identity_of(asked)
