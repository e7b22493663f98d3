"""A file of weights that says by itself what model it holds, as people save it who know no runs: torch.save of a dict.

Which model that is, the plugins tell (`ModelSpec.own_task`): fc_model knows {input_size, output_size, hidden_layers,
state_dict}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.data.pixels.geometry import Geometry
from harness.trial.predict import TrainedModel, Transform
from zoo.building import build
from zoo.errors import ZooError
from zoo.weights import Weights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from zoo.discovery import Zoo
    from zoo.specs import ModelSpec, Task

HALF = 0.5


def load_file(zoo: Zoo, file: Path, tell: Callable[[str], None]) -> TrainedModel:
    """The model of `file` in eval mode, with classes and a transform; `tell` gets what had to be assumed of them.

    Raises ZooError where no plugin knows what model that is, or where the tensors are not of it.
    """
    checkpoint, _ = Weights(path=str(file)).load()
    spec, task = _model_of(zoo, file, checkpoint.settings)
    built = build(spec, task, weights=Weights(path=str(file)))
    half = (HALF,) * task.channels
    classes, named = _classes(checkpoint.settings, task.num_classes)
    tell(
        f"{file} does not say how its images were normalised: (pixel - {HALF}) / {HALF} is assumed"
        + ("" if named else f"; its classes are called 0 to {task.num_classes - 1}")
    )
    geometry = Geometry(
        size=task.image_size,
        channels=task.channels,
        stored_channels=task.channels,
        short_side=task.image_size,
        mean=half,
        std=half,
    )
    return TrainedModel(built.model, classes, Transform(geometry, half, half))


def _model_of(zoo: Zoo, file: Path, settings: Mapping[str, Any]) -> tuple[ModelSpec, Task]:
    for spec, _ in zoo.models.values():
        task = spec.own_task(settings) if spec.own_task else None
        if task is not None:
            return spec, task
    cause = f"{file} does not say what model it is of"
    raise ZooError(
        cause, "give the folder checkpoints/<model>@s<seed> of a run, or train on from it with --weights FILE"
    )


def _classes(settings: Mapping[str, Any], num_classes: int) -> tuple[tuple[str, ...], bool]:
    """The names of the classes in their order, and whether the file has them."""
    by_index = settings.get("class_to_idx")
    names = sorted(by_index, key=by_index.__getitem__) if isinstance(by_index, dict) else settings.get("classes")
    if isinstance(names, list | tuple) and len(names) == num_classes and all(isinstance(name, str) for name in names):
        return tuple(names), True
    return tuple(map(str, range(num_classes))), False
