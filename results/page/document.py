"""The page as one text: its policy, styles, sections and scripts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from results.page import together
from results.page.embed import embedded, inline_script, source_hash
from results.page.library import ChartLibrary
from results.page.report_run import ReportRun
from results.page.section import Section
from results.page.sections import SECTIONS

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
# What every page has, in this order; `<id>.js` of a section comes where the section does.
STYLES = ("page", "charts")
SCRIPTS = ("page", "charts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A section at its place: `id` is its own on the whole page, `name` what kind of section it is."""

    id: str
    name: str
    section: Section
    json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One run on the page."""

    id: str
    run: ReportRun
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Runs made under the same conditions, and what is said of them."""

    runs: Sequence[Shown]
    words: str


def document(runs: Sequence[ReportRun], library: ChartLibrary) -> str:
    """The page of `runs`, each with its own sections; what is not comparable is named and stands in groups."""
    groups = _groups(runs)
    names = dict.fromkeys(part.name for group in groups for run in group.runs for part in run.parts)
    scripts = [script for name in (*SCRIPTS, *names) if (script := _script(name))]
    library_code = inline_script(library.code)
    nonce = secrets.token_urlsafe(16)
    return (
        _environment()
        .get_template("page.html")
        .render(
            groups=groups,
            several=len(runs) > 1,
            title=" · ".join(run.name for run in runs),
            styles="\n".join(_asset(f"{name}.css") for name in STYLES),
            scripts=scripts,
            policy=policy([*scripts, *([library_code] if library_code else [])], nonce if library.src else ""),
            nonce=nonce,
            library=library,
            library_code=library_code,
        )
    )


def policy(scripts: Sequence[str], nonce: str) -> str:
    """The content-security policy: these inline scripts, one file by its nonce, and no request to anywhere.

    A file beside the page can only be named by a nonce: browsers check no hash of a `file:`. plotly makes styles.
    """
    allowed = [*map(source_hash, scripts), *([f"'nonce-{nonce}'"] if nonce else [])]
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(allowed),
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "connect-src": "'none'",
        "form-action": "'none'",
        "base-uri": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _groups(runs: Sequence[ReportRun]) -> list[Group]:
    if len(runs) == 1:
        return [Group(runs=[Shown(id="run", run=runs[0], parts=_parts(runs[0], ""))], words="")]
    numbers = {id(run): f"run{at}" for at, run in enumerate(runs, 1)}
    return [
        Group(
            runs=[Shown(id=numbers[id(run)], run=run, parts=_parts(run, f"{numbers[id(run)]}-")) for run in alike.runs],
            words=alike.words,
        )
        for alike in together.groups(runs)
    ]


def _parts(run: ReportRun, prefix: str) -> list[Part]:
    sections = [section for make in SECTIONS if (section := make(run))]
    return [Part(id=f"{prefix}{one.id}", name=one.id, section=one, json=embedded(one.data)) for one in sections]


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _script(name: str) -> str:
    """The script of a section; empty where it needs none."""
    return inline_script(_asset(f"{name}.js")) if (HERE / "assets" / f"{name}.js").is_file() else ""


def _asset(name: str) -> str:
    return (HERE / "assets" / name).read_text("utf-8")
