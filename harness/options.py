"""From the values of options to the configurations that they ask for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.config import Numerics, TimingConfig, TrainConfig, grouped
from zoo.errors import USAGE, ZooError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zoo.selection import Choice

WEIGHT_FILES = (".safetensors", ".pt", ".pth", ".bin")


def train_config(asked: Mapping[str, Any]) -> TrainConfig:
    """How models are trained, before any model's own weights are known."""
    names = {*TrainConfig.__dataclass_fields__, *Numerics.__dataclass_fields__} & asked.keys() - {"weights", "finetune"}
    given = grouped({name: asked[name] for name in names})
    return TrainConfig(**given, weights=_weights(asked), finetune=asked["finetune"] or "")


def sweep_configs(asked: Mapping[str, Any]) -> tuple[TimingConfig, ...]:
    """How models are timed by themselves, one configuration a batch size."""
    names = {*TimingConfig.__dataclass_fields__, *Numerics.__dataclass_fields__} & asked.keys() - {"batch_size"}
    given = grouped({name: asked[name] for name in names})
    sizes = asked["batch_size"]
    return tuple(TimingConfig(batch_size=size, budget_s=asked["time_budget"], **given) for size in sizes)


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


def _weights(asked: Mapping[str, Any]) -> str | None:
    text: str | None = asked["weights"]
    if asked["pretrained"] and text is not None:
        raise ZooError("--weights and --pretrained exclude each other", "give one of them", USAGE)
    if asked["pretrained"] or text is None:
        return "default" if asked["pretrained"] else None
    path = text.partition("#")[0]
    return f"file:{text}" if path.endswith(WEIGHT_FILES) or Path(path).is_file() else text
