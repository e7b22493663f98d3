"""`python -m tests.harness.runs.console.picture`: the README's picture of the live screen, from a run on a terminal.

What is drawn is what an emulator shows while the last model trains; then the run is interrupted.
"""

from __future__ import annotations

import io
import re
import signal
import sys
import tempfile
from itertools import groupby

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from tests.harness.runs.console.emulator import Session, Terminal
from tests.source import ROOT

FILE = ROOT / "docs/images/live.svg"
COLUMNS, LINES = 104, 16
COMMAND = "run --plugins mlp,mlp-wide,fc_model --epochs 8 --patience 8 --batch-size 2 --num-threads 1 --time-budget 0.2"
LAST = r"▶ fc_model .* epoch [3-7]/8 · batch .* img/s"
# Fonts of another host: a page that shows the picture would not fetch them, and a reader should not have to.
FONT_FACES = re.compile(r"@font-face \{\{.*?\}\}", re.DOTALL)
COLOURS = {"default": "", "brightblack": "bright_black", "brown": "yellow"}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "harness", *COMMAND.split(), "--output", f"{folder}/runs"]
        on = Session(command, columns=COLUMNS, lines=LINES, cwd=ROOT)
        on.until(LAST, 900.0)
        picture = svg(on.terminal, folder)
        on.send(signal.SIGINT)
        on.finish()
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(picture, encoding="utf-8")
    print(f"wrote {FILE} ({FILE.stat().st_size >> 10} KiB)")


def svg(terminal: Terminal, folder: str) -> str:
    """What the terminal shows, the temporary folder named as a usual one."""
    console = Console(record=True, file=io.StringIO(), width=COLUMNS, force_terminal=True, color_system="truecolor")
    for row in range(len(terminal.rows())):
        console.print(line_of(terminal, row, f"{folder}/runs"), soft_wrap=True)
    format_without_fonts = FONT_FACES.sub("", CONSOLE_SVG_FORMAT)
    drawn = console.export_svg(title="harness run", code_format=format_without_fonts, unique_id="live")
    return drawn.replace("Fira Code", "monospace")


def line_of(terminal: Terminal, row: int, folder: str) -> Text:
    cells = [terminal.buffer[row][column] for column in range(COLUMNS)]
    pieces = [("".join(cell.data for cell in alike), colour) for colour, alike in groupby(cells, lambda cell: cell.fg)]
    text = Text.assemble(*((words.replace(folder, "results/runs"), COLOURS.get(fg, fg)) for words, fg in pieces))
    text.rstrip()
    return text


if __name__ == "__main__":
    main()
