"""`harness check-data DIR`: what image folders hold, how they are understood, and every file that cannot be read."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.shared.parser import add_json
from harness.cli.shared.train_options import FOLDERS, add_option, add_progress
from harness.plan.option_table import RUN
from results.tables.text import fit_for
from zoo.errors import USAGE, ZooError

if TYPE_CHECKING:
    import argparse

    from harness.runs.console.screen import Screen
    from zoo.discovery import Zoo


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", type=Path, nargs="?", help="a folder of class folders, or of train and test with class folders"
    )
    for name in FOLDERS:
        if name != "data_dir":
            add_option(parser, name, RUN[name])
    add_json(parser)
    add_progress(parser)


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.data.files.printable import listed
    from harness.data.survey import as_text, survey
    from harness.runs.console.screen import open_screen

    named = {"train": arguments.train_dir, "val": arguments.val_dir, "test": arguments.test_dir}
    part_dirs = {part: folder for part, folder in named.items() if folder is not None}
    if arguments.folder is None and not part_dirs and arguments.labels is None:
        raise ZooError("no folder was named", "see: harness check-data --help", USAGE)
    with open_screen(arguments.log, quiet=arguments.quiet) as screen:
        tell = partial(_tell, screen)
        contents = survey(arguments.folder, part_dirs=part_dirs, labels=arguments.labels, tell=tell)
    text = json.dumps(contents.facts, indent=1) if arguments.json else "\n".join(as_text(contents.facts))
    print(fit_for(sys.stdout.encoding, text))
    if contents.bad:
        total = sum(contents.facts["images"].values())
        raise ZooError(
            f"{len(contents.bad):,} of {total:,} images cannot be read: {listed(contents.bad, 3)}",
            "fix or remove them, or leave them out of a run with --skip-bad",
        )
    if contents.refusal is not None:
        raise contents.refusal
    return 0


def _tell(screen: Screen, part: str, done: int, total: int) -> None:
    from harness.runs.console.events import Stage

    screen.tell(Stage(name=f"reading {part}", done=done, total=total, unit="images"))
