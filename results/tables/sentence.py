"""The answer as a sentence, and the lines below a table that say how far its figures carry."""

from __future__ import annotations

from results.ranking import compare
from results.ranking.summary import Row, Summary
from results.sanitize import name, plain
from results.tables.columns import shape, timing
from results.tables.number_format import counted, p_value, rounded_count, with_reach
from results.tables.text import listed

NO_ACCELERATOR = "no GPU columns: this run used the CPU only"


def title(summary: Summary) -> str:
    """What is shown, on how much data, and what its signs mean."""
    if not summary.ranked:
        return "No trial ended well: there is nothing to rank."
    num_seeds = len(summary.seeds)
    over = "images" if num_seeds == 1 else "images and seeds"
    signs = f"(± 95 % over {over}; = tied, Holm-adjusted; ◆ Pareto)"
    return f"Test error on {counted(summary.num_images, 'image')}, {counted(num_seeds, 'seed')}  {signs}"


def sentence(summary: Summary) -> str:
    """Which model is best, who ties with it, whom it beats and by how much; empty where nothing was ranked."""
    if not summary.ranked:
        return ""
    best, *others = summary.ranked
    if not others:
        return f"{name(best.model)} is the only model that was ranked."
    ties = [row.model for row in others if row.rank == 1]
    # A rank below the first says that some model is better, and not that the best one is.
    worse = next((row for row in others if row.rank != 1 and _p(summary, best, row) < 0.05), None)
    text = f"{'Of these checkpoints, ' if len(summary.seeds) == 1 else ''}{name(best.model)} is best"
    text += f", tied with {listed(ties)}" if ties else ""
    text += f"; it beats {_margin(summary, best, worse)}" if worse else ""
    return f"{text}."


def remarks(summary: Summary) -> list[str]:
    """What a reader of the table must know to read it right, one line each."""
    if not summary.ranked:
        return []
    lines = [_one_seed(summary), _conditions(summary), *_shapes(summary), _noisy(summary), _no_accelerator(summary)]
    lines += [_unrepeatable(summary), *_said(summary), *_untimed(summary)]
    lines += [_left_out(summary), _images_needed(summary), *_partial(summary)]
    return [line for line in lines if line]


def _p(summary: Summary, one: Row, other: Row) -> float:
    return summary.ranking.p_adjusted[one.model, other.model] if summary.ranking else 1.0


def _margin(summary: Summary, best: Row, worse: Row) -> str:
    comparison = worse.vs_best
    assert comparison is not None, "only the best has nothing to be compared with"
    gap = with_reach(comparison.difference, comparison.low, comparison.high)
    return f"{name(worse.model)} by {gap} pp ({p_value(_p(summary, best, worse))})"


def _one_seed(summary: Summary) -> str:
    if len(summary.seeds) > 1:
        return ""
    return "One seed: this compares these checkpoints; --seeds 3 also shows how much a new training changes."


def _conditions(summary: Summary) -> str:
    timed = [row for row in summary.ranked if row.time("cpu", "infer") or summary.accelerator]
    if not timed:
        return ""
    row, shapes = timed[0], {shape(row) for row in timed}
    parts = [row.fact("infer_batch_size"), *(shapes if len(shapes) == 1 else ())]
    size = "×".join(str(part) for part in parts if part)
    threads = row.fact("threads")
    named = [f"batch {size}", _precision(row), counted(threads, "CPU thread") if threads else "", _allocator(row)]
    return f"Times: {', '.join(filter(None, named))}; medians, with ± (half the IQR) where it is over 2 %."


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
    return [f"Timed at different image sizes: {parts}."]


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
    return next((part for part in said if "rounds differ" in part), said[0] if said else "")


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


def _images_needed(summary: Summary) -> str:
    if len(summary.ranked) < 2:
        return ""
    first, second = (summary.correct[row.model] for row in summary.ranked[:2])
    needed = rounded_count(compare.images_to_resolve(first, second))
    return f"To resolve a 1 pp gap you need about {needed} test images (you have {summary.num_images:,})."


def _partial(summary: Summary) -> list[str]:
    return [f"note: {name(row.model)}: {row.note}" for row in summary.ranked if row.note]
