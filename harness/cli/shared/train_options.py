"""Options as flags, under timm's and torchvision's names, in the groups in which --help shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from harness.cli.shared.parser import typed
from harness.plan.option_table import LOG, QUIET, RUN, Option, flag
from harness.plan.values import switch

if TYPE_CHECKING:
    import argparse

FOLDERS = ("data_dir", "train_dir", "val_dir", "test_dir", "labels")
GROUPS = {
    "data": (
        *("dataset", *FOLDERS, "group_by", "val_split", "test_split", "folds", "repeats"),
        *("img_size", "aug", "skip_bad", "workers"),
    ),
    "model": ("set", "license", "pretrained", "weights", "weights_dir", "head", "finetune", "feature_views"),
    "training": (
        *("epochs", "batch_size", "opt", "lr", "weight_decay", "momentum", "sched", "patience", "seed", "seeds"),
    ),
    "speed; each is recorded in the row": (
        *("device", "amp", "amp_dtype", "channels_last", "torchcompile", "grad_accum"),
        *("num_threads", "nproc", "exact"),
    ),
    "isolation and resuming": ("trial_timeout", "memory_limit", "checkpoint_every", "isolation", "resume"),
    "several at once, on this machine or more": ("jobs", "workers_only", "engine", "address"),
    "measuring and output": ("check_determinism", "time_budget", "logger", "output"),
}
EXCLUSIVE = ("pretrained", "weights")


def add_run_options(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Everything that a run can be asked; returns the last group, for what a command adds to it."""
    add_option(parser, "models", RUN["models"])
    for title, names in GROUPS.items():
        group = parser.add_argument_group(title)
        weights = group.add_mutually_exclusive_group() if title == "model" else group
        for name in names:
            add_option(weights if name in EXCLUSIVE else group, name, RUN[name])
    return group


def add_options(parser: argparse._ActionsContainer, options: Mapping[str, Option]) -> None:
    """Flags of all that can be asked for in this table, but for plugins, which are named before the command."""
    for name, option in options.items():
        if name != "plugins":
            add_option(parser, name, option)


def add_output(parser: argparse._ActionsContainer, help: str) -> None:
    """`--output`, which means something else in each command."""
    add_option(parser, "output", replace(RUN["output"], help=help))


def add_progress(parser: argparse._ActionsContainer) -> None:
    """How progress is shown, or that it is not."""
    one = parser.add_mutually_exclusive_group()
    add_option(one, "log", LOG)
    add_option(one, "quiet", QUIET)


def add_option(parser: argparse._ActionsContainer, name: str, option: Option) -> None:
    """The flag of one option. What argparse says of a wrong value is what the option's check says."""
    if option.check is switch:
        action = "store_false" if option.default else "store_true"
        parser.add_argument(flag(name, option), dest=name, action=action, help=option.help)
        return
    if option.repeated:
        # What one flag says is a name; all of them together are what the check gives.
        parser.add_argument(
            flag(name, option), dest=name, action="append", default=[], metavar=option.metavar, help=option.help
        )
        return
    parser.add_argument(
        flag(name, option),
        dest=name,
        # argparse asks the type before it looks at choices, and only its own message lists them.
        type=str if option.choices else typed(option.check),
        choices=option.choices or None,
        default=option.default,
        metavar=option.metavar,
        help=option.help,
    )
