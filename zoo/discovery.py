"""The zoo: every model and dataset that some plugin declares, who declared it, and which plugins went wrong."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from zoo.manager.content import content_of
from zoo.manager.loading import ASKED_FOR, Requests, candidates, read_requests
from zoo.manager.registration import declared, new_manager, one_line, take_in, tried_out
from zoo.names import UnknownName, unknown
from zoo.selection import Choice, select
from zoo.specs import DatasetSpec, ModelSpec

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    import pluggy

    from zoo.specs import PluginInfo, TrialEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Zoo:
    """What discovery found. A name maps to its spec and to the name of the plugin that owns it."""

    models: Mapping[str, tuple[ModelSpec, str]]
    datasets: Mapping[str, tuple[DatasetSpec, str]]
    plugins: tuple[PluginInfo, ...]
    manager: pluggy.PluginManager = field(repr=False)

    def select(self, expression: str, settings: Sequence[str] = ()) -> list[Choice]:
        """The models that `expression` stands for; see `zoo.selection.select`."""
        try:
            return select(self.models, expression, settings)
        except UnknownName as error:
            raise self._explained(error) from None

    def dataset(self, name: str) -> DatasetSpec:
        """The dataset of that name. Raises ZooError (usage) where there is none."""
        if name not in self.datasets:
            raise self._explained(unknown("dataset", name, self.datasets))
        return self.datasets[name][0]

    def _explained(self, error: UnknownName) -> UnknownName:
        """The same error; where a plugin that failed may have offered the name, it says so."""
        return error.blaming(
            {i.name: i.detail for i in self.plugins if i.status == "failed" and _may_own(i, error.name)}
        )

    def plugin(self, name: str) -> PluginInfo:
        """What is known of the plugin of that name."""
        return next(info for info in self.plugins if info.name == name)

    def content(self, name: str) -> dict[str, str]:
        """SHA-256 by file of what the plugin of that name consists of; see `zoo.manager.content`."""
        specs = [spec for spec, owner in self.models.values() if owner == name]
        return content_of(self.manager.get_plugin(name), (spec.build for spec in specs))

    def trial_done(self, event: TrialEvent) -> list[str]:
        """Tell every plugin that a trial has ended; returns one line for each that failed at it."""
        problems = []
        for impl in self.manager.hook.zoo_trial_done.get_hookimpls():
            try:
                impl.function(event)
            except Exception as error:
                problems.append(f"plugin {impl.plugin_name}: zoo_trial_done: {one_line(error)}")
        return problems


def discover(
    arguments: Iterable[str] = (), environment: Mapping[str, str] = os.environ, watched: Collection[str] = ()
) -> Zoo:
    """Load every plugin that is not blocked, one at a time, and collect what it declares.

    A plugin that changes a loaded module of the packages that are `watched` fails, and its change is undone.
    """
    requests = read_requests(arguments, environment)
    with _same_folder():
        return collect(candidates, requests, watched)


@contextmanager
def _same_folder() -> Iterator[None]:
    """Put the current folder back: all relative paths that a person gave would mean others after a plugin's chdir."""
    before = None
    with suppress(OSError):  # it may have been removed
        before = os.getcwd()
    try:
        yield
    finally:
        if before is not None:
            os.chdir(before)


def collect(sources: Any, requests: Requests, watched: Collection[str] = ()) -> Zoo:
    """Build the zoo from the candidates that `sources(requests)` yields."""
    manager = new_manager()
    infos: dict[str, PluginInfo] = {}
    all_candidates = list(sources(requests))
    # All are tried out before the first is imported: one that imports torch makes this process unfit to fork.
    problems = [tried_out(candidate, requests, watched) for candidate in all_candidates]
    for candidate, problem in zip(all_candidates, problems, strict=True):
        info = take_in(manager, candidate, problem, requests, infos, watched)
        infos[info.name] = info
    models = declared(manager.hook.zoo_models, ModelSpec, infos, watched)
    datasets = declared(manager.hook.zoo_datasets, DatasetSpec, infos, watched)
    num_models = Counter(owner for _, owner in models.values())
    num_datasets = Counter(owner for _, owner in datasets.values())
    plugins = (replace(i, models=num_models[i.name], datasets=num_datasets[i.name]) for i in infos.values())
    return Zoo(models=models, datasets=datasets, plugins=tuple(plugins), manager=manager)


def _may_own(info: PluginInfo, name: str) -> bool:
    """Whether a plugin that failed may have offered `name`: it was asked for by hand, or is called alike."""
    prefix = name.partition("/")[0].lower().replace("-", "_")
    return info.source.startswith(ASKED_FOR) or prefix in info.name.lower().replace("-", "_")
