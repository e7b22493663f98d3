"""What a model or a dataset is, and how plugins that offer them are found.

A plugin needs only this module:

    import zoo

    @zoo.hookimpl
    def zoo_models():
        yield zoo.ModelSpec(name="mine/tiny", build=build_tiny)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zoo.errors import ZooError
    from zoo.events import EpochEvent, Logger, LoggerSpec, RunEvent, TrialEvent
    from zoo.hookspecs import API_VERSION, hookimpl
    from zoo.manager.plugin_info import PluginInfo
    from zoo.specs import DatasetSpec, InputSpec, LabelledImages, ModelSpec, Split, Task

__all__ = [
    "API_VERSION",
    "DatasetSpec",
    "EpochEvent",
    "InputSpec",
    "LabelledImages",
    "Logger",
    "LoggerSpec",
    "ModelSpec",
    "PluginInfo",
    "RunEvent",
    "Split",
    "Task",
    "TrialEvent",
    "ZooError",
    "hookimpl",
]

_HOMES = {
    "ZooError": "zoo.errors",
    "API_VERSION": "zoo.hookspecs",
    "hookimpl": "zoo.hookspecs",
    "PluginInfo": "zoo.manager.plugin_info",
} | dict.fromkeys(("EpochEvent", "Logger", "LoggerSpec", "RunEvent", "TrialEvent"), "zoo.events")


def __getattr__(name: str) -> Any:
    # Loaded on first use: `--help` needs neither pluggy nor the specs, which cost as much as Python's own start.
    if name not in __all__:
        raise AttributeError(f"module 'zoo' has no attribute '{name}'")
    value = getattr(import_module(_HOMES.get(name, "zoo.specs")), name)
    globals()[name] = value
    return value
