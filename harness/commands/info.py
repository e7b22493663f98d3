"""`harness info NAME`: what one model is: head, parameters, input, weights, and the plugin it comes from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.arguments import head, whole

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="a model's name, such as densenet121 or timm/resnet18.a1_in1k")
    parser.add_argument("--num-classes", type=whole(1), default=1000, help="classes of the task")
    parser.add_argument("--img-size", type=whole(1), help="side of the images in pixels (default: the model's own)")
    parser.add_argument("--head", type=head, default="linear", help="linear, or mlp:SIZES:DROPOUT such as mlp:256:0.2")
    parser.add_argument("--json", action="store_true", help="print the same as JSON")


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from zoo.describe import describe

    (choice,) = zoo.select(arguments.name)[:1]
    facts = describe(
        choice.spec,
        choice.owner,
        num_classes=arguments.num_classes,
        head=arguments.head,
        image_size=arguments.img_size,
        weights=choice.weights,
    )
    if arguments.json:
        print(json.dumps(facts, indent=1))
    else:
        print("\n".join(f"{key:<22} {_text(value)}" for key, value in facts.items()))
    return 0


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return "unknown" if value is None else str(value)
