"""Which of many candidates are tried: a few of each kind, since what is published says nothing of a person's images.

Published accuracy alone drops a fifth of all weights, which have no ImageNet-1k result, and misses what is best by up
to ten points; so each kind has a quota of its own, and some models are drawn at random, to show what the rest hides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from harness.picks.listing.candidates import Candidate, Dropped

SHORTLIST = "shortlist"
OWN, PRIOR, UNKNOWN, SMALL, RANDOM = "own", "prior", "no prior", "small", "random"
SHARES = {PRIOR: 0.5, UNKNOWN: 0.2, SMALL: 0.1, RANDOM: 0.1}  # what is left is for the user's own
NUM_BANDS = 4
PER_FAMILY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A model that is to be tried, by which quota, and in which band of latency (0: fastest), where that is known."""

    candidate: Candidate
    quota: str
    band: int = 0


def bands(candidates: Sequence[Candidate], ms: Mapping[str, float], max_ms: float | None) -> dict[str, int]:
    """The band of each: by halves of the limit, the slowest from a half of it on; without one by quarters of MACs."""
    if max_ms is not None and ms:
        limits = [max_ms / 2**power for power in range(NUM_BANDS - 1, 0, -1)]
        return {one.name: sum(ms[one.name] > limit for limit in limits) for one in candidates if one.name in ms}
    ordered = sorted((one for one in candidates if one.macs), key=lambda one: (one.macs, one.name))
    return {one.name: NUM_BANDS * place // len(ordered) for place, one in enumerate(ordered)}


def shortlist(
    candidates: Sequence[Candidate], band: Mapping[str, int], size: int, seed: int
) -> tuple[list[Listed], list[Dropped]]:
    """At most `size` candidates by quotas, and why each other one is not tried. The user's own are in, and first.

    Of one architecture only the weights that are published best are tried, of one family `PER_FAMILY` at most. What a
    quota leaves is filled by published accuracy. Where there is room for all, all are tried. The same for the same
    candidates, in whichever order.
    """
    if len(candidates) <= size:
        return [_listed(one, band) for one in sorted(candidates, key=lambda one: (not one.is_own, *_worth(one)))], []
    own, too_many = _own([one for one in candidates if one.is_own], size, seed)
    others, worse = _best_tags([one for one in candidates if not one.is_own])
    taking = _Taking(band=band, room=max(size - len(own), 0))
    for quota, share in SHARES.items():
        num = round(share * size)
        taking.take(quota, _ORDERS[quota](others, band, seed), num)
    taking.take(PRIOR, _by_prior(others), taking.room)
    taking.take(UNKNOWN, _by_size(others), taking.room)
    listed = [_listed(one, band) for one in own] + taking.listed
    names = {one.candidate.name for one in listed}
    left = [one for one in others if one.name not in names]
    reasons = {one.name: _why_not(one, taking.families) for one in left} | worse | too_many
    return listed, [Dropped(name=name, stage=SHORTLIST, reason=reason) for name, reason in reasons.items()]


def _listed(one: Candidate, band: Mapping[str, int]) -> Listed:
    quota = OWN if one.is_own else UNKNOWN if one.prior is None else PRIOR
    return Listed(candidate=one, quota=quota, band=band.get(one.name, 0))


@dataclass(slots=True, kw_only=True)
class _Taking:
    """What has been taken so far, within `room` places and `PER_FAMILY` of each family."""

    band: Mapping[str, int]
    room: int
    listed: list[Listed] = field(default_factory=list)
    families: Counter[str] = field(default_factory=Counter)

    def take(self, quota: str, wanted: Iterable[Candidate], num: int) -> None:
        """The first `num` of `wanted` that are not in yet, as far as there is room."""
        names = {one.candidate.name for one in self.listed}
        for one in wanted:
            if num <= 0 or self.room <= 0:
                return
            # At random means at random: a full family is no reason not to look at it.
            if one.name in names or (quota != RANDOM and self.families[one.family] >= PER_FAMILY):
                continue
            self.listed.append(Listed(candidate=one, quota=quota, band=self.band.get(one.name, 0)))
            self.families[one.family] += quota != RANDOM
            names.add(one.name)
            num, self.room = num - 1, self.room - 1


def _own(own: Sequence[Candidate], size: int, seed: int) -> tuple[list[Candidate], dict[str, str]]:
    """One's own models; of a whole library that a plugin brings, what half of the places hold, drawn at random."""
    if len(own) <= size:
        return list(own), {}
    drawn = sorted(own, key=lambda one: one.name)
    Random(f"pick {seed} own").shuffle(drawn)
    reason = f"not tried: half of {size:,} places are for the {len(own):,} models of plugins"
    return drawn[: max(1, size // 2)], {one.name: reason for one in drawn[max(1, size // 2) :]}


def _best_tags(candidates: Sequence[Candidate]) -> tuple[list[Candidate], dict[str, str]]:
    """One of the weights of each architecture, by name; and why the others are not tried."""
    best: dict[str, Candidate] = {}
    for one in sorted(candidates, key=_worth):
        best.setdefault(one.model, one)
    reasons = {}
    for one in candidates:
        if best[one.model] is not one:
            other = best[one.model]
            than = "" if other.prior is None else f", published with {other.prior:g} %"
            reasons[one.name] = f"not tried: of {one.model} only {other.tag}{than}"
    return sorted(best.values(), key=lambda one: one.name), reasons


def _worth(one: Candidate) -> tuple[float, float, str]:
    """Best first: by what is published, then the smaller file, then the name."""
    return (-one.prior if one.prior is not None else 1.0, one.num_bytes, one.name)


def _by_prior(candidates: Sequence[Candidate]) -> list[Candidate]:
    return sorted((one for one in candidates if one.prior is not None), key=_worth)


def _in_bands(candidates: Sequence[Candidate], band: Mapping[str, int], seed: int) -> Iterator[Candidate]:
    """By prior, a model of each band in turn, the slowest first: that is where the most accurate ones are."""
    ranked = _by_prior(candidates)
    of_bands = [[one for one in ranked if band.get(one.name, 0) == number] for number in reversed(range(NUM_BANDS))]
    for place in range(max(map(len, of_bands), default=0)):
        yield from (own[place] for own in of_bands if place < len(own))


def _by_size(candidates: Sequence[Candidate], band: Mapping[str, int] | None = None, seed: int = 0) -> list[Candidate]:
    """Those of which nothing is published, the largest first: size alone misses 1.1 points on average."""
    without = [one for one in candidates if one.prior is None]
    return sorted(without, key=lambda one: (-one.macs, one.num_bytes, one.name))


def _small(candidates: Sequence[Candidate], band: Mapping[str, int], seed: int) -> list[Candidate]:
    """By prior among the quarter with the fewest parameters."""
    ordered = sorted(candidates, key=lambda one: (one.param_count, one.name))
    return sorted(ordered[: -(-len(ordered) // 4)], key=_worth)


def _at_random(candidates: Sequence[Candidate], band: Mapping[str, int], seed: int) -> list[Candidate]:
    drawn = list(candidates)
    Random(f"pick {seed}").shuffle(drawn)
    return drawn


_ORDERS: dict[str, Callable[[Sequence[Candidate], Mapping[str, int], int], Iterable[Candidate]]] = {
    PRIOR: _in_bands,
    UNKNOWN: _by_size,
    SMALL: _small,
    RANDOM: _at_random,
}


def _why_not(one: Candidate, families: Counter[str]) -> str:
    published = "no published top-1" if one.prior is None else f"published top-1 {one.prior:g} %"
    if families[one.family] >= PER_FAMILY:
        return f"not tried: {PER_FAMILY} of the family {one.family} are, {published}"
    return f"not tried: no place left, {published}"
