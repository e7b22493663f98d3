"""README's pictures of the page: `python -m tests.results.page.pictures RUN [FOLDER]`.

RUN is the folder of a run; into FOLDER, docs/images if it is left out, go report-light.png, its top, and
report-charts.png, its error against time and what follows. Each has 150 kB at most, so that README stays quick.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from results.page.document import document
from results.page.library import within
from results.page.report_run import report_run
from results.store.run_store import RunStore
from tests.browser import browser, missing, opened

WIDTH, HEIGHT = 1200, 900
MOST_BYTES = 150_000
# What stands at the top of each picture.
PICTURES = {"report-light.png": "h1", "report-charts.png": "#error_time"}


def draw(run: Path, folder: Path) -> list[Path]:
    """Open the run's page and write the pictures; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, browser() as started:
        page_file = Path(scratch) / "report.html"
        page_file.write_text(document([report_run(RunStore.open(run))], within()), encoding="utf-8")
        with opened(started, page_file, width=WIDTH, height=HEIGHT) as shown:
            shown.page.wait_for_selector("html[data-charts=drawn]")
            return [_picture(shown.page, top, folder / name) for name, top in PICTURES.items()]


def _picture(page: object, top: str, path: Path) -> Path:
    page.evaluate("top => document.querySelector(top).scrollIntoView()", top)
    path.write_bytes(light(page.screenshot()))
    return path


def light(content: bytes) -> bytes:
    """The picture in as many colours as its size allows."""
    image = Image.open(io.BytesIO(content)).convert("RGB")
    for colours in (256, 128, 64, 32, 16):
        written = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
        if len(written.getvalue()) <= MOST_BYTES:
            break
    return written.getvalue()


def main(arguments: list[str]) -> int:
    """Draw the pictures of the run that is named, or say what is missing for that."""
    if missing() or not 1 <= len(arguments) <= 2:
        print(f"error: {missing() or 'name the folder of a run'}", file=sys.stderr)
        return 2
    folder = Path(arguments[1]) if len(arguments) > 1 else Path("docs/images")
    for path in draw(Path(arguments[0]), folder):
        print(f"{path}: {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
