"""The command line: finds the plugins, hands over to one command, turns errors into lines and exit codes."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from harness._version import __version__
from harness.cli.commands import COMMANDS, module_of
from harness.cli.encoding import adapt
from harness.cli.shared.messages import Messages
from harness.cli.shared.parser import Parser
from harness.machine.home import give_home
from harness.plan.plugin_guard import WATCHED
from harness.runs.signals import Terminated
from results.errors import STORAGE, StoreError
from zoo.errors import ZooError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence
    from types import ModuleType

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 fine, 1 some trials failed, 2 usage, 3 environment, 4 storage."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    messages = Messages.of(given)
    for stream in (sys.stdout, sys.stderr):
        adapt(stream, os.environ)
    try:
        code = _dispatch(given)
        print(end="", flush=True)  # does nothing where there is no stdout; sys.stdout.flush() fails
    except (ZooError, StoreError) as error:
        if "--debug" in given:
            import traceback

            messages.note(traceback.format_exc().rstrip("\n"))
        messages.error(error.cause, error.remedy, error.exit_code)
        return error.exit_code
    except BrokenPipeError:
        # The reader (head, less) has gone: what it did not want is no error.
        _discard_output()
        return 0
    except OSError as error:
        if not _is_stdout_full():
            raise
        messages.error(f"the output cannot be written: {error.strerror}", "", STORAGE)
        return STORAGE
    except KeyboardInterrupt:
        messages.ended("interrupted", INTERRUPTED)
        return INTERRUPTED
    except Terminated as error:
        messages.ended(f"ended by {error}", error.exit_code)
        return error.exit_code
    return code


def _dispatch(arguments: list[str]) -> int:
    # A name among the arguments may be the command: its module, and no other, is imported.
    named = [name for name in COMMANDS if name in arguments]
    modules = {name: import_module(module_of(name)) for name in named}
    parsed = make_parser(modules).parse_args(arguments)
    if note := give_home():
        Messages.of(arguments).note(f"note: {note}")
    from zoo.discovery import discover

    command = modules[parsed.command]
    for name in getattr(command, "LOAD_FIRST", ()):
        import_module(name)
    code: int = command.execute(parsed, discover(parsed.plugins, watched=WATCHED))
    return code


def make_parser(modules: Mapping[str, ModuleType]) -> argparse.ArgumentParser:
    """The parser of the command line; of the commands that are not among `modules` it knows the names only."""
    parser = Parser(prog="harness", description="Which architecture should I use? Measured on your images and machine.")
    parser.add_argument("--version", action="version", version=f"harness {__version__}")
    parser.add_argument(
        "-p",
        dest="plugins",
        action="append",
        default=[],
        metavar="PLUGIN",
        help="also load a plugin, FILE.py or module.name; no:NAME leaves one out (repeatable, before the command)",
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for name, summary in COMMANDS.items():
        command = subparsers.add_parser(name, help=summary, description=summary)
        command.add_argument("--debug", action="store_true", help="show the traceback of an error")
        if name in modules:
            modules[name].configure(command)
    return parser


def _is_stdout_full() -> bool:
    """Whether it is stdout that fails: what it could not write is still waiting, and fails once more."""
    try:
        print(end="", flush=True)
    except OSError:
        _discard_output()
        return True
    return False


def _discard_output() -> None:
    """Send what is still unwritten nowhere: Python would try it again as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
