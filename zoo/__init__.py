"""What a model or a dataset is, and how plugins that offer them are found.

A plugin needs only this module:

    import zoo

    @zoo.hookimpl
    def zoo_models():
        yield zoo.ModelSpec(name="mine/tiny", build=build_tiny)
"""

from __future__ import annotations

from zoo.errors import ZooError
from zoo.hookspecs import hookimpl
from zoo.specs import (
    DatasetSpec,
    InputSpec,
    LabelledImages,
    ModelSpec,
    PluginInfo,
    Split,
    Task,
    TrialEvent,
)

__all__ = [
    "DatasetSpec",
    "InputSpec",
    "LabelledImages",
    "ModelSpec",
    "PluginInfo",
    "Split",
    "Task",
    "TrialEvent",
    "ZooError",
    "hookimpl",
]
