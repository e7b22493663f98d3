"""What comes of comparing two models, or two runs: lines for the eye, and the same as plain data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from results.answers.compared import Answer, Pair
from results.answers.time_ratio import Ratio
from results.sanitize import name, plain
from results.tables.answers.words import error, label, ranged, same_images, signed, slower, verdict
from results.tables.columns import timing
from results.tables.number_format import digits, p_value, with_ends
from results.tables.text import aligned, listed

NO_DIFFERENCE = "no difference"
HEADINGS = ("model", "A err %", "B err %", "B − A pp (95 %)", "p")
CHANGES = ("worse", "better", "slower", "faster")


def lines(answer: Answer) -> list[str]:
    """All that is said of it."""
    forced = f"not comparable, and compared all the same: they differ in {answer.differing}"
    return [*([forced] if answer.differing else []), *(_runs(answer) if answer.of_runs else _models(answer.pairs[0]))]


def failures(answer: Answer, *, too_slow: float | None, too_bad: float | None) -> list[str]:
    """What of B is slower by more than that many percent, or worse by more points, beyond doubt; a line each.

    A model that ended well in the first run and not in the second is one of them, if either was asked.
    """
    said = []
    for pair in answer.worse(too_bad) if too_bad is not None else ():
        assert pair.error is not None, "only a difference can be too large"
        by = with_ends(0.0 - pair.error.difference, -pair.error.high, -pair.error.low)
        said.append(f"worse: {_second(answer, pair)} by {by} pp, more than {too_bad:g} pp")
    for pair, timed in answer.slower(too_slow) if too_slow is not None else ():
        by = slower(pair.times[timed].turned())
        said.append(f"slower: {_second(answer, pair)}, {label(timed)} {by}, more than {too_slow:g} %")
    asked = too_slow is not None or too_bad is not None
    return said + [f"gone: {name(model)}: {answer.missing[model]}" for model in answer.gone if asked]


def data(answer: Answer) -> dict[str, Any]:
    """The same as plain data: `difference` is the error of the first less that of the second, ratios likewise."""
    return {
        "first": answer.names[0],
        "second": answer.names[1],
        "differing": answer.differing,
        "pairs": [_data(pair) for pair in answer.pairs],
        "missing": dict(answer.missing),
    }


def _data(pair: Pair) -> dict[str, Any]:
    rows, found = (pair.first.row, pair.second.row), pair.error
    return {
        "first": rows[0].model,
        "second": rows[1].model,
        "top1_err": [asdict(row.error) if row.error else None for row in rows],
        "error": asdict(found) | {"significant": found.significant, "tie": found.small} if found else None,
        "times": {timed: _finite(asdict(ratio)) for timed, ratio in pair.times.items()},
        "note": pair.note,
    }


def _finite(values: dict[str, float]) -> dict[str, float | None]:
    return {key: value if math.isfinite(value) else None for key, value in values.items()}


def _models(pair: Pair) -> list[str]:
    rows = pair.first.row, pair.second.row
    one, other = (name(row.model) for row in rows)
    said = [_errors(pair, one, other), _images(pair, one, other), _among_all(pair)]
    said += [_time(pair, timed, one) for timed in pair.times]
    said += [f"note: they differ in {pair.note}" if pair.note else ""]
    notes = dict.fromkeys(f"note: {name(row.model)}: {row.note}" for row in rows if row.note)
    return [*filter(None, said), *notes, *_noisy([pair])]


def _errors(pair: Pair, one: str, other: str) -> str:
    values = f"top-1 error  {error(pair.first.row)} vs {error(pair.second.row)} %"
    found = pair.error
    if found is None:
        return f"{values}   there are no answers to the same images, so nothing is known of the difference"
    if pair.same_answers:
        return f"{values}   {NO_DIFFERENCE}: the same answer to every image"
    difference = f"difference {signed(found.difference, found.low, found.high)} pp"
    return f"{values}   {difference}, {p_value(found.p)}: {verdict(found, one, other)}"


def _images(pair: Pair, one: str, other: str) -> str:
    if pair.error is None or pair.same_answers:
        return ""
    return same_images(pair.error, one, other, [len(side.row.records) for side in (pair.first, pair.second)])


def _among_all(pair: Pair) -> str:
    """Where the table of the run says something else, why."""
    alone, among = pair.error, pair.among_all
    if alone is None or among is None or alone.significant == among.significant:
        return ""
    return (
        f"among all {pair.num_pairs:,} pairs of the run, as in its table, they are not told apart "
        f"(Holm's {p_value(among.p_adjusted)}): which is what holds if the pair was picked for its figures"
    )


def _time(pair: Pair, timed: str, one: str) -> str:
    first, second = pair.first.row.times[timed], pair.second.row.times[timed]
    values = f"{label(timed)}  {digits(first.median)} vs {digits(second.median)} ms/batch"
    ratio = pair.times[timed]
    if ratio.same:
        return f"{values}   {NO_DIFFERENCE}"
    return f"{values}   {f'{one} {slower(ratio)}' if ratio.known else f'not told apart, {ranged(ratio)}'}"


def _runs(answer: Answer) -> list[str]:
    times = list(dict.fromkeys(timed for pair in answer.pairs for timed in pair.times))
    headings = [*HEADINGS, *(f"{label(timed)} B ÷ A (95 %)" for timed in times)]
    table = aligned([headings, *(_row(pair, times) for pair in answer.pairs)], right=range(1, len(headings)))
    together = f"Intervals and p hold for all {len(answer.pairs):,} models together."
    said = [_said(answer), *([together] if len(answer.pairs) > 1 else []), *_unknown(table)]
    said += [f"note: A and B differ in {note}: {listed(models)}" for note, models in _by_note(answer.pairs).items()]
    said += _noisy(answer.pairs)
    said += [f"not compared: {name(model)}: {why}" for model, why in answer.missing.items()]
    return [f"A  {plain(answer.names[0])}", f"B  {plain(answer.names[1])}", "", *table, "", *said]


def _unknown(table: Sequence[str]) -> list[str]:
    return ["(?): the interval reaches beyond ten times the ratio."] if any("(?)" in line for line in table) else []


def _noisy(pairs: Sequence[Pair]) -> list[str]:
    """Of which models a time was taken while something disturbed the machine, which an interval knows little of."""
    rows = [side.row for pair in pairs if pair.times for side in (pair.first, pair.second)]
    noisy = list(dict.fromkeys(row.model for row in rows if timing(row) == "noisy"))
    return [f"note: noisy timings, so trust no small difference in time: {listed(noisy)}"] if noisy else []


def _by_note(pairs: Sequence[Pair]) -> dict[str, list[str]]:
    """Each note once, with the models that it is true of."""
    models: dict[str, list[str]] = {}
    for pair in pairs:
        if pair.note:
            models.setdefault(pair.note, []).append(pair.model)
    return models


def _row(pair: Pair, times: Sequence[str]) -> list[str]:
    found, change, p = pair.error, "", ""
    if pair.same_answers:
        change = "same answers"
    elif found:
        change = signed(0.0 - found.difference, -found.high, -found.low)
        p = p_value(found.p_adjusted).removeprefix("p ").removeprefix("= ")
    return [
        name(pair.model),
        error(pair.first.row),
        error(pair.second.row),
        change,
        p,
        *(_ratio(pair, t) for t in times),
    ]


def _ratio(pair: Pair, timed: str) -> str:
    found: Ratio | None = pair.times.get(timed)
    if found is None:
        return ""
    return "same" if found.same else ranged(found.turned())


def _said(answer: Answer) -> str:
    """What is beyond doubt, in one sentence."""
    if all(pair.same_answers and all(found.same for found in pair.times.values()) for pair in answer.pairs):
        return f"{NO_DIFFERENCE.capitalize()}: every answer and every time is the same."
    groups = {word: [pair.model for pair in answer.pairs if word in pair.changes] for word in CHANGES}
    said = [f"{word}: {listed(models)}" for word, models in groups.items() if models]
    return f"B is beyond doubt {'; '.join(said)}." if said else "A and B are not told apart."


def _second(answer: Answer, pair: Pair) -> str:
    return f"{name(pair.second.row.model)}{f' in {plain(answer.names[1])}' if answer.of_runs else ''}"
