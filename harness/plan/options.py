"""From the values of options to the configurations that they ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from harness.plan.config import Numerics, TimingConfig, TrainConfig, grouped
from zoo.errors import USAGE, ZooError
from zoo.weights import Weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zoo.selection import Choice


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

    Raises ZooError where the model does not offer the weights that were asked for.
    """
    weights = Weights(tag=choice.weights) if choice.weights else config.weights
    if weights is not None:
        weights.check(choice.spec)
    return replace(config, weights=weights, finetune=config.finetune or ("head" if weights else "full"))


def _weights(asked: Mapping[str, Any]) -> Weights | None:
    if asked["pretrained"] and asked["weights"] is not None:
        raise ZooError("--weights and --pretrained exclude each other", "give one of them", USAGE)
    if asked["pretrained"]:
        return Weights(tag="default")
    return None if asked["weights"] is None else Weights.parse(asked["weights"])
