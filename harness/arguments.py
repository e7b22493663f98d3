"""Types of command-line values: each refuses what cannot be meant, before anything heavy is imported."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, NoReturn

from harness.device_names import split_device
from zoo.errors import USAGE, ZooError
from zoo.names import did_you_mean

if TYPE_CHECKING:
    from typing import Any

MAX_SEED = 2**63 - 1
# More is refused by nothing else: it ends the process in libgomp, or keeps it busy before the first trial.
MAX_THREADS, MAX_SEEDS = 1024, 1000


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Names a default where it is a value: that of a switch, or None, tells nothing."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        tells_nothing = action.default is None or isinstance(action.default, bool)
        return action.help if tells_nothing else super()._get_help_string(action)


class Parser(argparse.ArgumentParser):
    """argparse, but a mistake becomes our two lines instead of a page of usage."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", _Help)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)

    def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
        # A command's own parser refuses what it does not know: the one above knows neither its options nor its name.
        found, unknown = super().parse_known_args(*args, **kwargs)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        remedy = f"see: {self.prog} --help"
        if "-p" in message.split():
            remedy = f"-p comes before the command: harness -p PLUGIN {self.prog.partition(' ')[2]} ..."
        raise ZooError(message + self._guess(message), remedy, USAGE)

    def _guess(self, message: str) -> str:
        """For an option, a command or a choice that does not exist: the one that may have been meant."""
        option = re.match(r"unrecognized arguments:.*?(--[\w-]+)", message)
        choice = re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message)
        known = re.findall(r"[\w-]+", choice[2]) if choice else self._option_string_actions
        wrong = option or choice
        return did_you_mean(wrong[1], known) if wrong else ""


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


def device(text: str) -> str:
    """What may be a device of some machine; whether this one has it, only torch can tell."""
    split_device(text)
    return text


def device_list(text: str) -> str:
    """Devices with commas between them."""
    return ",".join(device(part) for part in text.split(","))


def head(text: str) -> str:
    """`linear`, or `mlp:` with hidden sizes and a dropout rate, such as `mlp:256:0.2`."""
    # Only now: argparse asks once the command line is read, and --help must not wait for all that finds heads.
    from zoo.heads.head import HeadSpec

    try:
        HeadSpec.parse(text)
    except ZooError as error:
        raise argparse.ArgumentTypeError(error.cause) from None
    return text
