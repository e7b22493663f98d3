"""What MkDocs calls while it builds the site (`hooks` in mkdocs.yml)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # MkDocs runs this file alone

from docs.generator import commands, readme  # noqa: E402

if TYPE_CHECKING:
    from typing import Any

    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

COMMANDS = "commands.md"
GUIDE = "Guide"


def on_config(config: MkDocsConfig) -> None:
    """Put the sections of README into the navigation."""
    guide: list[Any] = [name for name in readme.pages() if name.startswith("guide/")]
    entry = next(one for one in config.nav or () if GUIDE in one)
    entry[GUIDE] = guide


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Add the pages that are made."""
    from mkdocs.structure.files import File

    for name, text in (readme.pages() | {COMMANDS: commands.page()}).items():
        files.append(File.generated(config, name, content=text))


def on_page_markdown(markdown: str, page: Page, **others: object) -> str | None:
    """Give a page of `docs` links that hold on the site: those that leave `docs` are for a reader of the repository."""
    name = page.file.src_uri
    return readme.relinked(markdown, f"docs/{name}", name) if page.file.generated_by is None else None
