"""`harness pick`: which of all pretrained models, on a person's own images, within limits of time, bytes and size."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from harness.api.plugin_warnings import report_broken
from harness.cli.shared.messages import Messages
from harness.cli.shared.parser import add_json
from harness.cli.shared.stored_run import show
from harness.cli.shared.train_options import add_option, add_progress
from harness.plan.pick_options import PICK

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo

# Loaded before any plugin is: only what is there can be seen to be patched, and be put back.
LOAD_FIRST = ("results.ranking.metrics", "results.tables.render", "results.page.write", "results.store.run_store")
GROUPS = {
    "what may be picked": ("models", "max_ms", "on", "infer_batch_size", "license", "max_params", "max_gmacs"),
    "how much is tried": ("shortlist", "budget", "max_download", "offline", "plan", "dry_run"),
    "data": (
        *("dataset", "data_dir", "train_dir", "val_dir", "test_dir", "labels", "group_by", "val_split", "test_split"),
        *("folds", "repeats", "skip_bad", "workers"),
    ),
    "the finalists' training": (
        *("weights_dir", "finetune", "epochs", "batch_size", "opt", "lr", "weight_decay", "momentum", "sched"),
        *("patience", "seed", "seeds"),
    ),
    "speed; each is recorded in the row": ("device", "amp", "amp_dtype", "channels_last", "num_threads", "exact"),
    "isolation": ("trial_timeout", "memory_limit", "checkpoint_every"),
    "measuring and output": ("time_budget", "logger", "output"),
}


def configure(parser: argparse.ArgumentParser) -> None:
    for title, names in GROUPS.items():
        group = parser.add_argument_group(title)
        for name in names:
            add_option(group, name, PICK[name])
    add_json(group, "print the finalists' table as JSON instead of text")
    add_progress(group)
    parser.epilog = "example: harness pick --data-dir leaves --max-ms 20 --on cpu --budget 10m"


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from harness.picks.request import PickRequest

    report_broken(zoo, Messages(arguments.log == "json").note)
    request = PickRequest.of(vars(arguments), command=sys.argv[1:])
    from harness.picks import start

    if request.dry_run:
        show(start.look_ahead(request, zoo))
        return 0
    picked = start.pick(request, zoo)
    show([picked.text(as_json=arguments.json)])
    return picked.run.exit_code
