"""Every hook has its page, made from its docstring, and what plugins rely on is in the changelog of hooks."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass

import pytest

import zoo
from tests.source import ROOT
from zoo import hookspecs
from zoo.testing.kit import CHECKS

HOOKS = [name for name, value in vars(hookspecs).items() if hasattr(value, f"{hookspecs.PROJECT}_spec")]
TYPES = [name for name in zoo.__all__ if is_dataclass(getattr(zoo, name)) and name != "PluginInfo"]
FOLDER = ROOT / "docs" / "hooks"
CHANGES = (FOLDER / "changelog.md").read_text()


def row_of(name):
    (row,) = [line for line in CHANGES.splitlines() if line.startswith(f"| `{name}` |")]
    return re.findall(r"`(\w+)`", row)[1:]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_a_page_that_is_made_from_its_docstring(hook):
    page = (FOLDER / f"{hook}.md").read_text()
    assert page.startswith(f"# {hook}\n\n::: zoo.hookspecs.{hook}\n")
    assert getattr(hookspecs, hook).__doc__
    assert f"`{hook}`" in CHANGES


@pytest.mark.parametrize("name", TYPES)
def test_what_a_hook_takes_or_returns_is_on_a_page_and_its_fields_are_in_the_changelog(name):
    kind = getattr(zoo, name)
    pages = "".join(page.read_text() for page in FOLDER.glob("zoo_*.md"))
    assert f"::: {kind.__module__}.{name}\n" in pages
    assert row_of(name) == [field.name for field in fields(kind)]


def test_the_newest_number_of_the_changelog_is_the_present_one():
    assert re.search(r"^## (\d+)", CHANGES, re.MULTILINE)[1] == str(zoo.API_VERSION)


def test_every_check_of_models_is_on_the_page_of_checks():
    page = (ROOT / "docs" / "checks.md").read_text()
    assert re.findall(r"^\| `(\w+)` \| \S", page, re.MULTILINE) == list(CHECKS)
