"""The answer as a sentence, and the lines below a table that say how far its figures carry."""

from __future__ import annotations

from collections.abc import Callable

from results.ranking.resolution import images_needed, narrows_most
from results.ranking.summary import GAP_PP, Row, Summary
from results.sanitize import name, plain
from results.tables.columns import NOT_TOLD_APART, ON_FRONT, TIE, shape, timing
from results.tables.number_format import counted, fixed, p_value, percent_decimals, rounded_count
from results.tables.text import listed

NO_ACCELERATOR = "no GPU columns: this run used the CPU only"
# What is less is nothing that one digit behind the point shows.
LEAST_OPTIMISM_PP = 0.05
WAYS = {"images": "twice the test images", "seeds": "twice the seeds", "models": "half the models"}
# Each with what stands in a table where it is used.
SIGNS = {
    f"{TIE} ≤": f"{TIE}: known to be within 1 pp of the best",
    f"{NOT_TOLD_APART} (": f"{NOT_TOLD_APART}: not told apart from the best",
    f"({NOT_TOLD_APART})": f"({NOT_TOLD_APART}): a time whose interval reaches beyond ten times it",
    ON_FRONT: f"{ON_FRONT}: on that device none is faster and not worse in error, nor better and not slower",
}


def title(summary: Summary) -> str:
    """What is shown, on how much data, and what its signs mean."""
    if not summary.ranked:
        return "No trial ended well: there is nothing to rank."
    over = "images" if _one_seed_each(summary) else "images and seeds"
    num_images = counted(summary.num_images, "image")
    return f"Test error on {num_images}, {_num_seeds(summary)}  (95 % intervals over {over})"


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
    if _one_seed_each(summary):
        return f"Of these checkpoints, {text}."
    # A name keeps its small letter.
    return f"{text if alone else f'T{text[1:]}'}."


def remarks(summary: Summary) -> list[str]:
    """What a reader of the table must know to read it right, one line each."""
    if not summary.ranked:
        return []
    lines = [_one_seed(summary), _fewer_seeds(summary), _ruled_out(summary), _chosen(summary)]
    lines += [_conditions(summary), *_shapes(summary), _noisy(summary), _no_accelerator(summary)]
    lines += [_unrepeatable(summary), *_said(summary), *_untimed(summary)]
    lines += [_left_out(summary), *_gap(summary), *_partial(summary)]
    return [line for line in lines if line]


def _num_seeds(summary: Summary) -> str:
    fewest, most = summary.num_seeds
    return counted(most, "seed") if fewest == most else f"{fewest} to {counted(most, 'seed')}"


def _one_seed_each(summary: Summary) -> bool:
    return summary.num_seeds[1] == 1


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


def _one_seed(summary: Summary) -> str:
    if not _one_seed_each(summary):
        return ""
    return "One seed: this compares these checkpoints; --seeds 3 also shows how much a new training changes."


def _fewer_seeds(summary: Summary) -> str:
    """Models with fewer seeds than others: what drawing other seeds does to them is learnt from the rest."""
    fewest, most = summary.num_seeds
    if fewest == most:
        return ""
    models = [row.model for row in summary.ranked if len(summary.correct[row.model]) < most]
    whose = "its" if len(models) == 1 else "their"
    return f"Fewer than {most} seeds: {listed(models)}; {whose} seed effect is borrowed from the other models."


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
    named = [f"batch {size}", row.fact("precision"), counted(threads, "CPU thread") if threads else ""]
    return f"Times: {', '.join(filter(None, named))}; medians, with their 95 % interval where it reaches over 2 %."


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
    return f"Noisy timings, taken while the machine was disturbed: {listed(names)}." if names else ""


def _unrepeatable(summary: Summary) -> str:
    """Models of which --check-determinism found that one seed gives several results."""
    by_model = {row.model: {record.facts.get("deterministic") for record in row.records} for row in summary.ranked}
    names = [model for model, verdicts in by_model.items() if False in verdicts]
    return f"Not deterministic, two short trainings from one seed differed: {listed(names)}." if names else ""


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
    possible = {"images": True, "seeds": not _one_seed_each(summary), "models": len(summary.ranked) > 2}
    others = [words for way, words in WAYS.items() if possible[way] and way != best]
    return f"Differences would narrow most with {WAYS[best]}, rather than {' or '.join(others)}." if others else ""


def _images_needed(summary: Summary) -> str:
    needed = images_needed(summary.design, GAP_PP / 100)
    if needed is None:
        return (
            f"No number of test images shows a gap of {GAP_PP:g} pp with these seeds: more seeds are what is missing."
        )
    return (
        f"To see a gap of {GAP_PP:g} pp in this table's tests (80 % of the time) takes about {rounded_count(needed)} "
        f"test images (you have {summary.num_images:,})."
    )


def _partial(summary: Summary) -> list[str]:
    return [f"note: {name(row.model)}: {row.note}" for row in summary.ranked if row.note]
