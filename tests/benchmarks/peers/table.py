"""The table of ratios: how many times as long as ours each peer took for the same work."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

CLOCKS = {"cpu": "CPU s, 1 thread", "wall": "wall s, 2 threads"}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One job, done once by one peer."""

    job: str
    peer: str
    clock: str
    seconds: float
    loss: float
    accuracy: float

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def markdown(samples: Sequence[Sample]) -> str:
    """Ratios with their spread, then what each one's training came to: a ratio means nothing for another answer."""
    peers = [peer for peer in unique(sample.peer for sample in samples) if peer != "ours"]
    rows = unique((sample.job, sample.clock) for sample in samples)
    ratios = [[job, CLOCKS[clock], *ratio_cells(samples, job, clock, peers)] for job, clock in rows]
    jobs = unique(sample.job for sample in samples)
    answers = [[job, *(answer(samples, job, peer) for peer in ("ours", *peers))] for job in jobs]
    return "\n".join(
        [
            "Peer's time ÷ ours: median of the runs (lowest to highest)",
            "",
            *table(["work", "clock", "ours, s", *peers], ratios),
            "",
            "Evaluation loss and accuracy after the last epoch, median of the runs",
            "",
            *table(["work", "ours", *peers], answers),
        ]
    )


def ratio_cells(samples: Iterable[Sample], job: str, clock: str, peers: Sequence[str]) -> list[str]:
    """Our median seconds, then each peer's ratio: the n-th run of the peer over the n-th of ours."""
    chosen = [sample for sample in samples if (sample.job, sample.clock) == (job, clock)]
    ours = [sample.seconds for sample in chosen if sample.peer == "ours"]
    cells = [f"{median(ours):.3g}"]
    for peer in peers:
        theirs = [sample.seconds for sample in chosen if sample.peer == peer]
        ratios = [one / other for one, other in zip(theirs, ours, strict=False)]
        cells.append(f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})" if ratios else "")
    return cells


def answer(samples: Iterable[Sample], job: str, peer: str) -> str:
    chosen = [sample for sample in samples if (sample.job, sample.peer) == (job, peer)]
    if not chosen:
        return ""
    loss, accuracy = median(sample.loss for sample in chosen), median(sample.accuracy for sample in chosen)
    return f"{loss:.4f}, {100 * accuracy:.1f} %"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def unique(items: Iterable[Any]) -> list[Any]:
    """Each item once, in the order of its first appearance."""
    return list(dict.fromkeys(items))
