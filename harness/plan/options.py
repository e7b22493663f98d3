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


def train_config(arguments: Mapping[str, Any]) -> TrainConfig:
    """How models are trained, before any model's own weights are known."""
    own = {"weights": _weights(arguments), "finetune": arguments["finetune"] or ""}
    return TrainConfig(**_settings(TrainConfig, arguments) | own)


def sweep_configs(arguments: Mapping[str, Any]) -> tuple[TimingConfig, ...]:
    """How models are timed by themselves, one configuration a batch size."""
    settings = _settings(TimingConfig, arguments) | {"budget_s": arguments["time_budget"]}
    return tuple(TimingConfig(**settings | {"batch_size": size}) for size in arguments["batch_size"])


def for_choice(config: TrainConfig, choice: Choice) -> TrainConfig:
    """The same configuration with the weights and the fine-tuning that hold for one model.

    Raises ZooError where the model does not offer the weights that were asked for.
    """
    weights = Weights(tag=choice.weights) if choice.weights else config.weights
    if weights is not None:
        weights.check(choice.spec)
    return replace(config, weights=weights, finetune=config.finetune or ("head" if weights else "full"))


def _settings(config: type[TrainConfig | TimingConfig], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that have the name of one of the configuration's fields, or of its numerics'."""
    names = {*config.__dataclass_fields__, *Numerics.__dataclass_fields__} & arguments.keys()
    return grouped({name: arguments[name] for name in names})


def _weights(arguments: Mapping[str, Any]) -> Weights | None:
    if arguments["pretrained"] and arguments["weights"] is not None:
        raise ZooError("--weights and --pretrained exclude each other", "give one of them", USAGE)
    if arguments["pretrained"]:
        return Weights(tag="default")
    if arguments["weights"] is None:
        return None
    weights = Weights.parse(arguments["weights"])
    # Absolute: a run that is resumed from another folder means this very file all the same.
    return replace(weights, path=str(weights.file.absolute())) if weights.path else weights
