"""table.json: rows in full precision, every pair compared, and what the figures were made with."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import combinations
from typing import Any

from results.ranking.compare import Comparison
from results.ranking.summary import Summary
from results.tables.flat_rows import Flat
from results.tables.sentence import sentence

SCHEMA = 2
# Above this many models each is compared with the best only: pairs grow with the square.
MOST_COMPARED = 60


def json_table(summary: Summary, rows: Sequence[Flat], configuration: Mapping[str, Any]) -> bytes:
    """The whole summary as JSON, in ASCII; numbers that JSON lacks are null."""
    records = summary.records
    content = {
        "schema": SCHEMA,
        "sentence": sentence(summary),
        "rows": rows,
        "comparisons": comparisons(summary),
        "machine": records[0].machine if records else configuration.get("machine", {}),
        "data": records[0].data if records else configuration.get("data", {}),
        "command": configuration.get("command", []),
    }
    return (json.dumps(finite(content), indent=1, allow_nan=False) + "\n").encode()


def comparisons(summary: Summary) -> list[dict[str, Any]]:
    """Each pair of ranked models, the better placed one first: `difference` is its error less the other's.

    `low` and `high` are the ends of its interval, at the level that the pair was tested at. `tie` says that it is known
    to be less than 1 pp.
    """
    return [
        {
            "first": first,
            "second": second,
            **asdict(found),
            "significant": found.significant,
            "tie": found.small,
        }
        for first, second, found in _pairs(summary)
    ]


def _pairs(summary: Summary) -> Iterator[tuple[str, str, Comparison]]:
    best, *others = summary.ranked or (None,)
    if best is None:
        return
    for row in others:
        assert row.vs_best is not None, "only the best has nothing to be compared with"
        yield best.model, row.model, _turned(row.vs_best)
    if len(others) < MOST_COMPARED:
        for one, other in combinations((row.model for row in others), 2):
            yield one, other, summary.ranking.compare(one, other)


def _turned(found: Comparison) -> Comparison:
    """The same with the second model first."""
    return replace(
        found,
        difference=0.0 - found.difference,  # which is no -0.0
        low=0.0 - found.high,
        high=0.0 - found.low,
        only_first=found.only_second,
        only_second=found.only_first,
    )


def finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
