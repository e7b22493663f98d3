"""The answer as a sentence, and the lines below a table that say how far its figures carry."""

from __future__ import annotations

from collections.abc import Callable

from results.ranking.resolution import images_needed, narrows_most
from results.ranking.step_times import STEP_TIME
from results.ranking.summary import GAP_PP, Row, Summary
from results.sanitize import name, plain
from results.tables import sample
from results.tables.columns import NOT_TOLD_APART, ON_FRONT, TIE, shape, timing
from results.tables.number_format import counted, fixed, p_value, percent_decimals, rounded_count
from results.tables.text import listed

NO_ACCELERATOR = "no GPU columns: this run used the CPU only"
# What is less is nothing that one digit behind the point shows.
LEAST_OPTIMISM_PP = 0.05
WAYS = {"images": "twice the test images", "seeds": "twice the seeds", "models": "half the models"}
WAYS_OF_FOLDS = {**WAYS, "images": "twice the images", "seeds": "twice the repeats"}
# Each with what stands in a table where it is used.
SIGNS = {
    f"{TIE} ≤": f"{TIE}: known to be within 1 pp of the best",
    f"{NOT_TOLD_APART} (": f"{NOT_TOLD_APART}: not told apart from the best",
    f"({NOT_TOLD_APART})": f"({NOT_TOLD_APART}): a time whose interval reaches beyond ten times it",
    ON_FRONT: f"{ON_FRONT}: on that device none is faster and not worse in error, nor better and not slower",
}


def legend(summary: Summary, table: str, spell: Callable[[str], str] = str) -> str:
    """What the signs mean that are in `table`, which may have hidden some of its columns."""
    if len(summary.ranked) < 2:
        return ""
    used = [meaning for sign, meaning in SIGNS.items() if spell(sign) in table]
    return f"{'; '.join(['rank: the places that the tests of all pairs together allow', *used])}."


def sentence(summary: Summary) -> str:
    """Which models may be the best, what is tied with the first of them, what it beats and by how much.

    Empty where nothing was ranked.
    """
    if not summary.ranked:
        return ""
    first, *others = summary.ranked
    if not others:
        return f"{name(first.model)} is the only model that was ranked."
    best = [row.model for row in summary.ranked if row.may_be_best]
    alone = len(best) == 1
    clauses = [f"{name(first.model)} is the best" if alone else f"the best is one of {listed(best)} (95 %)"]
    ties = [row.model for row in others if row.vs_best and row.vs_best.small]
    if ties:
        clauses.append(f"{_is(ties)} tied with {'it' if alone else name(first.model)} (within 1 pp)")
    beaten = [row for row in others if row.vs_best and row.vs_best.significant]
    if beaten:
        clauses.append(f"{'it' if alone else name(first.model)} beats {_margins(summary, beaten)}")
    text = "; ".join(clauses)
    if sample.one_seed_each(summary):
        return f"Of these {'trainings' if summary.folds else 'checkpoints'}, {text}."
    # A name keeps its small letter.
    return f"{text if alone else f'T{text[1:]}'}."


def remarks(summary: Summary) -> list[str]:
    """What a reader of the table must know to read it right, one line each."""
    if not summary.ranked:
        return []
    lines = [*sample.remarks(summary), _ruled_out(summary), _chosen(summary)]
    lines += [_conditions(summary), *_shapes(summary), _noisy(summary), _no_accelerator(summary)]
    lines += [_unrepeatable(summary), _one_start(summary), *_said(summary), *_untimed(summary)]
    lines += [_left_out(summary), *_gap(summary), *_partial(summary)]
    return [line for line in lines if line]


def untold(summary: Summary) -> list[str]:
    """Those of the remarks that say what these data cannot tell, and what would tell more."""
    if not summary.ranked:
        return []
    lines = [*sample.remarks(summary), _ruled_out(summary), _chosen(summary), _no_accelerator(summary), *_gap(summary)]
    return [line for line in lines if line]


def _is(models: list[str]) -> str:
    return f"{listed(models)} {'is' if len(models) == 1 else 'are'}"


