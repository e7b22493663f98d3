"""The flags of training, with timm's and torchvision's names, and the configuration they make."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from harness.arguments import MAX_SEED, MAX_SEEDS, MAX_THREADS, device, head, real, whole
from harness.config import TrainConfig
from zoo.weights import Weights

if TYPE_CHECKING:
    import argparse

    from zoo.selection import Choice

DEFAULT = TrainConfig()


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
        "--amp-dtype", choices=("bfloat16", "float16"), default=DEFAULT.amp_dtype, help="format of --amp"
    )
    group.add_argument(
        "--channels-last", choices=("auto", "on", "off"), default=DEFAULT.channels_last, help="memory layout"
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
    names = set(TrainConfig.__dataclass_fields__) & set(vars(arguments))
    given = {name: getattr(arguments, name) for name in names - {"weights", "finetune"}}
    return replace(DEFAULT, **given, weights=_weights(arguments), finetune=arguments.finetune or "")


def for_choice(config: TrainConfig, choice: Choice) -> TrainConfig:
    """The same configuration with the weights and the fine-tuning that hold for one model.

    Raises ZooError where the model does not offer the weights that were asked for.
    """
    weights = Weights(tag=choice.weights) if choice.weights else config.weights
    if weights is not None:
        weights.check(choice.spec)
    return replace(config, weights=weights, finetune=config.finetune or ("head" if weights else "full"))


def _weights(arguments: argparse.Namespace) -> Weights | None:
    if arguments.pretrained:
        return Weights(tag="default")
    return None if arguments.weights is None else Weights.parse(arguments.weights)
