"""`harness info NAME`: what one model is: head, parameters, input, weights, and the plugin it comes from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness.cli.shared.parser import add_json
from harness.cli.shared.published_words import published_words
from harness.cli.shared.train_options import add_option
from harness.plan.option_table import RUN, TIME, Option
from harness.plan.values import whole
from results.sanitize import harmless, plain
from zoo.manager.stdout import on_stderr

if TYPE_CHECKING:
    import argparse

    from zoo.discovery import Zoo


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="a model's name, such as densenet121 or timm/resnet18.a1_in1k")
    add_option(parser, "num_classes", TIME["num_classes"])
    add_option(parser, "img_size", Option("side of the images in pixels (default: the model's own)", whole(1)))
    add_option(parser, "head", RUN["head"])
    add_json(parser)


def execute(arguments: argparse.Namespace, zoo: Zoo) -> int:
    from zoo.describe import describe

    (choice,) = zoo.select(arguments.name)[:1]
    with on_stderr():  # a model's module is imported only now, and may print
        facts = describe(
            choice.spec,
            choice.owner,
            num_classes=arguments.num_classes,
            head=arguments.head,
            img_size=arguments.img_size,
            weights=choice.weights,
        )
    if arguments.json:
        print(json.dumps(facts, indent=1))
    else:
        print(harmless("\n".join(f"{key:<22} {plain(line)}" for key, value in facts.items() for line in _lines(value))))
    return 0


def _lines(value: object) -> list[str]:
    """One line; of what is published of several weights, one each."""
    if isinstance(value, dict):
        words = {tag: ", ".join(filter(None, published_words(facts))) for tag, facts in value.items()}
        return [f"{tag}: licence {text}" for tag, text in words.items()] or ["nothing"]
    return [_text(value)]


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return "unknown" if value is None else str(value)
