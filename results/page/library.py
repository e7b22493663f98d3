"""plotly's script: kept once beside the pages that draw with it, or written into one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from results.errors import StoreError
from results.sanitize import plain
from results.store.atomic import make_folder, write_atomic

FOLDER = "_assets"
VERSION = re.compile(rb"plotly\.js v([0-9A-Za-z.-]{1,40})")
NOT_INSTALLED = "plotly is not installed: pip install plotly, then write this page anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartLibrary:
    """Where a page has its charts drawn from: the file `src` beside it or `code` within; or why from nowhere."""

    src: str = ""
    code: str = ""
    missing: str = ""


def beside(folder: Path, up: str = "") -> ChartLibrary:
    """The library kept in `folder`/_assets, written there unless it is; `up` leads from the page to `folder`."""
    source = installed()
    if source is None:
        return ChartLibrary(missing=NOT_INSTALLED)
    try:
        code = source.read_bytes()
        name = f"plotly-{_version(code)}.min.js"
        path = folder / FOLDER / name
        if not path.is_file() or path.stat().st_size != len(code):
            make_folder(path.parent)
            write_atomic(path, code)
    except (StoreError, OSError) as error:
        return ChartLibrary(missing=f"plotly's script could not be kept beside this page: {plain(error)}")
    return ChartLibrary(src=f"{up}{FOLDER}/{name}")


def within() -> ChartLibrary:
    """The library as a part of the page."""
    source = installed()
    return ChartLibrary(missing=NOT_INSTALLED) if source is None else ChartLibrary(code=source.read_text("utf-8"))


def installed() -> Path | None:
    """plotly's script among the installed packages, found without importing them; None where there is none."""
    spec = find_spec("plotly")
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / "package_data" / "plotly.min.js"
    return path if path.is_file() else None


def _version(code: bytes) -> str:
    found = VERSION.search(code[:400])
    return found[1].decode() if found else "unknown"
