"""table.json: rows in full precision, every pair compared, and what the figures were made with."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from itertools import combinations
from typing import Any

from results.ranking import compare
from results.ranking.summary import Summary
from results.tables.flat_rows import flat

SCHEMA = 1
# Above this many models each is compared with the best only: pairs grow with the square.
MOST_COMPARED = 60


def json_table(summary: Summary, configuration: Mapping[str, Any]) -> bytes:
    """The whole summary as JSON, in ASCII; numbers that JSON lacks are null."""
    records = summary.records
    content = {
        "schema": SCHEMA,
        "rows": flat(summary),
        "comparisons": comparisons(summary),
        "machine": records[0].machine if records else configuration.get("machine", {}),
        "data": records[0].data if records else configuration.get("data", {}),
        "command": configuration.get("command", []),
    }
    return (json.dumps(_finite(content), indent=1, allow_nan=False) + "\n").encode()


def comparisons(summary: Summary) -> list[dict[str, Any]]:
    """Each pair of ranked models, the better placed one first: `difference` is its error less the other's."""
    if summary.ranking is None:
        return []
    names = [row.model for row in summary.ranked]
    pairs = combinations(names, 2) if len(names) <= MOST_COMPARED else ((names[0], name) for name in names[1:])
    return [
        {
            "first": first,
            "second": second,
            **asdict(compare.compare(summary.correct[first], summary.correct[second])),
            "p_adjusted": summary.ranking.p_adjusted[first, second],
        }
        for first, second in pairs
    ]


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
