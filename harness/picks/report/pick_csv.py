"""pick.csv: a line for each model of the catalogue and of one's own: how far it came, and what decided it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from results.tables.csv_table import csv_table

if TYPE_CHECKING:
    from harness.picks.make_listing import Listing
    from results.ranking.summary import Row

PICK_CSV = "pick.csv"
FINALS, WAITING = "finals", "in the finals"


def pick_csv(
    listing: Listing, rungs: Sequence[Mapping[str, Any]], finalists: Sequence[str], rows: Sequence[Row] = ()
) -> bytes:
    """The file: the furthest first, and within a stage the order in which it judged.

    `rungs` are those that are over, `rows` those of the finals' table, where there is one.
    """
    ends = _ends(listing, rungs, finalists, rows)
    places = {name: place for place, name in enumerate(ends)}
    names = sorted(listing.candidates, key=lambda name: (places[name], name))
    errors = [{name: error for name, _, error, _ in rung["verdicts"]} for rung in rungs]
    probes: dict[str, Mapping[str, Any]] = {}
    for rung in rungs:
        probes |= rung["probes"]
    finals = {row.model: row.error.mean for row in rows if row.error}
    return csv_table([_cells(name, listing, ends[name], errors, probes, finals) for name in names])


def _ends(
    listing: Listing, rungs: Sequence[Mapping[str, Any]], finalists: Sequence[str], rows: Sequence[Row]
) -> dict[str, tuple[str, str]]:
    """The stage that each model reached and what decided it, the finalists first, then the last dropped."""
    ends = {row.model: (FINALS, _place(row)) for row in rows}
    for name in finalists:
        ends.setdefault(name, (FINALS, WAITING))
    for number, rung in reversed(list(enumerate(rungs, 1))):
        for name, is_kept, _, reason in rung["verdicts"]:
            if not is_kept:
                ends.setdefault(name, (f"probe {number}", reason))
        for name, stage, reason in rung["dropped"]:
            ends.setdefault(name, (stage, reason))
    for one in reversed(listing.dropped):
        ends.setdefault(one.name, (one.stage, one.reason))
    for name in listing.candidates:
        ends.setdefault(name, ("shortlist", "not come to"))
    return ends


def _place(row: Row) -> str:
    """`rank 1–3`, or how a finalist ended that has no rank."""
    if row.places is None:
        return row.note or row.status
    first, last = row.places
    return f"rank {first}" if first == last else f"rank {first}–{last}"


def _cells(
    name: str,
    listing: Listing,
    end: tuple[str, str],
    errors: Sequence[Mapping[str, float]],
    probes: Mapping[str, Mapping[str, Any]],
    finals: Mapping[str, float],
) -> dict[str, Any]:
    one, listed, latency = listing.candidates[name], listing.listed.get(name), listing.latencies.get(name)
    probe = probes.get(name, {})
    return {
        "model": name,
        "stage": end[0],
        "reason": end[1],
        "quota": listed.quota if listed else "",
        "published_top1": "" if one.prior is None else one.prior,
        "param_count": one.param_count / 1e6 if one.param_count else "",
        "infer_gmacs": one.macs / 1e9 if one.macs else "",
        "img_size": one.img_size or "",
        "license": one.license,
        "num_bytes": one.num_bytes or "",
        "step_time": latency.ms if latency else "",
        "step_time_low": latency.low if latency else "",
        "step_time_high": latency.high if latency else "",
        "step_time_is": "" if latency is None else "measured" if latency.is_measured else "predicted",
        "probe1_err": errors[0].get(name, "") if errors else "",
        "probe2_err": errors[1].get(name, "") if len(errors) > 1 else "",
        "top1_err": finals.get(name, ""),
        "probe_seconds": probe.get("seconds", ""),
        "weights_sha256": probe.get("weights_sha256", ""),
    }