def _margins(summary: Summary, beaten: list[Row]) -> str:
    """The nearest of those that are beaten, by how much, and how many more there are."""
    nearest, found = beaten[0], beaten[0].vs_best
    assert found is not None, "only the best has nothing to be compared with"
    places = percent_decimals(max(found.high - found.difference, found.difference - found.low))
    middle, low, high = (fixed(value, places) for value in (found.difference, found.low, found.high))
    p = f"{'adjusted ' if len(summary.ranked) > 2 else ''}{p_value(found.p_adjusted)}"
    more = f" and {len(beaten) - 1:,} more" if len(beaten) > 1 else ""
    return f"{name(nearest.model)} by {middle} pp ({low}–{high}; {p}){more}"


def _ruled_out(summary: Summary) -> str:
    """Where the question which is best knows more than the ranks do, lest they seem to contradict each other."""
    models = [row.model for row in summary.ranked if row.places and row.places[0] == 1 and not row.may_be_best]
    if not models:
        return ""
    return (
        f"Not the best, though the tests of all pairs leave rank 1 to them: {listed(models)}; "
        "to ask for the best alone takes fewer tests, which tell more."
    )


def _chosen(summary: Summary) -> str:
    if len(summary.ranked) < 2:
        return ""
    kindness = summary.optimism
    if kindness < LEAST_OPTIMISM_PP:
        return ""
    return (
        f"{name(summary.ranked[0].model)} was chosen from {len(summary.ranked):,} for its low error, "
        f"which is about {kindness:.1f} pp too kind; its interval allows for that."
    )


def _conditions(summary: Summary) -> str:
    kind = summary.accelerator
    timed = [row for row in summary.ranked if row.time("cpu", "infer") or kind]
    if not timed:
        return ""
    row, shapes = timed[0], {shape(row) for row in timed}
    parts = [row.fact("infer_batch_size"), *(shapes if len(shapes) == 1 else ())]
    size = "×".join(str(part) for part in parts if part)
    threads = row.fact("threads")
    named = [f"batch {size}", _precision(row), counted(threads, "CPU thread") if threads else "", _allocator(row)]
    return f"Times: {', '.join(filter(None, named))}; medians, with their 95 % interval where it reaches over 2 %."


def _precision(row: Row) -> str:
    """The number format, and which of an accelerator's float32 operations round further."""
    precision, tf32 = row.fact("precision") or "", row.fact("tf32")
    rounded = precision == "float32" and tf32 in ("convolutions", "matrix products", "all")
    return plain(f"{precision} with TF32{'' if tf32 == 'all' else f' {tf32}'}" if rounded else precision)


def _allocator(row: Row) -> str:
    """The C library's allocator, where it is not glibc's own default; nothing of runs of before, which did not say."""
    allocator = str(row.fact("allocator") or "")
    return "" if allocator.endswith("default") else plain(allocator)


def _shapes(summary: Summary) -> list[str]:
    groups: dict[str, list[str]] = {}
    for row in summary.ranked:
        groups.setdefault(shape(row), []).append(row.model)
    if len(groups) < 2:
        return []
    parts = "; ".join(f"{key} {listed(models)}" for key, models in groups.items())
    weighed = (
        f"; {ON_FRONT} weighs them against each other all the same" if any(r.fronts for r in summary.ranked) else ""
    )
    return [f"Timed at different image sizes: {parts}{weighed}."]


def _noisy(summary: Summary) -> str:
    names = [row.model for row in summary.ranked if timing(row) == "noisy"]
    if not names:
        return ""
    by_model = {row.model: _first_reason(row) for row in summary.ranked}
    reasons = list(dict.fromkeys(by_model[name] for name in names if by_model[name]))
    if not reasons:  # as in runs of before, which did not keep them
        return f"Noisy timings, taken while the machine was disturbed: {listed(names)}."
    return f"Noisy timings: {listed(names)} ({plain(reasons[0])})."


