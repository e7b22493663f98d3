"""Pages in a real Chromium: what they say on the console, what they ask the network for, how they look."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest

# A test's own figures must not depend on how a machine smooths fonts; root has no sandbox.
ARGUMENTS = ("--no-sandbox", "--force-color-profile=srgb", "--font-render-hinting=none")
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
AXE = Path(__file__).parents[1] / ".tox" / "axe" / "axe.min.js"
SERIOUS = {"serious", "critical"}


def chromium() -> str:
    """The path of an installed Chromium, `CHROMIUM` first; empty where there is none."""
    wanted = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), "")
    return wanted if Path(wanted).is_file() else ""


def missing() -> str:
    """Why no page can be opened here; empty where one can."""
    if find_spec("playwright") is None:
        return "playwright is not installed: pip install -e '.[test]'"
    return "" if chromium() else "no Chromium is installed: apt-get install chromium, or name one in CHROMIUM"


needs_chromium = pytest.mark.skipif(bool(missing()), reason=missing() or "there is one")
needs_axe = pytest.mark.skipif(not AXE.is_file(), reason=f"{AXE} is not there: python -m tests.fetch_axe fetches it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A page in the browser: `page` is playwright's; `console` and `requests` grow as it speaks and asks."""

    page: object
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextmanager
def browser() -> Iterator[object]:
    """One Chromium, for all tests of a file: its start takes longer than any of them."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        started = play.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        try:
            yield started
        finally:
            started.close()


@contextmanager
def opened(
    browser: object, path: Path, *, width: int = 1400, height: int = 900, dark: bool = False
) -> Iterator[Opened]:
    """The file at `path` in a window of its own, which remembers nothing and is offline."""
    scheme = "dark" if dark else "light"
    size = {"width": width, "height": height}
    context = browser.new_context(viewport=size, color_scheme=scheme, offline=True, reduced_motion="reduce")
    try:
        page = context.new_page()
        shown = Opened(page=page)
        page.on("console", lambda message: shown.console.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: shown.console.append(f"error: {error}"))
        page.on("request", lambda request: shown.requests.append(request.url))
        page.goto(path.resolve().as_uri())
        yield shown
    finally:
        context.close()


def overflowing(page: object) -> list[str]:
    """What makes the page wider than its window: elements that reach beyond it and are in no box that scrolls."""
    return page.evaluate(OVERFLOWING)


def axe_findings(page: object) -> list[str]:
    """What axe-core holds to be serious or critical, one line each."""
    # The page's policy forbids scripts that are not its own; what the debugger evaluates is beyond it.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    violations = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
    return [
        f"{found['impact']} {found['id']}: {found['help']}: {node['target']} {node['html'][:200]}"
        for found in violations
        if found["impact"] in SERIOUS
        for node in found["nodes"]
    ]


OVERFLOWING = """() => {
  const wide = document.documentElement.clientWidth;
  const root = [document.body, document.documentElement, null];
  const scrolls = node => !root.includes(node) &&
    (getComputedStyle(node).overflowX !== 'visible' || scrolls(node.parentElement));
  const reach = node => { const box = node.getBoundingClientRect(); return box.width ? box.right + scrollX : 0; };
  const whole = document.documentElement.scrollWidth;
  return [...document.body.querySelectorAll('*')]
    .filter(node => reach(node) > wide + 1 && !scrolls(node))
    .map(node => `${node.tagName}#${node.id}.${node.className} ends at ${reach(node)}`)
    .concat(whole > wide ? [`the page is ${whole} wide`] : []);
}"""
