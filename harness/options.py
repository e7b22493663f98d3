"""The flags of training, with timm's and torchvision's names, and the configuration they make."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.arguments import MAX_SEED, MAX_SEEDS, MAX_THREADS, device, head, real, whole
from harness.config import Numerics, TrainConfig, grouped
from zoo.errors import USAGE, ZooError

if TYPE_CHECKING:
    import argparse

    from zoo.selection import Choice

DEFAULT = TrainConfig()
WEIGHT_FILES = (".safetensors", ".pt", ".pth", ".bin")


def add_data_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("data")
    group.add_argument("--dataset", help="a dataset's name (see: harness list --datasets) (default: digits)")
    group.add_argument("--data-dir", type=Path, help="a folder of class folders; with --dataset, where it is kept")
    group.add_argument(
        "--val-split", type=real(0, 1, open_low=True), default=DEFAULT.val_split, help="share for validation"
    )
    group.add_argument(
        "--test-split", type=real(0, 1, open_low=True), default=DEFAULT.test_split, help="share for testing"
    )
    group.add_argument("--img-size", type=whole(1), help="side of the images in pixels (default: resolved per model)")
    group.add_argument(
        "--aug", choices=("none", "basic"), default=DEFAULT.aug, help="random changes of training images"
    )
    group.add_argument("--skip-bad", action="store_true", help="leave out image files that cannot be read")
    group.add_argument("--workers", type=whole(1, MAX_THREADS), help="threads that decode images (default: one a core)")


def add_model_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("model")
    weights = group.add_mutually_exclusive_group()
    weights.add_argument("--pretrained", action="store_true", help="start from the library's default weights")
    weights.add_argument("--weights", metavar="TAG|FILE", help="start from these weights (FILE#sha256=HEX is checked)")
    group.add_argument(
        "--head", type=head, default=DEFAULT.head, help="linear, or mlp:SIZES:DROPOUT such as mlp:256:0.2"
    )
    group.add_argument(
        "--finetune",
        choices=("head", "full"),
        help="train only the new head, or everything (default: head with pretrained weights, else full)",
    )
    group.add_argument(
        "--feature-views",
        type=whole(0),
        default=DEFAULT.feature_views,
        metavar="K",
        help="with --finetune head and --aug: cache features of K augmented views (0: run the backbone each epoch)",
    )


def add_training_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("training")
    group.add_argument(
        "--epochs", type=whole(1), default=DEFAULT.epochs, help="passes over the training images, at most"
    )
    group.add_argument("--batch-size", type=whole(1), default=DEFAULT.batch_size, help="images an optimiser step sees")
    group.add_argument("--opt", choices=("sgd", "adam", "adamw"), default=DEFAULT.opt, help="optimiser")
    group.add_argument("--lr", type=real(0, open_low=True), default=DEFAULT.lr, help="learning rate")
    group.add_argument("--weight-decay", type=real(0), default=DEFAULT.weight_decay, help="weight decay")
    group.add_argument("--momentum", type=real(0, 1), default=DEFAULT.momentum, help="momentum, for sgd")
    group.add_argument("--sched", choices=("constant", "cosine"), default=DEFAULT.sched, help="learning-rate schedule")
    group.add_argument(
        "--patience", type=whole(1), default=DEFAULT.patience, help="epochs without gain before stopping"
    )
    group.add_argument("--seed", type=whole(0, MAX_SEED), default=1, help="the first seed")
    group.add_argument("--seeds", type=whole(1, MAX_SEEDS), default=1, help="how many seeds each model is trained from")


def add_speed_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("speed; each is recorded in the row")
    group.add_argument("--device", type=device, default="auto", help="auto, cpu, cuda, cuda:1, mps or xpu")
    group.add_argument("--amp", action="store_true", help="mixed precision: changes results")
    group.add_argument(
        "--amp-dtype", choices=("bfloat16", "float16"), default=DEFAULT.numerics.amp_dtype, help="format of --amp"
    )
    group.add_argument(
        "--channels-last", choices=("auto", "on", "off"), default=DEFAULT.numerics.channels_last, help="memory layout"
    )
    group.add_argument("--torchcompile", action="store_true", help="train through torch.compile")
    group.add_argument(
        "--grad-accum", type=whole(1), default=DEFAULT.grad_accum, help="passes that make one optimiser step"
    )
    group.add_argument("--num-threads", type=whole(1, MAX_THREADS), help="CPU threads (default: torch's own choice)")
    group.add_argument(
        "--exact", action="store_true", help="the plain loop's results bit for bit: no faster arithmetic"
    )


def train_config(arguments: argparse.Namespace) -> TrainConfig:
    """The configuration that the flags ask for, before any model's own weights are known."""
    names = {*TrainConfig.__dataclass_fields__, *Numerics.__dataclass_fields__} & set(vars(arguments))
    given = grouped({name: getattr(arguments, name) for name in names - {"weights", "finetune"}})
    return replace(DEFAULT, **given, weights=_weights(arguments), finetune=arguments.finetune or "")


def for_choice(config: TrainConfig, choice: Choice) -> TrainConfig:
    """The same configuration with the weights and the fine-tuning that hold for one model.

    Raises ZooError where weights were asked for and the model has none: random ones would be a silent lie.
    """
    weights = choice.weights or config.weights
    offered = weights is None or weights.startswith("file:") or weights in ("default", *choice.spec.weights)
    if not offered or (weights == "default" and not choice.spec.weights):
        what = "pretrained weights" if weights == "default" else f"pretrained weights '{weights}'"
        tags = ", ".join(choice.spec.weights[:5])
        remedy = f"it offers: {tags}" if tags else "leave it out with --plugins …,-NAME, or give --weights FILE"
        raise ZooError(f"{choice.spec.name} has no {what}", remedy, USAGE)
    return replace(config, weights=weights, finetune=config.finetune or ("head" if weights else "full"))


def _weights(arguments: argparse.Namespace) -> str | None:
    if arguments.pretrained:
        return "default"
    text: str | None = arguments.weights
    if text is None:
        return None
    path = text.partition("#")[0]
    return f"file:{text}" if path.endswith(WEIGHT_FILES) or Path(path).is_file() else text
