"""Which model to take, in sentences, and the same as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from results.answers.limits import Figure
from results.answers.recommend import Over, Recommendation
from results.ranking.compare import Comparison
from results.ranking.summary import Row
from results.sanitize import name
from results.tables.answers.words import error, signed
from results.tables.columns import device_label, timing
from results.tables.number_format import counted, digits, ends, fixed, percent_decimals, with_ends
from results.tables.text import listed

MOST_OVER, MOST_TIES = 3, 4
UNITS = {"ms": "ms/batch", "params": "M parameters", "memory": "MiB"}
FIGURES = {"ms": "time", "params": "number of parameters", "memory": "peak of memory"}


def lines(found: Recommendation) -> list[str]:
    """The model to take and why, what ties with it, what just missed, and what is not certain of all that."""
    chosen = found.chosen
    if chosen is None:
        return [*_nothing(found), *_straddling(found), *_unknown(found)]
    said = [f"take {name(chosen.model)}: {_figures(found, chosen)}; {_why(found, chosen)}", *_loss(found)]
    return [*said, *_ties(found), *_just_over(found), *_straddling(found), *_unknown(found), *_noisy(chosen)]


def data(found: Recommendation) -> dict[str, Any]:
    """The same as plain data; errors in percent, times in ms a batch."""
    return {
        "model": found.chosen.model if found.chosen else None,
        "device": found.device,
        "batch_size": found.batch_size,
        "fitting": [_row(found, row) for row in found.fitting],
        "as_good": [row.model for row in found.good],
        "over": [_row(found, over.row) | {"over": [figure.what for figure in over.figures]} for over in found.over],
        "straddling": [row.model for row in found.straddling],
        "unknown": [row.model for row in found.unknown],
    }


def _row(found: Recommendation, row: Row) -> dict[str, Any]:
    time = row.time(found.device, "infer")
    return {
        "model": row.model,
        "top1_err": row.error.mean if row.error else None,
        "step_time": time.median if time else None,
        "step_time_low": time.low if time else None,
        "step_time_high": time.high if time else None,
        "param_count": row.fact("param_count"),
    }


def _why(found: Recommendation, chosen: Row) -> str:
    best, num_fitting, within = found.fitting[0], len(found.fitting), found.limits.within
    fit = f"of {num_fitting:,} that fit" if _limited(found) else f"of {num_fitting:,}"
    if chosen is best and num_fitting == 1:
        return "the only one that fits" if _limited(found) else "the only one"
    if chosen is best:
        return f"the lowest error {fit}, and nothing cheaper may be as good"
    good = "may be as good as" if within is None else f"are within {within:g} pp of"
    return f"the cheapest of {len(found.good):,} that {good} {name(best.model)}, the best {fit}"


def _limited(found: Recommendation) -> bool:
    limits = found.limits
    return any(limit is not None for limit in (limits.max_ms, limits.max_params, limits.max_memory))


def _figures(found: Recommendation, row: Row) -> str:
    """`11.8 (9.9–14.0) % at 15.2 ms/batch of 32 on CPU`; parameters where nothing was timed."""
    time, count = row.time(found.device, "infer"), row.fact("param_count")
    values = [f"{error(row)} %"]
    if time:
        batch = f" of {found.batch_size}" if found.batch_size else ""
        values.append(f"at {digits(time.median)} ms/batch{batch} on {device_label(found.device)}")
    elif count is not None:
        values.append(f"with {digits(count / 1e6)} M parameters")
    return " ".join(values)


def _loss(found: Recommendation) -> list[str]:
    """What the one to take may give away against the best that fits."""
    if found.loss is None:
        return []
    best, loss = found.fitting[0], found.loss
    told = "beyond doubt" if loss.significant else "tied, within 1 pp" if loss.small else "not told apart"
    difference = f"{signed(loss.difference, loss.low, loss.high)} pp"
    return [f"against {name(best.model)} ({_short(found, best)}): {difference}, {told}"]


def _short(found: Recommendation, row: Row) -> str:
    time = row.time(found.device, "infer")
    assert row.error is not None, "every ranked model has an error"
    return f"{fixed(row.error.mean, 1)} %{f', {digits(time.median)} ms' if time else ''}"


def _ties(found: Recommendation) -> list[str]:
    others = [row for row in found.good[1:] if row is not found.fitting[0]]
    if not others:
        return []
    shown = ", ".join(f"{name(row.model)} ({_short(found, row)})" for row in others[:MOST_TIES])
    more = f" and {len(others) - MOST_TIES:,} more" if len(others) > MOST_TIES else ""
    return [f"{'may be as good too' if found.limits.within is None else 'as near'}: {shown}{more}"]


def _just_over(found: Recommendation) -> list[str]:
    return [f"just over: {name(over.row.model)} {_excess(over.figures)} {_gain(over.gain)}" for over in _nearest(found)]


def _nearest(found: Recommendation) -> Sequence[Over]:
    """What is known to be better before what only may be; the nearest of both first."""
    better = [over for over in found.over if over.gain and over.gain.significant]
    return (better or list(found.over))[:MOST_OVER]


def _excess(figures: Sequence[Figure]) -> str:
    """`at 35.0 ms/batch and 25.6 M parameters`."""
    return f"at {' and '.join(f'{digits(figure.value)} {UNITS[figure.what]}' for figure in figures)}"


def _gain(gain: Comparison | None) -> str:
    if gain is None:
        return ""
    if gain.significant:
        return f"would cut the error by {with_ends(gain.difference, gain.low, gain.high)} pp"
    places = percent_decimals((gain.high - gain.low) / 2)
    return f"had {fixed(gain.difference, places)} pp less error, not told apart ({ends(gain.low, gain.high)})"


def _nothing(found: Recommendation) -> list[str]:
    if not found.over:
        return ["nothing fits: no model has all the figures that are limited"]
    asked = {figure.what: figure.limit for over in found.over for figure in over.figures}
    limits = ", ".join(f"{digits(limit)} {UNITS[what]}" for what, limit in asked.items())
    said = [f"nothing of {counted(len(found.over), 'model')} fits the limit of {limits}"]
    nearest = found.over[:MOST_OVER]
    return [*said, *(f"nearest: {name(o.row.model)} {_excess(o.figures)}, {_figures(found, o.row)}" for o in nearest)]


def _straddling(found: Recommendation) -> list[str]:
    timed = [(row, time) for row in found.straddling if (time := row.time(found.device, "infer"))]
    return [
        f"{name(row.model)} straddles the limit of {found.limits.max_ms:g} ms: {digits(time.median)} "
        f"({digits(time.low)}–{digits(time.high)}) ms, which another measurement may put on its other side"
        for row, time in timed
    ]


def _unknown(found: Recommendation) -> list[str]:
    if not found.unknown:
        return []
    limits = found.limits
    asked = {"ms": limits.max_ms, "params": limits.max_params, "memory": limits.max_memory}
    named = " or ".join(FIGURES[what] for what, limit in asked.items() if limit is not None)
    return [f"not judged, their {named} is not known: {listed([row.model for row in found.unknown])}"]


def _noisy(chosen: Row) -> list[str]:
    return [f"the timing of {name(chosen.model)} was noisy: time it again"] if timing(chosen) == "noisy" else []
