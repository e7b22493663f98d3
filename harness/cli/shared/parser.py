"""The parser of the command line, and what several commands make their flags with."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, NoReturn

from zoo.errors import USAGE, ZooError
from zoo.names import did_you_mean

if TYPE_CHECKING:
    from typing import Any

    from harness.plan.values import Check


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Names a default where it is a value: that of a switch, None, or an empty list tells nothing."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        tells_nothing = action.default in (None, []) or isinstance(action.default, bool)
        return action.help if tells_nothing else super()._get_help_string(action)


class Parser(argparse.ArgumentParser):
    """argparse, but a mistake becomes our two lines instead of a page of usage."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("formatter_class", _Help)
        kwargs.setdefault("allow_abbrev", False)
        super().__init__(*args, **kwargs)

    def parse_known_args(self, *args: Any, **kwargs: Any) -> Any:
        # A command's own parser refuses what it does not know: the one above knows neither its options nor its name.
        parsed, unknown = super().parse_known_args(*args, **kwargs)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return parsed, unknown

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


def typed(check: Check) -> Check:
    """A check as the type of a flag: argparse shows what it says as it is."""

    def parse(text: str) -> Any:
        try:
            return check(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse


def add_json(parser: argparse._ActionsContainer, help: str = "print the same as JSON") -> None:
    """`--json`, for programs that read the output."""
    parser.add_argument("--json", action="store_true", help=help)
