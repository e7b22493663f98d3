"""The site as far as it can be judged without being built: every page has its place, and links lead somewhere."""

from __future__ import annotations

import posixpath

import pytest
import yaml

from docs.generator.markdown import anchors, links
from docs.generator.readme import pages
from tests.source import ROOT

MADE = {*pages(), "commands.md"}
WRITTEN = {file.relative_to(ROOT).as_posix(): file for file in (ROOT / "docs").rglob("*.md")}
PROSE = WRITTEN | {name: ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md")}


def places(navigation):
    """The pages of a part of the navigation."""
    for entry in navigation:
        for target in entry.values():
            yield from places(target) if isinstance(target, list) else [target]


def test_every_page_has_one_place_in_the_navigation():
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    shown = [*places(config["nav"]), *(name for name in MADE if name.startswith("guide/"))]
    assert sorted(shown) == sorted([*MADE, *(name.removeprefix("docs/") for name in WRITTEN)])


@pytest.mark.parametrize("name", PROSE)
def test_every_link_of_a_page_leads_to_a_file_and_a_heading_that_are_there(name):
    for link in links(PROSE[name].read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        goal = ROOT / posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else PROSE[name]
        assert goal.exists() or posixpath.normpath(path) in MADE, f"{name} links to {link}, which is not there"
        if anchor and goal.is_file():
            assert anchor in anchors(goal.read_text(encoding="utf-8")), f"{name} links to {link}: no such heading"
