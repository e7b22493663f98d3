"""Every option of a pick: those of a run that say what the data are and how the finalists are trained, and its own."""

from __future__ import annotations

from dataclasses import replace

from harness.plan import amounts, values
from harness.plan.option_table import LICENSE, RUN, Option
from harness.plan.values import MAX_SEEDS, one_of, real, switch, whole

SEEDS, ALL = 3, "all"
ON = ("cpu", "cuda", "mps", "xpu")
OF_RUN = (
    *("plugins", "dataset", "data_dir", "train_dir", "val_dir", "test_dir", "labels", "group_by"),
    *("val_split", "test_split", "folds", "repeats", "skip_bad", "workers", "weights_dir"),
    *("finetune", "epochs", "batch_size", "opt", "lr", "weight_decay", "momentum", "sched", "patience", "seed"),
    *("device", "amp", "amp_dtype", "channels_last", "num_threads", "exact"),
    *("trial_timeout", "memory_limit", "checkpoint_every", "time_budget", "logger", "output", "log", "quiet"),
)
PICK: dict[str, Option] = {
    "models": Option("names and globs that narrow the choice; a leading - excludes", values.names, ALL, "NAMES"),
    "max_ms": Option("ms that a batch may take, at most", real(0, open_low=True), None, "MS"),
    "on": Option("the device of --max-ms (default: that of --device)", one_of(*ON), None, choices=ON),
    "infer_batch_size": Option("images in a batch of --max-ms", whole(1), 1),
    "license": LICENSE,
    "max_params": Option("millions of parameters, at most", real(0, open_low=True), None, "M"),
    "max_gmacs": Option("1e9 multiply-adds an image, at most (default: 5 on a CPU)", real(0, open_low=True), None, "G"),
    "shortlist": Option("models that are tried, at most (default: 48 on a CPU, else 96)", whole(1), None, "K"),
    "budget": Option("begin no further model after this, such as 10m", amounts.seconds, None, "TIME"),
    "max_download": Option("weights that are fetched, at most, such as 8GB", amounts.num_bytes, None, "SIZE"),
    "offline": Option("fetch nothing: only models whose weights are here", switch, False),
    "plan": Option("write what is to be fetched to this file, for: harness fetch FILE", values.path, None, "FILE"),
    "dry_run": Option("say what would be tried, without looking at an image", switch, False),
    **{name: RUN[name] for name in OF_RUN},
    "seeds": Option("how many seeds each finalist is trained from (without --folds)", whole(1, MAX_SEEDS), SEEDS),
}
# A head is trained on features that are kept, where an epoch costs next to nothing, and often on few images.
PICK |= {name: replace(RUN[name], default=value) for name, value in (("epochs", 60), ("patience", 8))}
PICK["output"] = replace(RUN["output"], help="where the pick's folder is made")
