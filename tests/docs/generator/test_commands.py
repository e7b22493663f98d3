"""The page of commands has every option of every parser, each with words that say what it does."""

from __future__ import annotations

import argparse
import re

import pytest

from docs.generator.commands import page, parsers
from harness.cli.commands import COMMANDS


@pytest.fixture(scope="module")
def sections():
    return {part.partition("\n")[0]: part for part in page().split("\n## ")[1:]}


def options(parser):
    hidden = argparse._HelpAction | argparse._SubParsersAction
    return [action for action in parser._actions if not isinstance(action, hidden)]


def test_every_command_has_a_section(sections):
    assert list(sections) == ["harness", *(f"harness {name}" for name in COMMANDS)]


def test_every_option_has_a_row_and_a_meaning(sections):
    for name, parser in parsers().items():
        for action in options(parser):
            typed = action.option_strings or [action.metavar or action.dest]
            lines = sections[f"harness {name}".strip()].splitlines()
            (row,) = [line for line in lines if re.match(rf"\| `{re.escape(typed[0])}[ `,]", line)]
            assert all(one in row for one in typed)
            assert action.help, f"harness {name}: {typed[0]} has no help"


def test_a_default_is_named_and_what_markdown_would_take_for_its_own_is_text(sections):
    assert "| `--epochs EPOCHS` | passes over the training images, at most (default: 15) |" in sections["harness run"]
    assert r"path,label\[,split]\[,group]" in sections["harness run"]
