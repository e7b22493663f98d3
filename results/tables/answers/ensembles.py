"""What an ensemble of trials is worth, in lines, and the same as plain data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from results.answers.ensembles.ensemble import Ensemble, Score
from results.answers.ensembles.search import Search, Step
from results.sanitize import name
from results.tables.answers.words import label, same_images, signed, verdict
from results.tables.columns import timing
from results.tables.number_format import counted, digits, fixed, p_value, with_ends
from results.tables.text import aligned, listed

MOST_NAMED = 8
THE = "the ensemble"


def lines(found: Ensemble) -> list[str]:
    """Its members, its errors, the comparison with the best of them, and its time."""
    said = [*_searched(found), _what(found), *_uncertain(found), "", *_table(found)]
    if found.against_best or found.times:
        said += ["", *_against(found)]
    said += [_time(found, timed, medians) for timed, medians in found.times.items()]
    noisy = list(dict.fromkeys(row.model for row in found.rows if timing(row) == "noisy"))
    return [*said, *([f"the timing of {listed(noisy)} was noisy: time it again"] if noisy and found.times else [])]


def data(found: Ensemble) -> dict[str, Any]:
    """The same as plain data: percent, ms a batch, nats; `difference` is the ensemble's error less the member's."""
    against = found.against_best
    members = zip(found.members, found.member_scores, strict=True)
    return {
        "run": found.run,
        "members": [{"name": member, **_data(score)} for member, score in members],
        "seeds": list(found.seeds),
        "num_ensembles": found.num_ensembles,
        **_data(found.score),
        "best_member": found.best,
        "against_best": asdict(against) | {"significant": against.significant, "tie": against.small}
        if against
        else None,
        "sum_of_step_times": {timed: sum(medians) for timed, medians in found.times.items()},
        "batch_size": found.batch_size,
        "uncertain_share": found.uncertain,
        "search": _search_data(found.search) if found.search else None,
    }


def _data(score: Score) -> dict[str, Any]:
    return {"top1_err": asdict(score.error), "top5_err": score.top5}


def _search_data(search: Search) -> dict[str, Any]:
    steps = [
        asdict(step) | {"log_loss": step.log_loss if math.isfinite(step.log_loss) else None} for step in search.steps
    ]
    return asdict(search) | {"steps": steps}


def _searched(found: Ensemble) -> list[str]:
    search = found.search
    if search is None:
        return []
    models, images = counted(search.num_candidates, "model"), counted(search.num_images, "validation image")
    said = f"chosen on {images} from {models}, at most {search.at_most}: {', then '.join(map(_step, search.steps))}"
    if len(search.steps) > 1:
        return [said]
    return [said, "no model that is added to it makes fewer errors there, so it stays alone"]


def _step(step: Step) -> str:
    return f"{name(step.model)} ({fixed(step.error, 1)} %)"


def _what(found: Ensemble) -> str:
    """Of how many trials how many ensembles were made."""
    if found.of_seeds:
        model = name(found.members[0].rpartition(" seed ")[0])
        return f"one ensemble of {model}: the mean of the class probabilities of its {len(found.members)} seeds"
    members = listed(found.members, MOST_NAMED)
    if len(found.members) == 1:
        return f"{members} alone, {counted(len(found.seeds), 'seed')}"
    if len(found.seeds) == 1:
        return f"one ensemble of {members}: the mean of their class probabilities"
    seeds = listed([str(seed) for seed in found.seeds], MOST_NAMED)
    return f"{len(found.seeds)} ensembles of {members}, one a seed ({seeds}): the mean of their class probabilities"


def _uncertain(found: Ensemble) -> list[str]:
    if found.uncertain is None:
        return []
    share = f"{100 * found.uncertain:.1f} %" if found.uncertain >= 0.0005 or not found.uncertain else "under 0.1 %"
    return [
        "not exact: of each image only the best 5 classes of a trial were kept, and what these leave is taken to be "
        f"spread evenly; for {share} of the images the best class may be another one"
    ]


def _table(found: Ensemble) -> list[str]:
    """The ensemble first, then its members."""
    rows = [(THE, found.score)] if len(found.members) > 1 else []
    rows += dict(zip(found.members, found.member_scores, strict=True)).items()  # one that was named twice stands once
    headings = ["", "top-1 err % (95 %)", *(["top-5 err %"] if found.score.top5 is not None else [])]
    return aligned([headings, *(_row(what, score) for what, score in rows)], right=(1, 2))


def _row(what: str, score: Score) -> list[str]:
    error = score.error
    cells = [name(what), with_ends(error.mean, error.low, error.high)]
    return [*cells, *([fixed(score.top5, 1)] if score.top5 is not None else [])]


def _against(found: Ensemble) -> list[str]:
    against, best = found.against_best, name(found.best)
    if against is None:
        return []
    if against.only_first == against.only_second == 0:
        return [f"{THE} is right on the very images on which {best}, its best member, is"]
    difference = f"{signed(against.difference, against.low, against.high)} pp, {p_value(against.p)}"
    said = f"against {best}, its best member: difference {difference}: {verdict(against, THE, best)}"
    return [said, same_images(against, THE, best, [found.num_ensembles])]


def _time(found: Ensemble, timed: str, medians: Sequence[float]) -> str:
    batch = f" of {found.batch_size}" if found.batch_size else ""
    total = f"{label(timed)}  {digits(sum(medians))} ms/batch{batch}"
    if len(medians) == 1:
        return total
    parts = " + ".join(map(digits, medians[:MOST_NAMED])) + (" + …" if len(medians) > MOST_NAMED else "")
    return f"{total}: the sum of its members' medians ({parts}), not measured as one"
