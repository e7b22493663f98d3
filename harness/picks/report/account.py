"""What a pick has come to before its finals, as plain data: kept in pick.json, shown on the screen and on the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from harness.picks.listing.latencies import CLOCK, LATENCY
from harness.picks.listing.shortlist import RANDOM

if TYPE_CHECKING:
    from harness.picks.listing.candidates import Dropped
    from harness.picks.make_listing import Listing

Rung = Mapping[str, Any]


def account(listing: Listing, first: Rung, second: Rung, finalists: Sequence[str]) -> dict[str, Any]:
    """The funnel with its times, the nearest misses, how kind the choice is to the chosen, and the random models."""
    steps = [[step.left, step.words, step.seconds] for step in listing.steps]
    steps.append([_num_kept(first), "after probe 1", first["seconds"]])
    steps.append([len(finalists), "finalists", second["seconds"]])
    return {
        "steps": steps,
        "finalists": list(finalists),
        "misses": _misses(listing, first, second),
        "optimism": second.get("optimism"),
        "num_validation": second["num_images"],
        "random": _random(listing, first),
    }


def _num_kept(rung: Rung) -> int:
    return sum(bool(is_kept) for _, is_kept, *_ in rung["verdicts"])


def _misses(listing: Listing, first: Rung, second: Rung) -> list[list[str]]:
    """The best that each rung dropped, and of what a limit of time dropped the one that is published best."""
    misses = []
    for rung, stage in ((second, "probe 2"), (first, "probe 1")):
        dropped = [(name, reason) for name, is_kept, _, reason in rung["verdicts"] if not is_kept]
        misses += [[name, stage, reason] for name, reason in dropped[:1]]
    slow = [one for one in listing.dropped if one.stage in (CLOCK, LATENCY)]
    best = max(slow, key=lambda one: (_prior(one, listing), one.name), default=None)
    return [*misses, *([[best.name, best.stage, best.reason]] if best else [])]


def _prior(one: Dropped, listing: Listing) -> float:
    return listing.candidates[one.name].prior or 0.0


def _random(listing: Listing, first: Rung) -> dict[str, Any] | None:
    """The best of the models drawn at random beside the best of all others, by the first rung; None without either."""
    errors = {name: error for name, _, error, _ in first["verdicts"]}
    drawn = {name: error for name, error in errors.items() if listing.listed[name].quota == RANDOM}
    others = [error for name, error in errors.items() if name not in drawn]
    if not drawn or not others:
        return None
    best = min(drawn, key=lambda name: (drawn[name], name))
    return {"num_models": len(drawn), "model": best, "error": drawn[best], "others": min(others)}
