"""Takes in one plugin at a time: tries it out, imports, registers it, asks for its specs. Nothing it does escapes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from zoo import API_VERSION, hookspecs
from zoo.events import LoggerSpec
from zoo.manager import sandbox
from zoo.manager.loading import SHIPPED
from zoo.manager.neighbours import located
from zoo.manager.tampering import Tampered, guarded
from zoo.names import did_you_mean, is_valid
from zoo.specs import DatasetSpec, ModelSpec, PluginInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from zoo.manager.loading import Candidate, Requests

Spec = TypeVar("Spec", ModelSpec, DatasetSpec, LoggerSpec)
# Hooks that declare something, and what; the order in which they are called.
HOOKS: dict[str, type[Any]] = {"zoo_models": ModelSpec, "zoo_datasets": DatasetSpec, "zoo_loggers": LoggerSpec}


def new_manager() -> pluggy.PluginManager:
    """A manager that knows the zoo's hooks, and no plugin yet."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def tried_out(candidate: Candidate, requests: Requests, watched: Collection[str]) -> str:
    """What goes wrong in a process of the plugin's own, where it is not ours and such a process can be."""
    trusted = candidate.source == SHIPPED or candidate.name in requests.blocked
    if trusted or not requests.limit_seconds or not sandbox.is_possible():
        return ""
    return sandbox.probe(partial(_rehearsal, candidate, watched), requests.limit_seconds)


def take_in(
    manager: pluggy.PluginManager,
    candidate: Candidate,
    problem: str,
    requests: Requests,
    taken: Mapping[str, PluginInfo],
    watched: Collection[str],
) -> PluginInfo:
    """Register a plugin that is not blocked and works; `problem` is what `tried_out` said. Says what became of it."""
    name = f"{candidate.name} ({candidate.source})" if candidate.name in taken else candidate.name
    info = replace(_new_info(candidate), name=name)
    if candidate.name in requests.blocked:
        return replace(info, status="blocked", detail="blocked by -p no: or ZOO_BLOCK_PLUGINS")
    start = perf_counter()
    detail = problem or _registered(manager, candidate, info, watched)
    millis = (perf_counter() - start) * 1e3
    return replace(info, status="failed" if detail else "ok", detail=detail, millis=millis)


def declared(
    hook: Any, kind: type[Spec], infos: dict[str, PluginInfo], watched: Collection[str]
) -> dict[str, tuple[Spec, str]]:
    """Specs by name, each with its owner; `infos` is told which plugins failed or came too late for a name.

    One hook implementation is called after the other, so that a bad one costs only its own specs.
    """
    owned: dict[str, tuple[Spec, str]] = {}
    for impl in hook.get_hookimpls():
        owner, start = impl.plugin_name, perf_counter()
        try:
            specs = _called(partial(_specs, impl.function, kind), infos[owner], watched)
        except BaseException as error:  # SystemExit too: whatever a plugin raises is its own failure
            _raise_if_not_the_plugins(error)
            detail = str(error) if isinstance(error, Tampered) else f"{hook.name}: {one_line(error)}"
            infos[owner] = replace(infos[owner], status="failed", detail=detail)
            continue
        taken = [f"{spec.name} is owned by {owned[spec.name][1]}" for spec in specs if spec.name in owned]
        owned.update({spec.name: (spec, owner) for spec in specs if spec.name not in owned})
        millis = infos[owner].millis + (perf_counter() - start) * 1e3
        infos[owner] = replace(infos[owner], millis=millis)
        if taken:
            infos[owner] = replace(infos[owner], status="conflict", detail="; ".join(taken))
    return owned


def one_line(error: BaseException) -> str:
    """An exception's type and message without line breaks."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _new_info(candidate: Candidate) -> PluginInfo:
    return PluginInfo(name=candidate.name, source=candidate.source, status="ok", version=candidate.version)


def _rehearsal(candidate: Candidate, watched: Collection[str], step: Callable[[str], None]) -> str:
    """All that discovery will do with a plugin."""
    manager, info, reached = new_manager(), _new_info(candidate), "import"
    infos = {info.name: info}
    try:
        if failure := _registered(manager, candidate, info, watched):
            return failure
        for reached, kind in HOOKS.items():
            step(reached)
            declared(getattr(manager.hook, reached), kind, infos, watched)
    except BaseException as error:  # no person's Ctrl-C reaches this process: the plugin raised it
        return f"{reached}: {one_line(error)}"
    return infos[info.name].detail if infos[info.name].status == "failed" else ""


def _registered(manager: pluggy.PluginManager, candidate: Candidate, info: PluginInfo, watched: Collection[str]) -> str:
    """Import and register a plugin; one line where it cannot be used, and then it is not registered."""
    try:
        plugin = _called(candidate.load, info, watched)
        detail = _too_new(plugin)
        if not detail:
            manager.register(plugin, name=info.name)
            detail = _misspelt(manager, plugin)
    except Tampered as error:
        detail = str(error)
    except BaseException as error:  # a plugin may raise SystemExit as it is imported: its own failure, not ours
        _raise_if_not_the_plugins(error)
        detail = f"import: {one_line(error)}"
    if detail and manager.has_plugin(info.name):  # pluggy keeps one whose hook is misspelt
        manager.unregister(name=info.name)
    return detail


def _raise_if_not_the_plugins(error: BaseException) -> None:
    """Let Ctrl-C and a signal's exception through: a plugin that raises such a thing itself did so when tried out."""
    if not isinstance(error, Exception | SystemExit):
        raise error


def _called(function: Callable[[], Any], info: PluginInfo, watched: Collection[str]) -> Any:
    return function() if info.source == SHIPPED else guarded(function, watched)


def _too_new(plugin: object) -> str:
    wanted = getattr(plugin, "ZOO_API", API_VERSION)
    if not isinstance(wanted, int):
        return f"ZOO_API is {wanted!r}, not a whole number"
    return f"needs zoo-api {wanted}, have {API_VERSION}" if wanted > API_VERSION else ""


def _misspelt(manager: pluggy.PluginManager, plugin: object) -> str:
    """One line for the first hook that no one declares; pluggy by itself would ignore it."""
    hooks = [name for name in vars(hookspecs) if name.startswith("zoo_")]
    for caller in manager.get_hookcallers(plugin) or ():
        optional = all(impl.optionalhook for impl in caller.get_hookimpls() if impl.plugin is plugin)
        if not caller.has_spec() and not optional:
            return f"unknown hook '{caller.name}'{did_you_mean(caller.name, hooks, cutoff=0.0)}"
    return ""


def _specs(function: Callable[[], Any], kind: type[Spec]) -> list[Spec]:
    return [_checked(located(spec, getattr(function, "__module__", "")), kind) for spec in function()]


def _checked(spec: Any, kind: type[Spec]) -> Spec:
    if not isinstance(spec, kind):
        raise TypeError(f"declares {type(spec).__name__} where a {kind.__name__} is wanted")
    if not is_valid(spec.name):
        raise ValueError(f"{spec.name!r} cannot be a name: letters, digits, _ . - and one / only")
    return spec
