"""What is asked about a page: its headings, its links, and what stands in no block of code."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

# `[words](target)`, or code, in which nothing is a link.
_LINK = re.compile(r"\[([^\[\]]*)\]\(([^()\s]+)\)|`[^`]*`")
_HEADING = re.compile(r"#{1,6} +(.*?) *#*")


def prose(text: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it is prose: a line of a block of code, and of its fence, is none."""
    in_code = False
    for line in text.splitlines():
        is_fence = line.lstrip().startswith("```")
        yield line, not (in_code or is_fence)
        in_code ^= is_fence


def headings(text: str) -> list[str]:
    """The headings of a page, as they are written."""
    return [match[1] for line, is_prose in prose(text) if is_prose and (match := _HEADING.fullmatch(line))]


def anchors(text: str) -> set[str]:
    """What a link may have after its #: a slug for each heading, as Python-Markdown makes it."""
    return {slug(heading) for heading in headings(text)}


def slug(heading: str) -> str:
    """The anchor of a heading."""
    plain = unicodedata.normalize("NFKD", re.sub(r"[`*]", "", heading)).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())


def links(text: str) -> list[str]:
    """Where the links of a page go, and its pictures lie."""
    lines = (line for line, is_prose in prose(text) if is_prose)
    return [match[2] for line in lines for match in _LINK.finditer(line) if match[2]]


def with_links(text: str, link: Callable[[str, str], str]) -> str:
    """The page with `link(words, target)` in the place of each of its links."""

    def changed(match: re.Match[str]) -> str:
        return link(match[1], match[2]) if match[2] else match[0]

    return "\n".join([*(_LINK.sub(changed, line) if is_prose else line for line, is_prose in prose(text)), ""])
