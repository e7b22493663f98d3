"""Every option of a run and of timing: what it means, what it may be, and its value where nothing is said.

The flags of the command line and the arguments of `harness.run` and `harness.time` are both made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.plan import values
from harness.plan.config import TimingConfig, TrainConfig
from harness.plan.values import (
    MAX_FOLDS,
    MAX_PROCESSES,
    MAX_SEED,
    MAX_SEEDS,
    MAX_THREADS,
    Check,
    one_of,
    real,
    switch,
    text,
    whole,
)
from zoo.errors import USAGE, ZooError
from zoo.names import did_you_mean

TRAIN, TIMING = TrainConfig(), TimingConfig()
# Three ImageNet models are timed in a minute on two cores; at 32 a training step alone takes seconds.
TIMING_BATCH_SIZE = 8
FORMATS = ("float32", "bfloat16", "float16")


@dataclass(frozen=True, slots=True)
class Option:
    """What can be asked for. A default of None allows None; `choices` are all that it may be, where they are few.

    What is `repeated` has a flag for each of its values. `typed_as` is the flag where it is not called as the option.
    """

    help: str
    check: Check = text
    default: Any = None
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    repeated: bool = False
    typed_as: str = ""


def _choice(help: str, default: str | None, *choices: str) -> Option:
    return Option(help, one_of(*choices), default, choices=choices)


MODELS = "names, globs, tags, all; a leading - excludes"
PLUGINS = Option("plugin files or modules to load as well", values.paths, ())
NUM_THREADS = Option("CPU threads (default: torch's own choice)", whole(1, MAX_THREADS))
NPROC = Option(
    "processes that train each model together, sharing every batch: on cores, or one a CUDA device",
    whole(1, MAX_PROCESSES),
    1,
    "N",
)
SET = Option("set an option of a model (repeatable)", values.each, (), "NAME.OPTION=VALUE", repeated=True)
LICENSE = Option(
    "only models with weights under one of these licences, such as apache-2.0,mit (unknown: none is stated)",
    values.names,
    None,
    "LICENCES",
)
LOGGER = Option(
    "also log to this, such as tensorboard (repeatable; see: harness list --loggers)",
    values.each,
    (),
    "NAME",
    repeated=True,
)
QUIET = Option("no progress on stderr", switch, False)
LOG = _choice("progress on stderr (default: live on a terminal, else plain)", None, "plain", "json", "live")
RUN = {
    "plugins": PLUGINS,
    "models": Option(MODELS, values.names, "starter", "PLUGINS", typed_as="--plugins"),
    "set": SET,
    "license": LICENSE,
    "dataset": Option("a dataset's name (see: harness list --datasets) (default: digits)"),
    "data_dir": Option("a folder of class folders; with --dataset, where it is kept", values.path),
    "train_dir": Option("the class folders of training images, where names do not tell", values.path),
    "val_dir": Option("the class folders of validation images", values.path),
    "test_dir": Option("the class folders of test images", values.path),
    "labels": Option("CSV of the images in --data-dir: path,label[,split][,group]", values.path, None, "FILE"),
    "group_by": Option(
        "keep images of one animal or patient together: a pattern with one (group) of their path, or CSV path,group",
        values.grouping,
        None,
        "PATTERN|FILE",
    ),
    "val_split": Option("share for validation", real(0, 1, open_low=True), TRAIN.val_split),
    "test_split": Option("share for testing", real(0, 1, open_low=True), TRAIN.test_split),
    "folds": Option("test every image once, by cross-validation in K folds", whole(2, MAX_FOLDS), None, "K"),
    "repeats": Option("times that --folds is done, each with a seed and a cut of its own", whole(1, MAX_SEEDS), 1),
    "img_size": Option("side of the images in pixels (default: resolved per model)", whole(1)),
    "aug": _choice("random changes of training images", TRAIN.aug, "none", "basic"),
    "skip_bad": Option("leave out image files that cannot be read, or that have two labels", switch, False),
    "workers": Option("threads that decode images (default: one a core)", whole(1, MAX_THREADS)),
    "pretrained": Option("start from the library's default weights", switch, False),
    "weights": Option("start from these weights (FILE#sha256=HEX is checked)", metavar="TAG|FILE"),
    "weights_dir": Option("a folder of pretrained weights, NAME.TAG.safetensors, that go before caches", values.path),
    "head": Option("linear, or mlp:SIZES:DROPOUT such as mlp:256:0.2", values.head, TRAIN.head),
    "finetune": _choice(
        "train only the new head, or everything (default: head with pretrained weights, else full)",
        None,
        *("head", "full"),
    ),
    "feature_views": Option(
        "with --finetune head and --aug: cache features of K augmented views (0: run the backbone each epoch)",
        whole(0),
        TRAIN.feature_views,
        "K",
    ),
    "epochs": Option("passes over the training images, at most", whole(1), TRAIN.epochs),
    "batch_size": Option("images an optimiser step sees", whole(1), TRAIN.batch_size),
    "opt": _choice("optimiser", TRAIN.opt, "sgd", "adam", "adamw"),
    "lr": Option("learning rate", real(0, open_low=True), TRAIN.lr),
    "weight_decay": Option("weight decay", real(0), TRAIN.weight_decay),
    "momentum": Option("momentum, for sgd", real(0, 1), TRAIN.momentum),
    "sched": _choice("learning-rate schedule", TRAIN.sched, "constant", "cosine"),
    "patience": Option("epochs without gain before stopping", whole(1), TRAIN.patience),
    "seed": Option("the first seed", whole(0, MAX_SEED), 1),
    "seeds": Option("how many seeds each model is trained from", whole(1, MAX_SEEDS), 1),
    "device": Option("auto, cpu, cuda, cuda:1, mps or xpu", values.device, "auto"),
    "amp": Option("mixed precision: changes results", switch, False),
    "amp_dtype": _choice("format of --amp", TRAIN.numerics.amp_dtype, *FORMATS[1:]),
    "channels_last": _choice("memory layout", TRAIN.numerics.channels_last, "auto", "on", "off"),
    "torchcompile": Option("train and time through torch.compile", switch, False),
    "grad_accum": Option("passes that make one optimiser step", whole(1), TRAIN.grad_accum),
    "num_threads": NUM_THREADS,
    "nproc": NPROC,
    "exact": Option("the plain loop's results bit for bit: no faster arithmetic, no TF32", switch, False),
    "trial_timeout": Option("end a trial after this (0: never)", real(0), 4 * 3600.0, "SECONDS"),
    "memory_limit": Option("memory that a trial may take (Linux)", whole(1), metavar="MIB"),
    "checkpoint_every": Option("of training, between two checkpoints within an epoch", real(0), 300.0, "SECONDS"),
    "isolation": Option("run trials in this process, for debugging", switch, True),
    "jobs": Option(
        "start N workers here, each on an accelerator or cores of its own", whole(1, MAX_THREADS), None, "N"
    ),
    "workers_only": Option("plan, and wait for workers to carry the trials out (see: harness worker)", switch, False),
    "resume": Option("go on with this run, if the flags ask for the same", metavar="ID|FOLDER"),
    "engine": _choice("let Ray carry the trials out, on this machine or on a cluster", None, "ray"),
    "address": Option("of a running Ray cluster (default: a Ray of this run's own)", metavar="HOST:PORT|auto"),
    "check_determinism": Option("train each model a few steps twice more; mark what differs", switch, False),
    "time_budget": Option("seconds of timing per model, device and step", real(0), 1.0),
    "logger": LOGGER,
    "output": Option("where the run's folder is made", values.path, values.RUNS),
    "log": LOG,
    "quiet": QUIET,
}
TIME = {
    "plugins": PLUGINS,
    "models": Option(MODELS, values.names, "", "names", typed_as="--plugins"),
    "set": SET,
    "license": LICENSE,
    "device": Option("cpu, cuda, cuda:1, mps, xpu, a list, or auto: all", values.device_list, "auto"),
    "batch_size": Option("images a step, or a list", values.sizes, [TIMING_BATCH_SIZE]),
    "img_size": Option("side of the images in pixels (default: each model's own)", whole(1)),
    "num_classes": Option("classes of the task", whole(1), 1000),
    "precision": _choice("format of weights and images", TIMING.precision, *FORMATS),
    "amp": Option("mixed precision", switch, False),
    "amp_dtype": _choice("format of --amp", TIMING.numerics.amp_dtype, *FORMATS[1:]),
    "channels_last": Option("memory layout NHWC", switch, False),
    "torchcompile": Option("time torch.compile's model", switch, False),
    "num_threads": NUM_THREADS,
    "train": Option("time inference only", switch, True),
    "time_budget": Option("seconds for samples of a step", real(0), TIMING.budget_s),
    "allocator": _choice("keep: let glibc keep freed memory, until the process ends", "default", "default", "keep"),
    "rounds": Option("turns that each model gets", whole(1), TIMING.rounds),
    "detail": Option("also the parts of a step, the first step, memory", switch, False),
    "log": LOG,
    "quiet": QUIET,
}


def flag(name: str, option: Option) -> str:
    """How an option is typed: `--no-isolation` for what is on unless one says so."""
    return option.typed_as or f"--{'no-' if option.default is True else ''}{name.replace('_', '-')}"


def as_flags(arguments: Mapping[str, Any], options: Mapping[str, Option] = RUN, command: str = "run") -> list[str]:
    """The command line that asks for the same run, or for what another `command` with its `options` does."""
    words = [word for plugin in arguments["plugins"] for word in ("-p", plugin)] + [command]
    for name, option in options.items():
        if name != "plugins" and arguments[name] != option.default:
            words += _typed(flag(name, option), option, arguments[name])
    return words


def _typed(flag: str, option: Option, value: Any) -> list[str]:
    """The words that say a value."""
    if option.check is switch:
        return [flag]
    return [word for one in (value if option.repeated else [value]) for word in (flag, str(one))]


def checked(given: Mapping[str, object], options: Mapping[str, Option], function: str) -> dict[str, Any]:
    """The arguments of `function`: what was given, and the defaults of the rest.

    Raises ZooError (usage) for a name that is no option, and for a value that cannot be meant.
    """
    for name in given:
        if name not in options:
            guess = did_you_mean(name, options)
            raise ZooError(f"{function} has no argument '{name}'{guess or '.'}", f"see: help({function})", USAGE)
    return {name: _checked(name, options[name], given, function) for name in options}


def _checked(name: str, option: Option, given: Mapping[str, object], function: str) -> Any:
    value = given.get(name, option.default)
    if name not in given or (value is None and option.default is None):
        return value
    try:
        return option.check(value)
    except (ValueError, TypeError) as error:
        meaning = "" if option.check is switch else f"{name}: {option.help}; "
        raise ZooError(f"{name}: {error}", f"{meaning}see: help({function})", USAGE) from None
