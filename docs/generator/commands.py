"""The page of all commands, made from the parsers that read them: what `--help` says is what the page says."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib import import_module

from harness.cli.commands import COMMANDS, module_of
from harness.cli.main import make_parser

TITLE = "Commands"
INTRODUCTION = """\
`harness` is `python -m harness`. What is here is what `harness COMMAND --help` says; this page is made from it.

Results go to stdout, progress and notes to stderr. A command ends with 0 if all is well, with 1 if it did its work and
some of it failed, with 2 for what cannot be meant, with 3 for what this machine or the data lack, with 4 where files
cannot be read or written, with 130 after Ctrl-C, and with 143 where it was told to stop.
"""


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command by its name; that of `harness` itself under ""."""
    whole = make_parser({name: import_module(module_of(name)) for name in COMMANDS})
    (commands,) = (one for one in whole._actions if isinstance(one, argparse._SubParsersAction))
    return {"": whole, **commands.choices}


def page() -> str:
    """All of them as Markdown: a heading a command, a table a group of options."""
    lines = [f"# {TITLE}", "", INTRODUCTION]
    for name, parser in parsers().items():
        lines += [f"## {f'harness {name}'.strip()}", "", *_command(parser), ""]
    return "\n".join(lines)


def _command(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield _sentence(parser.description or "")
    for group in parser._action_groups:
        rows = [_row(parser, action) for action in group._group_actions if _is_shown(action)]
        if rows:
            yield from ("", f"**{(group.title or '').capitalize()}**", "", "| option | meaning |", "|---|---|", *rows)


def _is_shown(action: argparse.Action) -> bool:
    return not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)


def _row(parser: argparse.ArgumentParser, action: argparse.Action) -> str:
    """How an option is typed, and its help with what stands for its default put in."""
    formatter = parser._get_formatter()
    typed = formatter._format_action_invocation(action)
    meaning = formatter._expand_help(action) if action.help else ""
    return f"| `{typed}` | {_cell(meaning)} |"


def _cell(text: str) -> str:
    """Text of a cell: what Markdown or HTML would take for theirs stays as it is."""
    escaped = " ".join(text.split())
    for sign in ("\\", "|", "*", "_", "<", "[", "`"):
        escaped = escaped.replace(sign, f"\\{sign}")
    return escaped


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{_cell(text[1:]).rstrip('.')}."
