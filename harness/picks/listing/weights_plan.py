"""Whose weights are here, whose are fetched and in which order, and what that comes to, before anything is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.picks.listing.candidates import Candidate, Dropped
from results.tables.number_format import shown_bytes
from zoo.errors import USAGE, ZooError, first_line

if TYPE_CHECKING:
    from harness.picks.listing.shortlist import Listed
    from zoo.specs import ModelSpec
    from zoo.weights_source import WeightsSource

WEIGHTS = "weights"
SCHEMA = 1
SMALLEST = 2**20  # bytes: a smaller file is fetched no sooner for it

# Where the weights of a model are; None where nobody says, which leaves it to the model's own builder.
Locate = Callable[[Candidate], "WeightsSource | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsPlan:
    """`local` models have their weights here, `fetched` get them in this order; the `num_bytes` are an estimate.

    `missing` are those of which the weights are neither here nor to be fetched.
    """

    local: tuple[Listed, ...]
    fetched: tuple[Listed, ...]
    missing: tuple[Dropped, ...]

    @property
    def num_bytes(self) -> int:
        """What is to be fetched."""
        return sum(one.candidate.num_bytes for one in self.fetched)


def locator(models: Mapping[str, tuple[ModelSpec, str]]) -> Locate:
    """Asks the plugin of a model where its weights are. It is a library's own file that is looked for, by its name."""

    def locate(one: Candidate) -> WeightsSource | None:
        spec = models[one.model][0]
        return spec.weights_source(one.tag) if spec.weights_source is not None and one.tag else None

    return locate


def is_local(one: Candidate, locate: Locate) -> bool:
    """Whether a model can be built without a network, as far as its plugin says."""
    source = locate(one)
    return source is None or source.path is not None


def plan_weights(listed: Sequence[Listed], locate: Locate, *, max_download: float | None, offline: bool) -> WeightsPlan:
    """What is here, and what is fetched within `max_download` bytes: the best published accuracy for a megabyte first,
    one of each quota in turn. With `offline` nothing is."""
    local: list[Listed] = []
    away: list[Listed] = []
    missing: list[Dropped] = []
    for one in listed:
        try:
            (local if is_local(one.candidate, locate) else away).append(one)
        except ZooError as error:
            missing.append(_missing(one.candidate, error.cause))
        except Exception as error:  # a plugin's own
            missing.append(_missing(one.candidate, f"{type(error).__name__}: {first_line(error)}"))
    fetched: list[Listed] = []
    room = 0.0 if offline else float("inf") if max_download is None else max_download
    for one in in_order(away):
        if one.candidate.num_bytes <= room:
            fetched.append(one)
            room -= one.candidate.num_bytes
        else:
            size = shown_bytes(one.candidate.num_bytes)
            missing.append(
                _missing(one.candidate, f"not here, and --offline: {size}")
                if offline
                else _missing(one.candidate, f"download budget: {size}, {shown_bytes(room)} left")
            )
    return WeightsPlan(local=tuple(local), fetched=tuple(fetched), missing=tuple(missing))


def in_order(listed: Sequence[Listed]) -> list[Listed]:
    """One of each quota in turn, in each the most published accuracy for a megabyte first."""
    quotas: dict[str, list[Listed]] = {}
    for one in sorted(listed, key=lambda one: (_cost(one.candidate), one.candidate.name)):
        quotas.setdefault(one.quota, []).append(one)
    turns = [(place, number, one) for number, own in enumerate(quotas.values()) for place, one in enumerate(own)]
    return [one for *_, one in sorted(turns, key=lambda turn: turn[:2])]


def _cost(one: Candidate) -> float:
    """Bytes for a point of published accuracy; without one, what a model of one point would cost."""
    return max(one.num_bytes, SMALLEST) / (one.prior or 1.0)


def _missing(one: Candidate, reason: str) -> Dropped:
    return Dropped(name=one.name, stage=WEIGHTS, reason=reason)


def fetch_list(listed: Sequence[Candidate]) -> bytes:
    """A file for `harness fetch` on another machine: the models whose weights are not here."""
    weights = [{"model": one.model, "tag": one.tag, "num_bytes": one.num_bytes} for one in listed]
    return json.dumps({"schema": SCHEMA, "weights": weights}, indent=1).encode()


def read_fetch_list(path: Path) -> list[Candidate]:
    """What `fetch_list` wrote. Raises ZooError (usage) for a file that is none."""
    try:
        content = json.loads(path.read_text("utf-8"))
        return [_of_json(row) for row in content["weights"]]
    except OSError as error:
        raise ZooError(f"{path} cannot be read: {error.strerror}", "give the plan.json of a pick", USAGE) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ZooError(f"{path} is no plan of weights ({error})", "give the plan.json of a pick", USAGE) from error


def _of_json(row: Mapping[str, Any]) -> Candidate:
    model, tag = str(row["model"]), str(row["tag"])
    return Candidate(name=f"{model}.{tag}", model=model, tag=tag, num_bytes=int(row["num_bytes"]))
