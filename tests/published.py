"""Makes the published tables again, and README's figures with them: `python -m tests.published` (tox run -e published).

Each is a real `harness run` in a folder of its own; `results/published/<name>/` keeps its table and how it was made.
Meant for two quiet cores, where all take about eleven minutes: on a busy machine the times are worth nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from results.ranking.summary import summarise
from results.store.published import FILES, PUBLISHED, PublishedTable, published
from results.store.run_store import RUN_FILE, RunStore
from results.tables.csv_table import csv_table
from results.tables.flat_rows import flat
from results.tables.markdown import markdown_table
from results.tables.render import screen
from tests.source import ROOT

SMALL = "mlp-small,mlp,mlp-wide,mlp-deep,fc_model,shufflenet_v2_x0_5,shufflenet_v2_x1_0"
SMALL += ",timm/lcnet_050,timm/mobilenetv3_small_050,timm/edgenext_xx_small,timm/resnet10t,timm/convnext_atto"
ALIKE = ["--dataset", "digits", "--device", "cpu", "--seeds", "3"]
COMMANDS = {
    "digits-starter": ["run", "--plugins", "starter", *ALIKE],
    "digits-small": ["run", "--plugins", SMALL, *ALIKE, "--epochs", "4"],
}
WIDTH = 120  # columns of table.txt
CARD = ("harness", "command", "machine")
DATA = ("name", "fingerprint", "num_train", "num_val", "num_test")
# A block of README that is a published table, and the name of that table before it.
BLOCK = re.compile(r"(<!-- published: ([\w-]+) -->\n```\n)(.*?)(```\n)", re.DOTALL)


def make(name: str, more: Sequence[str], folder: Path) -> PublishedTable:
    """Run the command of one table, with `more` options, and keep what comes out in `folder`."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    with tempfile.TemporaryDirectory() as place:
        command = [sys.executable, "-m", "harness", *COMMANDS[name], *more]
        subprocess.run(command, cwd=place, env=environment, check=True)
        return publish(RunStore.find(None, Path(place) / "results/runs"), folder / name, time.strftime("%Y-%m-%d"))


def publish(store: RunStore, folder: Path, date: str) -> PublishedTable:
    """Keep the table of a stored run in `folder`, and of the rest only what says how it was made."""
    summary = summarise(store.records(), store.predictions)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILES["text"]).write_text("\n".join(screen(summary, WIDTH)) + "\n", encoding="utf-8")
    (folder / FILES["md"]).write_bytes(markdown_table(summary, store.configuration))
    (folder / FILES["csv"]).write_bytes(csv_table(flat(summary)))
    card = {"date": date, **_card(store.configuration)}
    (folder / RUN_FILE).write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    return PublishedTable(folder)


def _card(configuration: Mapping[str, Any]) -> dict[str, Any]:
    trials, data = configuration["trials"], configuration["data"]
    counts = {f"num_{what}s": len({trial[what] for trial in trials}) for what in ("model", "seed")}
    return {name: configuration[name] for name in CARD} | {"data": {name: data[name] for name in DATA}} | counts


def with_tables(text: str, tables: Mapping[str, PublishedTable]) -> str:
    """README's text with each of its blocks of a published table as that table is now."""
    return BLOCK.sub(lambda block: f"{block[1]}{_shown(block, tables)}{block[4]}", text)


def _shown(block: re.Match[str], tables: Mapping[str, PublishedTable]) -> str:
    return tables[block[2]].text("text") if block[2] in tables else block[3]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"which of: {', '.join(COMMANDS)} (default: all)")
    parser.add_argument("--to", type=Path, help="another folder, to try it out; README then stays as it is")
    parser.add_argument("--more", default="", help='more options of harness run, with --to, such as "--epochs 1"')
    arguments = parser.parse_args()
    if arguments.more and not arguments.to:
        parser.error("--more changes what the tables are: give --to FOLDER too")
    for name in arguments.names or COMMANDS:
        table = make(name, arguments.more.split(), arguments.to or PUBLISHED)
        print(f"wrote {table.folder}")
    if not arguments.to:
        readme = ROOT / "README.md"
        readme.write_text(with_tables(readme.read_text(encoding="utf-8"), published()), encoding="utf-8")


if __name__ == "__main__":
    main()
