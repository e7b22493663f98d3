"""`harness curves`: how the models of a run learnt, epoch by epoch, and whether they over-fitted."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.shared.parser import add_json
from harness.cli.shared.stored_run import add_run_folder, show, show_json
from results.sanitize import harmless
from results.tables.text import fit_for

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo

# Before any plugin: only what is there can be seen to be patched, and be put back.
LOAD_FIRST = ("results.tables.answers.curves",)


def configure(parser: argparse.ArgumentParser) -> None:
    what = "a run, its models, or a run and then models of it (default: all models of the latest run)"
    parser.add_argument("names", nargs="*", metavar="RUN|MODEL", help=what)
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw them as a picture: FILE.png or FILE.svg")
    add_json(parser, "print the figures of every epoch as JSON")
    add_run_folder(parser, "harness curves resnet18 fc_model")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from results.answers.curves import learning_curves
    from results.pictures import curves as picture
    from results.pictures.figure import require_drawing, save
    from results.tables.answers import curves

    if arguments.plot is not None:
        require_drawing(arguments.plot)
    found = learning_curves(arguments.names, arguments.output)
    if arguments.json:
        show_json(curves.data(found))
    else:
        show(curves.lines(found, shutil.get_terminal_size().columns, _is_shown_as_it_is))
    if arguments.plot is not None:
        print(harmless(f"wrote {save(picture.draw(found), arguments.plot)}"), file=sys.stderr)
    return 0


def _is_shown_as_it_is(line: str) -> bool:
    return fit_for(sys.stdout.encoding, line) == line
