"""README's sections become pages, whose links hold there."""

from __future__ import annotations

import pytest

from docs.generator.readme import pages, relinked, sections
from tests.source import ROOT


def test_a_section_is_what_stands_from_its_heading_to_the_next_but_not_within_code():
    text = "# Title\nfirst\n## One\n```\n## no heading\n```\n### Below\n## Two\nlast\n"
    assert sections(text) == {
        "": "# Title\nfirst\n",
        "One": "# One\n```\n## no heading\n```\n## Below\n",
        "Two": "# Two\nlast\n",
    }


def test_every_section_of_readme_is_a_page_and_nothing_of_it_is_lost():
    readme = (ROOT / "README.md").read_text()
    assert len([name for name in pages() if name.startswith("guide/")]) == len(sections(readme)) - 1
    assert sum(text.count("```") for text in sections(readme).values()) == readme.count("```")


@pytest.mark.parametrize(
    ("source", "page", "link", "expected"),
    [
        ("README.md", "index.md", "docs/tables.md#ranks", "[x](tables.md#ranks)"),
        ("README.md", "guide/develop.md", "docs/images/live.svg", "[x](../images/live.svg)"),
        ("README.md", "guide/develop.md", "#small-data", "[x](small-data.md)"),
        ("README.md", "guide/develop.md", "zoo/specs.py", "x"),
        ("README.md", "index.md", "https://pypi.org/", "[x](https://pypi.org/)"),
        ("docs/hooks/a.md", "hooks/a.md", "../../CONTRIBUTING.md", "[x](../contributing.md)"),
        ("docs/hooks/a.md", "hooks/a.md", "../tables.md", "[x](../tables.md)"),
        ("docs/tables.md", "tables.md", "#ranks", "[x](tables.md#ranks)"),
        ("docs/tables.md", "tables.md", "../README.md#small-data", "[x](guide/small-data.md)"),
    ],
)
def test_links_are_those_of_the_site(source, page, link, expected):
    assert relinked(f"[x]({link})", source, page) == f"{expected}\n"
