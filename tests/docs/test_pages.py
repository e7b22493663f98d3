"""What the pages of `docs` show is so: their files are written, their commands typed, what these print compared."""

from __future__ import annotations

import re
import shlex

import pytest

from harness.cli.main import main
from tests.docs.blocks import Command, agrees, blocks, words
from tests.docs.shell import environment, typed
from tests.source import ROOT

# The tutorial has a test of its own, in an environment of its own.
PAGES = {
    file.relative_to(ROOT / "docs").as_posix(): blocks(file.read_text())
    for file in sorted((ROOT / "docs").rglob("*.md"))
    if "```console" in file.read_text() and file.name != "tutorial.md"
}
# These are done in an instant, and print the same everywhere; the others are for the slow tests.
QUICK = ("list", "info", "new", "plugins")
MEASURED = ("run", "time")


def asked(command):
    """The subcommand of a line, "" where it is no line of ours."""
    match = re.match(r"harness(?: -p \S+)* (\S+)", command.line)
    return match[1] if match else ""


def is_quick(step):
    return isinstance(step, Command) and asked(step) in QUICK


@pytest.mark.parametrize("page", [page for page, steps in PAGES.items() if any(map(is_quick, steps))])
def test_the_quick_commands_of_a_page_print_what_it_says(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for step in PAGES[page]:
        if not isinstance(step, Command):
            step.put(tmp_path)
        elif is_quick(step):
            code = main(shlex.split(step.line)[1:])
            printed = capsys.readouterr()
            assert bool(code) is step.fails, printed.err
            assert agrees(step.output, [*printed.err.splitlines(), *printed.out.splitlines()]), printed.out
        elif step.line.startswith("pip install"):
            break  # what follows needs what is installed


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_all_commands_of_a_page_work_and_print_what_it_says(page, tmp_path):
    variables = environment(tmp_path)
    for step in PAGES[page]:
        if not isinstance(step, Command):
            step.put(tmp_path)
            continue
        code, printed = typed(step.line, tmp_path, variables)
        assert bool(code) is step.fails, "\n".join(printed)
        if asked(step) in MEASURED:
            said = {word for line in printed for word in words(line)}
            assert {word for line in step.output for word in words(line)} <= said, "\n".join(printed)
        else:
            assert agrees(step.output, printed), "\n".join([step.line, *printed])
