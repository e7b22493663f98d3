"""The zoo: every model and dataset that some plugin declares, who declared it, and which plugins went wrong."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from time import perf_counter
from typing import TYPE_CHECKING, Any

import pluggy

from zoo import hookspecs
from zoo.loading import Candidate, Requests, candidates, read_requests
from zoo.names import is_valid, unknown
from zoo.selection import Choice, select
from zoo.specs import DatasetSpec, ModelSpec, PluginInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zoo.specs import TrialEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Zoo:
    """What discovery found. A name maps to its spec and to the name of the plugin that owns it."""

    models: Mapping[str, tuple[ModelSpec, str]]
    datasets: Mapping[str, tuple[DatasetSpec, str]]
    plugins: tuple[PluginInfo, ...]
    manager: pluggy.PluginManager = field(repr=False)

    def select(self, expression: str) -> list[Choice]:
        """The models that `expression` stands for; see `zoo.selection.select`."""
        return select(self.models, expression)

    def dataset(self, name: str) -> DatasetSpec:
        """The dataset of that name. Raises ZooError (usage) where there is none."""
        if name not in self.datasets:
            raise unknown("dataset", name, self.datasets)
        return self.datasets[name][0]

    def plugin(self, name: str) -> PluginInfo:
        """What is known of the plugin of that name."""
        return next(info for info in self.plugins if info.name == name)

    def trial_done(self, event: TrialEvent) -> list[str]:
        """Tell every plugin that a trial has ended; returns one line for each that failed at it."""
        problems = []
        for impl in self.manager.hook.zoo_trial_done.get_hookimpls():
            try:
                impl.function(event)
            except Exception as error:
                problems.append(f"plugin {impl.plugin_name}: zoo_trial_done: {_one_line(error)}")
        return problems


def discover(arguments: Iterable[str] = (), environment: Mapping[str, str] = os.environ) -> Zoo:
    """Load every plugin that is not blocked, one at a time, and collect what it declares."""
    return collect(candidates, read_requests(arguments, environment))


def collect(sources: Any, requests: Requests) -> Zoo:
    """Build the zoo from the candidates that `sources(requests)` yields."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    infos: dict[str, PluginInfo] = {}
    for candidate in sources(requests):
        info = _load(manager, candidate, requests, taken=infos)
        infos[info.name] = info
    models = _declared(manager.hook.zoo_models, ModelSpec, infos)
    datasets = _declared(manager.hook.zoo_datasets, DatasetSpec, infos)
    num_models = Counter(owner for _, owner in models.values())
    num_datasets = Counter(owner for _, owner in datasets.values())
    plugins = (replace(i, models=num_models[i.name], datasets=num_datasets[i.name]) for i in infos.values())
    return Zoo(models=models, datasets=datasets, plugins=tuple(plugins), manager=manager)


def _load(
    manager: pluggy.PluginManager, candidate: Candidate, requests: Requests, taken: Mapping[str, PluginInfo]
) -> PluginInfo:
    name = f"{candidate.name} ({candidate.source})" if candidate.name in taken else candidate.name
    info = PluginInfo(name=name, source=candidate.source, status="ok", version=candidate.version)
    if candidate.name in requests.blocked:
        return replace(info, status="blocked", detail="blocked by -p no: or ZOO_BLOCK_PLUGINS")
    start = perf_counter()
    try:
        plugin = candidate.load()
        manager.register(plugin, name=name)
        detail = _misspelt(manager, plugin)
    except BaseException as error:  # a plugin may raise SystemExit as it is imported: its own failure, not ours
        detail = f"import: {_one_line(error)}"
    if detail and manager.has_plugin(name):
        manager.unregister(name=name)
    millis = (perf_counter() - start) * 1e3
    return replace(info, status="failed" if detail else "ok", detail=detail, millis=millis)


def _misspelt(manager: pluggy.PluginManager, plugin: object) -> str:
    """One line for the first hook that no one declares; pluggy by itself would ignore it."""
    hooks = [name for name in vars(hookspecs) if name.startswith("zoo_")]
    for caller in manager.get_hookcallers(plugin) or ():
        optional = all(impl.optionalhook for impl in caller.get_hookimpls() if impl.plugin is plugin)
        if not caller.has_spec() and not optional:
            close = get_close_matches(caller.name, hooks, n=1, cutoff=0.0)
            return f"unknown hook '{caller.name}', did you mean {close[0]}?"
    return ""


def _declared(hook: Any, kind: type[Any], infos: dict[str, PluginInfo]) -> dict[str, Any]:
    """Call one hook implementation after the other, so that a bad one costs only its own specs."""
    found: dict[str, Any] = {}
    for impl in hook.get_hookimpls():
        owner, start = impl.plugin_name, perf_counter()
        try:
            specs = [_checked(spec, kind) for spec in impl.function()]
        except BaseException as error:  # as above: whatever a plugin raises is its own failure
            infos[owner] = replace(infos[owner], status="failed", detail=f"{hook.name}: {_one_line(error)}")
            continue
        taken = [f"{spec.name} is owned by {found[spec.name][1]}" for spec in specs if spec.name in found]
        found.update({spec.name: (spec, owner) for spec in specs if spec.name not in found})
        infos[owner] = _noted(infos[owner], taken, (perf_counter() - start) * 1e3)
    return found


def _noted(info: PluginInfo, taken: list[str], millis: float) -> PluginInfo:
    info = replace(info, millis=info.millis + millis)
    return replace(info, status="conflict", detail="; ".join(taken)) if taken else info


def _checked(spec: Any, kind: type[Any]) -> Any:
    if not isinstance(spec, kind):
        raise TypeError(f"declares {type(spec).__name__} where a {kind.__name__} is wanted")
    if not is_valid(spec.name):
        raise ValueError(f"{spec.name!r} cannot be a name: letters, digits, _ . - and one / only")
    return spec


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