def _first_reason(row: Row) -> str:
    """Why a model's times are noisy, its strongest word first: that they disagree says more than who disturbed them."""
    said = [part for record in row.records for part in str(record.facts.get("timing_reasons", "")).split("; ") if part]
    drifting = {name.removesuffix(STEP_TIME).replace("_", " "): time.drift for name, time in row.times.items()}
    said += [f"{step}: {drift}" for step, drift in drifting.items() if drift]
    return next((part for part in said if "rounds differ" in part), said[0] if said else "")


def _unrepeatable(summary: Summary) -> str:
    """Models of which --check-determinism found that one seed gives several results."""
    by_model = {row.model: {record.facts.get("deterministic") for record in row.records} for row in summary.ranked}
    names = [model for model, verdicts in by_model.items() if False in verdicts]
    return f"Not deterministic, two short trainings from one seed differed: {listed(names)}." if names else ""


def _one_start(summary: Summary) -> str:
    """Models whose seeds all began with the same random weights: their spread is less than a new training's."""
    names = []
    for row in summary.ranked:
        starts = {record.seed: record.facts.get("initial_sha256") for record in row.records}
        if len(starts) > 1 and len(set(starts.values())) == 1 and None not in starts.values():
            names.append(row.model)
    why = "its builder seeds torch itself" if len(names) == 1 else "their builders seed torch themselves"
    return (
        f"The same weights from every seed: {listed(names)}; {why}, and a new training changes more." if names else ""
    )


def _said(summary: Summary) -> list[str]:
    """What the trials themselves noted, each text once with the models that it is true of."""
    return [f"note: {listed(models)}: {plain(text)}" for text, models in _by_text(summary, "notes").items()]


def _untimed(summary: Summary) -> list[str]:
    """Models some of whose times are blank, and why."""
    return [f"Not timed: {listed(models)}: {plain(why)}" for why, models in _by_text(summary, "timing_error").items()]


def _by_text(summary: Summary, fact: str) -> dict[str, list[str]]:
    models: dict[str, list[str]] = {}
    for row in summary.ranked:
        for text in dict.fromkeys(str(record.facts[fact]) for record in row.records if record.facts.get(fact)):
            models.setdefault(text, []).append(row.model)
    return models


def _left_out(summary: Summary) -> str:
    """Files that --skip-bad kept out of every part of the data."""
    names = sorted({name for record in summary.records for name in record.data.get("left_out", ())})
    return f"Left out of the data, {counted(len(names), 'file')} that cannot be read: {listed(names)}." if names else ""


def _no_accelerator(summary: Summary) -> str:
    devices = {record.device for record in summary.records} - {"cpu"}
    if summary.accelerator or not devices:
        return "" if summary.accelerator else NO_ACCELERATOR
    return f"no GPU columns: nothing could be timed on {listed(sorted(devices))}"


def _gap(summary: Summary) -> list[str]:
    """How far these tests are from seeing a gap of a percentage point, and what would bring them nearer."""
    if len(summary.ranked) < 2:
        return []
    return [_images_needed(summary), _narrows_most(summary)]


def _narrows_most(summary: Summary) -> str:
    best = narrows_most(summary.design)
    # What other seeds would do is not known where there is but one, and two models cannot be halved.
    possible = {"images": True, "seeds": not sample.one_seed_each(summary), "models": len(summary.ranked) > 2}
    ways = WAYS_OF_FOLDS if summary.folds else WAYS
    others = [words for way, words in ways.items() if possible[way] and way != best]
    return f"Differences would narrow most with {ways[best]}, rather than {' or '.join(others)}." if others else ""


def _images_needed(summary: Summary) -> str:
    needed = images_needed(summary.design, GAP_PP / 100)
    if needed is None:
        few = f"{sample.draw(summary)}s"
        return (
            f"No number of test images shows a gap of {GAP_PP:g} pp with these {few}: more {few} are what is missing."
        )
    return (
        f"To see a gap of {GAP_PP:g} pp in this table's tests (80 % of the time) takes about {rounded_count(needed)} "
        f"test images{' in such groups' if summary.num_groups else ''} (you have {summary.num_images:,})."
    )


def _partial(summary: Summary) -> list[str]:
    return [f"note: {name(row.model)}: {row.note}" for row in summary.ranked if row.note]
