"""Types of command-line values: each refuses what cannot be meant, before anything heavy is imported."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from difflib import get_close_matches
from math import isfinite
from typing import TYPE_CHECKING, NoReturn

from zoo.errors import USAGE, ZooError

if TYPE_CHECKING:
    from typing import Any

MAX_SEED = 2**63 - 1


class Parser(argparse.ArgumentParser):
    """argparse, but a mistake becomes our two lines instead of a page of usage."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", argparse.ArgumentDefaultsHelpFormatter)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        raise ZooError(message + self._guess(message), f"see: {self.prog} --help", USAGE)

    def _guess(self, message: str) -> str:
        """For an option that no one has: the one that may have been meant."""
        wrong = re.match(r"unrecognized arguments:.*?(--[\w-]+)", message)
        close = get_close_matches(wrong[1], self._all_options(), n=1) if wrong else []
        return f"; did you mean {close[0]}?" if close else ""

    def _all_options(self) -> list[str]:
        """Those of this parser and of the commands below it, of which only the one that was named has any."""
        commands = [action for action in self._actions if isinstance(action, argparse._SubParsersAction)]
        below = [
            option for action in commands for parser in action.choices.values() for option in parser._all_options()
        ]
        return [*self._option_string_actions, *below]


def whole(low: int, high: int | None = None) -> Callable[[str], int]:
    """Whole numbers from `low` to `high`."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number") from None
        if value < low or (high is not None and value > high):
            limits = f"at least {low}" if high is None else f"from {low} to {high}"
            raise argparse.ArgumentTypeError(f"{text} is out of range: {limits}")
        return value

    return parse


def real(low: float, high: float | None = None, *, open_low: bool = False) -> Callable[[str], float]:
    """Finite numbers from `low` (itself excluded when `open_low`) to below `high`."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"'{text}' is not a number") from None
        too_low = value <= low if open_low else value < low
        if not isfinite(value) or too_low or (high is not None and value >= high):
            limits = f"{'above' if open_low else 'at least'} {low:g}" + ("" if high is None else f", below {high:g}")
            raise argparse.ArgumentTypeError(f"{text} is out of range: {limits}")
        return value

    return parse


def head(text: str) -> str:
    """`linear`, or `mlp:` with hidden sizes and a dropout rate, such as `mlp:256:0.2`."""
    kind, _, rest = text.partition(":")
    if text == "linear":
        return text
    sizes, _, drop = rest.partition(":")
    good = kind == "mlp" and all(part.isdecimal() and int(part) > 0 for part in sizes.split(","))
    if not good or not _is_rate(drop or "0"):
        raise argparse.ArgumentTypeError(f"'{text}' is not a head: linear, mlp:256 or mlp:256:0.2")
    return text


def _is_rate(text: str) -> bool:
    try:
        return 0 <= float(text) < 1
    except ValueError:
        return False
