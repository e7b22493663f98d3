"""Pages that are files elsewhere in the repository: README by its sections, CONTRIBUTING and CHANGELOG as they are."""

from __future__ import annotations

import posixpath
from functools import partial
from pathlib import Path

from docs.generator.markdown import prose, slug, with_links

ROOT = Path(__file__).parents[2]
README = "README.md"
HOME = "index.md"
WHOLE = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}


def pages() -> dict[str, str]:
    """The text of each such page by its place below `docs`, README's sections in their order after the home page."""
    parts = sections((ROOT / README).read_text(encoding="utf-8"))
    texts = {place(heading): relinked(text, README, place(heading)) for heading, text in parts.items()}
    for source, page in WHOLE.items():
        texts[page] = relinked((ROOT / source).read_text(encoding="utf-8"), source, page)
    return texts


def sections(text: str) -> dict[str, str]:
    """README by its headings, each of which becomes that of a page; what stands before them under ""."""
    parts: dict[str, list[str]] = {"": []}
    for line, is_prose in prose(text):
        is_heading = is_prose and line.startswith("## ")
        lines = parts.setdefault(line[3:], []) if is_heading else parts[list(parts)[-1]]
        lines.append(line[1:] if is_prose and line.startswith("##") else line)
    return {heading: "\n".join([*lines, ""]) for heading, lines in parts.items()}


def place(heading: str) -> str:
    """Where a section of README becomes a page."""
    return f"guide/{slug(heading)}.md" if heading else HOME


def relinked(text: str, source: str, page: str) -> str:
    """The text of a file of the repository with links that hold on a page of the site.

    `source` is the file's place in the repository, `page` the page's below `docs`. What is no page there, such as a
    file of Python, is named without a link.
    """
    return with_links(text, partial(_relinked, source, page))


def _relinked(source: str, page: str, words: str, target: str) -> str:
    if "://" in target:
        return f"[{words}]({target})"
    path, _, anchor = target.partition("#")
    goal = _page_of(posixpath.normpath(posixpath.join(posixpath.dirname(source), path)) if path else source, anchor)
    if goal is None:
        return words
    new, after = goal
    relative = posixpath.relpath(new, posixpath.dirname(page) or ".")
    return f"[{words}]({relative}{after})"


def _page_of(path: str, anchor: str) -> tuple[str, str] | None:
    """The page for a file of the repository, and what a link to it has after its name; None where it is no page."""
    after = f"#{anchor}" if anchor else ""
    if path == README:
        # A heading of README is a page of its own.
        return (f"guide/{anchor}.md", "") if anchor else (HOME, "")
    if path in WHOLE:
        return WHOLE[path], after
    return (path.removeprefix("docs/"), after) if path.startswith("docs/") else None
