"""What a value may be: one check for each kind, for what is typed and for what Python hands over alike.

A check returns the value in the type that is worked with. Raises ValueError with what is wrong, or ZooError.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from math import isfinite
from operator import index
from pathlib import Path
from typing import Any

from harness.machine.device_names import split_device
from zoo.errors import ZooError

Check = Callable[[Any], Any]

RUNS = Path("results/runs")
MAX_SEED = 2**63 - 1
# More is refused by nothing else: it ends the process in libgomp, or keeps it busy before the first trial.
MAX_THREADS, MAX_SEEDS = 1024, 1000
MAX_FOLDS = 1000
MAX_PROCESSES = 64  # of one trial; each has a copy of the model


def whole(low: int, high: int | None = None) -> Callable[[object], int]:
    """Whole numbers from `low` to `high`."""

    def check(value: object) -> int:
        number = _whole(value)
        if number < low or (high is not None and number > high):
            limits = f"at least {low}" if high is None else f"from {low} to {high}"
            raise ValueError(f"{value} is out of range: {limits}")
        return number

    return check


def real(low: float, high: float | None = None, *, open_low: bool = False) -> Callable[[object], float]:
    """Finite numbers from `low` (itself excluded when `open_low`) to below `high`."""

    def check(value: object) -> float:
        number = _real(value)
        too_low = number <= low if open_low else number < low
        if not isfinite(number) or too_low or (high is not None and number >= high):
            limits = f"{'above' if open_low else 'at least'} {low:g}" + ("" if high is None else f", below {high:g}")
            raise ValueError(f"{value} is out of range: {limits}")
        return number

    return check


def one_of(*choices: str) -> Callable[[object], str]:
    """One of a few words."""

    def check(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError(f"{_shown(value)} is not one of {', '.join(choices)}")
        return value

    return check


def switch(value: object) -> bool:
    """On or off. A word is neither: "no" would be true."""
    if not isinstance(value, bool):
        raise ValueError(f"{_shown(value)} is neither True nor False")
    return value


def text(value: object) -> str:
    """A text; a path becomes one."""
    return _text(value, "a text")


def path(value: object) -> Path:
    """Where something lies; `~` is the home folder."""
    return Path(os.path.expanduser(_text(value, "a path")))


def grouping(value: object) -> str:
    """A file of groups, by its absolute path, or a pattern that finds an image's group in its path."""
    given = text(value)
    if given.lower().endswith(".csv"):
        return os.path.abspath(os.path.expanduser(given))
    try:
        pattern = re.compile(given)
    except re.error as error:
        raise ValueError(f"'{given}' is no regular expression ({error}), nor a .csv file") from None
    if pattern.groups != 1 and "group" not in pattern.groupindex:
        raise ValueError(f"'{given}' has {pattern.groups} groups in parentheses, and none of them is called group")
    return given


def names(value: object) -> str:
    """An expression such as "resnet18,timm/convnext*", or the names in a list."""
    parts = value if isinstance(value, list | tuple) else [value]
    if not all(isinstance(part, str) for part in parts):
        raise ValueError(f"{_shown(value)} is neither a name nor a list of names")
    return ",".join(str(part) for part in parts)


def paths(value: object) -> list[str]:
    """Texts or paths, one alone or several."""
    return [text(part) for part in (value if isinstance(value, list | tuple) else [value])]


def each(value: object) -> tuple[str, ...]:
    """Texts, one alone or several, each once."""
    parts = value if isinstance(value, list | tuple) else [value]
    return tuple(dict.fromkeys(text(part) for part in parts))


def device(value: object) -> str:
    """What may be a device of some machine; whether this one has it, only torch can tell."""
    # A torch.device says its own name; torch itself is not imported to recognise one.
    name = str(value) if type(value).__module__ == "torch" else value
    if not isinstance(name, str):
        raise ValueError(f"{_shown(value)} is not the name of a device")
    split_device(name)
    return name


def device_list(value: object) -> str:
    """Devices with commas between them, or in a list."""
    parts = value.split(",") if isinstance(value, str) else value
    return ",".join(device(part) for part in (parts if isinstance(parts, list | tuple) else [parts]))


def sizes(value: object) -> list[int]:
    """Numbers of images, each once."""
    parts = value.split(",") if isinstance(value, str) else value
    numbers = [whole(1)(part) for part in (parts if isinstance(parts, list | tuple) else [parts])]
    if not numbers or len(set(numbers)) < len(numbers):
        raise ValueError(f"{value} names {'a batch size twice' if numbers else 'no batch size'}")
    return numbers


def head(value: object) -> str:
    """`linear`, or `mlp:` with hidden sizes and a dropout rate, such as `mlp:256:0.2`."""
    # Only now: `--help` must not wait for all that finds heads.
    from zoo.heads.head import HeadSpec

    spec = text(value)
    try:
        HeadSpec.parse(spec)
    except ZooError as error:
        raise ValueError(error.cause) from None
    return spec


def _text(value: object, what: str) -> str:
    if isinstance(value, str | os.PathLike) and "\0" not in (plain := os.fsdecode(value)):
        return plain
    raise ValueError(f"{_shown(value)} is not {what}")


def _whole(value: object) -> int:
    try:
        if isinstance(value, str):
            return int(value)
        if not isinstance(value, bool):  # which Python takes for 0 and 1
            return index(value)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        pass
    raise ValueError(f"{_shown(value)} is not a whole number")


def _real(value: object) -> float:
    try:
        if isinstance(value, str) or (hasattr(value, "__float__") and not isinstance(value, bool)):
            return float(value)
    except (ValueError, TypeError, OverflowError):
        pass
    raise ValueError(f"{_shown(value)} is not a number")


def _shown(value: object) -> str:
    """A value as it was written; of what may be long, its type."""
    if isinstance(value, str):
        return f"'{value}'"
    return repr(value) if value is None or isinstance(value, bool | int | float) else f"a {type(value).__name__}"


def cores(value: object) -> tuple[int, ...]:
    """Numbers of cores, as `0-3,6`."""
    numbers: set[int] = set()
    for part in text(value).split(","):
        ends = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", part.strip())
        low, high = (int(ends[1]), int(ends[2] or ends[1])) if ends else (1, 0)
        if high < low:
            raise ValueError(f"{_shown(value)} names no cores: give numbers and ranges, such as 0-3,6")
        numbers |= set(range(low, high + 1))
    return tuple(sorted(numbers))
