"""What a pick says before it begins: the funnel so far, what will be tried, and what has to be fetched for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from results.tables.number_format import counted, digits, duration, shown_bytes
from results.tables.text import aligned

if TYPE_CHECKING:
    from harness.picks.listing.candidates import Candidate
    from harness.picks.listing.shortlist import Listed
    from harness.picks.make_listing import Listing, Step
    from harness.picks.request import PickRequest

HEADINGS = ("model", "why", "published top-1 %", "params M", "GMACs", "ms", "weights")
RIGHT = frozenset(range(2, 7))


def funnel(steps: Sequence[Step]) -> str:
    """`1,844 pretrained models → 1,102 licence and size → 48 shortlisted`."""
    return " → ".join(f"{step.left:,} {step.words}" for step in steps)


def stage_seconds(steps: Sequence[Step]) -> str:
    """How long each stage took, those that took a second or more."""
    return " · ".join(f"{step.words} {duration(step.seconds)}" for step in steps if step.seconds >= 1)


def plan_line(listing: Listing, request: PickRequest, seconds: float | None) -> str:
    """What is tried, the bytes that are fetched for it, and about how long probing takes, where that is known."""
    plan = listing.weights
    parts = [f"{counted(len(listing.tried), 'model')} to try", f"{len(plan.local):,} with weights here"]
    if plan.fetched:
        parts.append(f"{len(plan.fetched):,} to fetch ({shown_bytes(plan.num_bytes)})")
    if request.budget is not None:
        parts.append(f"at most {duration(request.budget)}")
    parts.append(f"about {duration(seconds)}" if seconds is not None else "how long: known once the first are probed")
    return f"plan     {' · '.join(parts)}"


def offline_line(listing: Listing) -> str:
    """`local 31 of 96; missing 9.2 GiB`: of the shortlist that there would be with a network."""
    missing = sum(one.candidate.num_bytes for one in listing.wanted)
    local = sum(one.candidate.name not in {w.candidate.name for w in listing.wanted} for one in listing.listed.values())
    return f"local {local:,} of {local + len(listing.wanted):,}; missing {shown_bytes(missing)}"


def shortlist_table(listing: Listing) -> list[str]:
    """A line for each model that is tried: why, what is published, and what is known of its size and time here.

    With --offline those follow that would be if their weights were here.
    """
    rows = [_row(one, listing) for one in (*listing.tried, *listing.wanted)]
    return aligned([HEADINGS, *rows], right=RIGHT)


def to_fetch(listing: Listing) -> list[Candidate]:
    """The models for `harness fetch`: what a pick would fetch, with --offline what it lacks."""
    return [one.candidate for one in (listing.wanted or listing.weights.fetched)]


def _row(one: Listed, listing: Listing) -> tuple[str, ...]:
    candidate, latency = one.candidate, listing.latencies.get(one.candidate.name)
    here = any(other.candidate.name == candidate.name for other in listing.weights.local)
    ms = "" if latency is None else digits(latency.ms)
    if latency is not None and not latency.is_measured:
        ms = f"{ms} ({digits(latency.low)}–{digits(latency.high)})"
    return (
        candidate.name,
        one.quota,
        "" if candidate.prior is None else f"{candidate.prior:.1f}",
        digits(candidate.param_count / 1e6) if candidate.param_count else "",
        digits(candidate.macs / 1e9) if candidate.macs else "",
        ms,
        "here" if here else shown_bytes(candidate.num_bytes),
    )
