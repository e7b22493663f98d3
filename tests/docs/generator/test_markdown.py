"""Headings and links of a page, in the way that Python-Markdown sees them."""

from __future__ import annotations

import pytest

from docs.generator.markdown import headings, links, slug, with_links

PAGE = """# First: `code`
[one](a.md) and ![two](b.png "no title is allowed") [`x`](c.md#d)
`[no](link.md)`
```
# no heading
[no](link.md)
```
## Second
"""


def test_headings_and_links_in_code_are_none():
    assert headings(PAGE) == ["First: `code`", "Second"]
    assert links(PAGE) == ["a.md", "c.md#d"]


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Small data", "small-data"),
        ("What a time is", "what-a-time-is"),
        ("`ModelSpec(head=…)`, and more", "modelspechead-and-more"),
        ("Ranks, ties - and marks", "ranks-ties-and-marks"),
    ],
)
def test_an_anchor_is_the_one_of_the_site(heading, anchor):
    assert slug(heading) == anchor


def test_links_are_put_in_but_not_in_code():
    changed = with_links(PAGE, lambda words, target: f"<{target}>")
    assert "<a.md> and" in changed
    assert "`[no](link.md)`\n```\n# no heading\n[no](link.md)\n```" in changed
