"""How long, and how much: what a person types as `10m` or `8GB`."""

from __future__ import annotations

import re

DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?\s*(?:(\d+(?:\.\d+)?)m(?:in)?)?\s*(?:(\d+(?:\.\d+)?)s?)?", re.IGNORECASE)
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(i?)B?", re.IGNORECASE)


def seconds(value: object) -> float:
    """`90`, `90s`, `10m` or `1h30m` in seconds; more than none."""
    typed = str(value).strip()
    parts = DURATION.fullmatch(typed)
    total = (
        sum(float(part) * scale for part, scale in zip(parts.groups("0"), (3600, 60, 1), strict=True)) if parts else 0
    )
    if not typed or total <= 0:
        raise ValueError(f"'{value}' is no time such as 90s, 10m or 1h30m")
    return total


def num_bytes(value: object) -> int:
    """`500MB`, `8GB` or `8GiB` in bytes; without an i units are powers of 1000, as downloads are counted."""
    parts = SIZE.fullmatch(str(value).strip())
    if parts is None:
        raise ValueError(f"'{value}' is no size such as 500MB or 8GB")
    return int(float(parts[1]) * (1024 if parts[3] else 1000) ** " KMGT".index(parts[2].upper() or " "))
