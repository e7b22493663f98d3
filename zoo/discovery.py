"""The zoo: every model, dataset and logger that some plugin declares, who declared it, and which plugins went wrong."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from zoo.errors import USAGE, ZooError
from zoo.events import LoggerSpec
from zoo.manager.content import content_of
from zoo.manager.loading import ASKED_FOR, Requests, candidates, read_requests
from zoo.manager.problem import one_line
from zoo.manager.registration import Rehearsal, declared, new_manager, take_in, tried_out
from zoo.manager.stdout import on_stderr
from zoo.names import UnknownName, did_you_mean, unknown
from zoo.selection import Choice, select
from zoo.specs import DatasetSpec, ModelSpec

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    import pluggy

    from zoo.events import TrialEvent
    from zoo.manager.plugin_info import PluginInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Zoo:
    """What discovery found. A name maps to its spec and to the name of the plugin that owns it."""

    models: Mapping[str, tuple[ModelSpec, str]]
    datasets: Mapping[str, tuple[DatasetSpec, str]]
    plugins: tuple[PluginInfo, ...]
    manager: pluggy.PluginManager = field(repr=False)
    loggers: Mapping[str, tuple[LoggerSpec, str]] = field(default_factory=dict)

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

    def logger(self, name: str) -> tuple[LoggerSpec, str]:
        """The logger of that name, and its owner. Raises ZooError (usage) where there is none."""
        if name not in self.loggers:
            raise self._explained(unknown("logger", name, self.loggers))
        return self.loggers[name]

    def _explained(self, error: UnknownName) -> UnknownName:
        """The same error; where a plugin that failed or is blocked may have offered the name, it says so."""
        failed = {
            i.name: f"failed: {i.detail}" for i in self.plugins if i.status == "failed" and _may_own(i, error.name)
        }
        blocked = {i.name: f"is {i.detail}" for i in self.plugins if i.status == "blocked"}
        return error.blaming(failed | blocked)

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
    arguments: Iterable[str] = (),
    environment: Mapping[str, str] = os.environ,
    watched: Collection[str] = (),
    *,
    remembered: bool = False,
) -> Zoo:
    """Load every plugin that is not blocked, one at a time, and collect what it declares.

    A plugin that changes a loaded module of the packages that are `watched` fails, and its change is undone. What
    plugins print goes to stderr. Raises ZooError where a plugin that is blocked is not there, unless the arguments are
    `remembered` from an earlier time.
    """
    requests = read_requests(arguments, environment)
    with _same_folder(), on_stderr():
        zoo = collect(candidates, requests, watched)
    if not remembered:
        _require_known(requests.blocked, zoo.plugins)
    return zoo


def _require_known(blocked: Mapping[str, str], plugins: Iterable[PluginInfo]) -> None:
    """Raise ZooError for the first name to be left out that no plugin has."""
    known = {name for info in plugins for name in (info.name, f"{info.name} ({info.source})")}
    # Of two of one name the later one is called after its source as well; the plain name leaves out both.
    known |= {info.name.removesuffix(f" ({info.source})") for info in plugins}
    for name, by in blocked.items():
        if name not in known:
            raise ZooError(
                f"{by}: there is no plugin '{name}'{did_you_mean(name, known)}", "see: harness plugins", USAGE
            )


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
    rehearsals = tried_out(all_candidates, requests, watched)
    for candidate in all_candidates:
        rehearsal = rehearsals.get(candidate.full_name, Rehearsal())
        info = take_in(manager, candidate, rehearsal, requests, infos, watched)
        infos[info.name] = info
    models = declared(manager.hook.zoo_models, ModelSpec, infos, watched)
    datasets = declared(manager.hook.zoo_datasets, DatasetSpec, infos, watched)
    loggers = declared(manager.hook.zoo_loggers, LoggerSpec, infos, watched)
    num_models = Counter(owner for _, owner in models.values())
    num_datasets = Counter(owner for _, owner in datasets.values())
    num_loggers = Counter(owner for _, owner in loggers.values())
    plugins = tuple(
        replace(i, models=num_models[i.name], datasets=num_datasets[i.name], loggers=num_loggers[i.name])
        for i in infos.values()
    )
    return Zoo(models=models, datasets=datasets, loggers=loggers, plugins=plugins, manager=manager)


def _may_own(info: PluginInfo, name: str) -> bool:
    """Whether a plugin that failed may have offered `name`: it was asked for by hand, or is called alike."""
    prefix = name.partition("/")[0].lower().replace("-", "_")
    return info.source.startswith(ASKED_FOR) or prefix in info.name.lower().replace("-", "_")
