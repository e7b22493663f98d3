"""`harness time NAMES`: how long models take and how much they need, without data and without training them."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from harness.arguments import MAX_THREADS, device_list, real, whole
from harness.commands.list import report_broken
from harness.config import TimingConfig
from zoo.building import require_installed

if TYPE_CHECKING:
    from zoo.discovery import Zoo

DEFAULT = TimingConfig()
# Three ImageNet models are timed in a minute on two cores; at 32 a training step alone takes seconds.
BATCH_SIZE = 8
FORMATS = ("float32", "bfloat16", "float16")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", help="names, globs, tags, all; a leading - excludes")
    parser.add_argument(
        "--device", type=device_list, default="auto", help="cpu, cuda, cuda:1, mps, xpu, a list, or auto: all"
    )
    parser.add_argument("--batch-size", type=_sizes, default=[BATCH_SIZE], help="images a step, or a list")
    parser.add_argument("--img-size", type=whole(1), help="side of the images in pixels (default: each model's own)")
    parser.add_argument("--num-classes", type=whole(1), default=1000, help="classes of the task")
    parser.add_argument("--precision", choices=FORMATS, default=DEFAULT.precision, help="format of weights and images")
    parser.add_argument("--amp", action="store_true", help="mixed precision")
    parser.add_argument("--amp-dtype", choices=FORMATS[1:], default=DEFAULT.numerics.amp_dtype, help="format of --amp")
    parser.add_argument("--channels-last", action="store_true", help="memory layout NHWC")
    parser.add_argument("--torchcompile", action="store_true", help="time torch.compile's model")
    parser.add_argument("--num-threads", type=whole(1, MAX_THREADS), help="CPU threads (default: torch's own choice)")
    parser.add_argument("--no-train", dest="train", action="store_false", help="time inference only")
    parser.add_argument("--time-budget", type=real(0), default=DEFAULT.budget_s, help="seconds for samples of a step")
    parser.add_argument("--rounds", type=whole(1), default=DEFAULT.rounds, help="turns that each model gets")
    parser.add_argument("--detail", action="store_true", help="also the parts of a step, the first step, memory")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print rows as JSON")
    output.add_argument("--csv", action="store_true", help="print rows as CSV, with timm's column names")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    report_broken(zoo)
    choices = zoo.select(arguments.names)
    for choice in choices:
        require_installed(choice.spec)
    from harness.timing import rows, sweep, table

    say = (lambda line: None) if arguments.quiet else (lambda line: print(line, file=sys.stderr))
    found = sweep.sweep(arguments, choices, say)
    if arguments.json or arguments.csv:
        print(rows.as_json(found) if arguments.json else rows.as_csv(found), end="")
    else:
        print(table.render(found))
    return 0 if all(row["status"] == "ok" for row in found) else 1


def _sizes(text: str) -> list[int]:
    sizes = [whole(1)(part) for part in text.split(",")]
    if len(set(sizes)) < len(sizes):
        raise argparse.ArgumentTypeError(f"{text} names a batch size twice")
    return sizes
