"""`harness check-data DIR`: what an image folder holds, and every file in it that cannot be read."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cli.shared.parser import add_json
from results.tables.text import fit_for
from zoo.errors import ZooError

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="a folder of class folders, or of train and test with class folders")
    add_json(parser)


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.data.files.printable import listed
    from harness.data.survey import as_text, survey

    contents = survey(arguments.folder)
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
