"""What is wrong with a plugin's hooks, seen as it is loaded: pluggy says nothing of most of it, or only much later."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

from zoo.hookspecs import API_VERSION
from zoo.manager.problem import Problem, place_of
from zoo.names import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import pluggy

PREFIX = "zoo_"
MARK = "@zoo.hookimpl"
ATTRIBUTE = "zoo_impl"


def hook_problem(manager: pluggy.PluginManager, plugin: object) -> Problem | None:
    """The first thing that keeps a plugin from being registered, if there is one."""
    problem = _too_new(plugin) or _known_already(manager, plugin)
    if problem:
        return problem
    hooks = _hooks_of(manager, plugin)
    # What is marked comes first: a hook that is called wrongly explains why there is none.
    wrong = [_marked(manager, name, function) for name, function in hooks.items()]
    problems = [*filter(None, wrong), *_unmarked(plugin, _names(manager), hooks)]
    if problems:
        return problems[0]
    return None if hooks else _without_hooks(plugin)


def _names(manager: pluggy.PluginManager) -> list[str]:
    return [name for name in vars(manager.hook) if name.startswith(PREFIX)]


def _too_new(plugin: object) -> Problem | None:
    wanted = getattr(plugin, "ZOO_API", API_VERSION)
    place = place_of(plugin)
    if not isinstance(wanted, int):
        remedy = f"write it without quotes: ZOO_API = {API_VERSION}"
        return Problem(cause=f"ZOO_API is {wanted!r}, not a whole number", place=place, remedy=remedy)
    if wanted > API_VERSION:
        remedy = "install a newer zoo-harness, or an older version of the plugin"
        return Problem(cause=f"needs zoo-api {wanted}, have {API_VERSION}", place=place, remedy=remedy)
    return None


def _known_already(manager: pluggy.PluginManager, plugin: object) -> Problem | None:
    name = manager.get_name(plugin)
    if name is None:
        return None
    return Problem(
        cause=f"is what the plugin '{name}' has loaded already", place=place_of(plugin), remedy="name it only once"
    )


def _hooks_of(manager: pluggy.PluginManager, plugin: object) -> dict[str, Callable[..., Any]]:
    """What is marked as a hook, by the name of the hook that it is meant for; those that may be unknown left out."""
    hooks: dict[str, Callable[..., Any]] = {}
    for name in _candidates(plugin):
        options = manager.parse_hookimpl_opts(plugin, name)
        if options is not None:
            hook = options.get("specname") or name
            if hook in _names(manager) or not options.get("optionalhook"):
                hooks[hook] = getattr(plugin, name)
    return hooks


def _candidates(plugin: object) -> Iterable[str]:
    """The names of what may be marked: pluggy's mark is an attribute of the function."""
    if not inspect.ismodule(plugin):
        return dir(plugin)
    return [name for name, value in vars(plugin).items() if hasattr(value, ATTRIBUTE)]


def _marked(manager: pluggy.PluginManager, name: str, function: Callable[..., Any]) -> Problem | None:
    """What is wrong with a function that is marked."""
    names = _names(manager)
    if name not in names:
        guess = did_you_mean(name, names, cutoff=0.0)
        remedy = "rename it; all hooks: zoo/hookspecs.py"
        return Problem(cause=f"unknown hook '{name}'{guess}", place=place_of(function), remedy=remedy)
    spec = getattr(manager.hook, name).spec
    wanted = list(spec.argnames) if spec else []
    if _takes(function, wanted):
        return None
    line = f"def {name}({', '.join(wanted)}):"
    given = str(inspect.signature(function)).partition(" -> ")[0]
    return Problem(cause=f"{name} takes {given}", place=place_of(function), remedy=f"begin it with: {line}")


def _takes(function: Callable[..., Any], arguments: list[str]) -> bool:
    """Whether it can be called with these and no others; pluggy passes by position."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        return False
    return True


def _unmarked(plugin: object, names: list[str], hooks: dict[str, Any]) -> Iterator[Problem]:
    """Functions that have the name of a hook, or nearly, and are none for want of a mark."""
    for name, value in vars(plugin).items() if hasattr(plugin, "__dict__") else ():
        if not name.startswith(PREFIX) or name in hooks or not inspect.isroutine(value) or hasattr(value, ATTRIBUTE):
            continue
        meant = (
            name
            if name in names
            else re.sub(r"^\. Did you mean (.*)\?$", r"\1", did_you_mean(name, names, cutoff=0.85))
        )
        if meant:
            cause = f"{name} is not marked as a hook"
            yield Problem(cause=cause, place=place_of(value), remedy=f"put {MARK} above def {meant}")


def _without_hooks(plugin: object) -> Problem:
    kind = "" if inspect.ismodule(plugin) else f" (it is {type(plugin).__name__})"
    remedy = f"define zoo_models() with {MARK} above it; start one: harness new my_net"
    return Problem(cause=f"has no hook{kind}", place=place_of(plugin), remedy=remedy)
