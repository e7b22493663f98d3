"""The images that a model is fed: those that its weights were evaluated on, as far as anything says which."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from harness.data.pixels.geometry import resolve
from harness.trial.saved_model import card_of_weights
from zoo.errors import ZooError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.data.dataset import Dataset
    from harness.data.pixels.geometry import Geometry
    from harness.plan.config import TrainConfig
    from zoo.specs import InputSpec, ModelSpec
    from zoo.weights import Weights


def geometry_for(spec: ModelSpec, train: TrainConfig, dataset: Dataset) -> tuple[Geometry, tuple[str, ...]]:
    """How the dataset's images are made for the model with its weights, and notes on what nobody has published."""
    weights = train.weights
    wanted, unknown = input_for(spec, weights)
    geometry = resolve(wanted, dataset.size, dataset.channels, train.img_size, pretrained=weights is not None)
    return geometry, tuple(_notes(wanted, geometry, weights, unknown))


def input_for(spec: ModelSpec, weights: Weights | None) -> tuple[InputSpec, str]:
    """The images that `spec` wants when it carries `weights`, and why it is not known, where it is not.

    A file's are said by the card beside it, as a run leaves one. Without, they are most likely such as the library's
    own weights want.
    """
    if weights is None or not weights.path:
        return spec.input_for(weights.tag if weights else None), ""
    wanted = spec.input_for("default")
    try:
        return _of_card(card_of_weights(weights.file), wanted), ""
    except ZooError as error:
        return wanted, error.cause


def _of_card(card: dict[str, Any], wanted: InputSpec) -> InputSpec:
    """What the card says; what the architecture itself asks for, its least size and channels, is not the card's."""
    try:
        return replace(
            wanted,
            size=int(card["img_size"]),
            channels=int(card["channels"]),
            mean=tuple(float(value) for value in card["mean"]),
            std=tuple(float(value) for value in card["std"]),
            interpolation=card["interpolation"],
            antialias=bool(card["antialias"]),
            crop_mode=card["crop_mode"],
            caveat="",
            crop_pct=Fraction(int(card["img_size"]), int(card["short_side"])),
        )
    except (TypeError, ValueError, ArithmeticError) as error:
        raise ZooError(f"the model.json beside it is damaged ({error})") from error


def _notes(wanted: InputSpec, geometry: Geometry, weights: Weights | None, unknown: str) -> Iterator[str]:
    if weights is None:
        return
    if unknown:  # and so is the size that they were evaluated at
        yield f"{weights.file.name}: {unknown}; its images are assumed to be {geometry.description}"
        return
    if wanted.caveat:
        yield wanted.caveat
    if wanted.size not in (None, geometry.size):
        share = f"the same share of them is cropped, {geometry.size} of {geometry.short_side}"
        yield f"images of {geometry.size} px, but the weights were evaluated at {wanted.size} px: {share}"
