"""Takes in one plugin at a time: tries it out, imports, registers it, asks for its specs. Nothing it does escapes."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import asdict, dataclass, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

from zoo import hookspecs
from zoo.errors import ZooError
from zoo.events import LoggerSpec
from zoo.manager import sandbox
from zoo.manager.hook_checks import hook_problem
from zoo.manager.loading import SHIPPED
from zoo.manager.neighbours import located
from zoo.manager.plugin_info import PluginInfo
from zoo.manager.problem import SHOW_TRACEBACK, Problem, joined, place_in_stack, place_of, raised
from zoo.manager.tampering import Tampered, guarded, names_within
from zoo.names import is_valid
from zoo.specs import DatasetSpec, ModelSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from zoo.manager.loading import Candidate, Requests

Spec = TypeVar("Spec", ModelSpec, DatasetSpec, LoggerSpec)
# Hooks that declare something, and what; the order in which they are called.
HOOKS: dict[str, type[Any]] = {"zoo_models": ModelSpec, "zoo_datasets": DatasetSpec, "zoo_loggers": LoggerSpec}
SEVERITY = ("ok", "incomplete", "conflict", "failed")
INSIDE = "do that inside the function that builds the model, or not at all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What came of trying a plugin out: a problem or None, and the seconds that it took where it imported torch."""

    problem: Problem | None = None
    torch_seconds: float = 0.0


def new_manager() -> pluggy.PluginManager:
    """A manager that knows the zoo's hooks, and no plugin yet."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def tried_out(candidates: Sequence[Candidate], requests: Requests, watched: Collection[str]) -> dict[str, Rehearsal]:
    """What goes wrong in a process of their own, by full name, of those that are not ours, where such a process can be.

    They are tried out before the first is imported: one that imports torch makes this process unfit to fork.
    """
    strangers = [one for one in candidates if one.source != SHIPPED and not blocker(one, requests)]
    if not strangers or not requests.limit_seconds or not sandbox.is_possible():
        return {}
    names_within(watched)  # looked for once here, and not by every fork
    attempts = [partial(_rehearsal, candidate, watched) for candidate in strangers]
    had_torch = _has_torch()
    results = sandbox.probe(attempts, requests.limit_seconds, lambda: _has_torch() != had_torch)
    return {candidate.full_name: _read(result, candidate) for candidate, result in zip(strangers, results, strict=True)}


def blocker(candidate: Candidate, requests: Requests) -> str:
    """What leaves a plugin out, such as "-p no:mlp", or "": its name there may be that of several."""
    return requests.blocked.get(candidate.full_name) or requests.blocked.get(candidate.name, "")


def take_in(
    manager: pluggy.PluginManager,
    candidate: Candidate,
    rehearsal: Rehearsal,
    requests: Requests,
    taken: Mapping[str, PluginInfo],
    watched: Collection[str],
) -> PluginInfo:
    """Register a plugin that is not blocked and works. Says what became of it."""
    name = candidate.full_name if candidate.name in taken else candidate.name
    info = replace(_new_info(candidate), name=name)
    if by := blocker(candidate, requests):
        return replace(info, status="blocked", detail=f"blocked by {by}")
    start = perf_counter()
    problem = rehearsal.problem or _registered(manager, candidate, info, watched)
    info = replace(info, millis=(perf_counter() - start) * 1e3)
    if problem:
        return _worse(info, "failed", problem if problem.place else replace(problem, place=candidate.place))
    seconds = rehearsal.torch_seconds
    slow = f"slow: imports torch when it is listed ({seconds:.1f} s); import it inside the functions that use it"
    return replace(info, note=slow if seconds else "")


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
            specs, refused = _called(partial(_specs, impl.function, kind), infos[owner], watched)
        except BaseException as error:  # SystemExit too: whatever a plugin raises is its own failure
            _raise_if_not_the_plugins(error)
            infos[owner] = _worse(infos[owner], "failed", _from_hook(error, hook.name, impl.function))
            continue
        millis = infos[owner].millis + (perf_counter() - start) * 1e3
        infos[owner] = replace(infos[owner], millis=millis)
        if refused:
            problem = replace(joined(refused), place=place_of(impl.function))
            infos[owner] = _worse(infos[owner], "incomplete" if specs else "failed", problem)
        if taken := {name: owned[name][1] for name in specs if name in owned}:
            infos[owner] = _worse(infos[owner], "conflict", _conflict(taken, impl.function))
        owned.update({name: (spec, owner) for name, spec in specs.items() if name not in owned})
    return owned


def _new_info(candidate: Candidate) -> PluginInfo:
    return PluginInfo(name=candidate.name, source=candidate.source, status="ok", version=candidate.version)


def _worse(info: PluginInfo, status: str, problem: Problem) -> PluginInfo:
    """The same with one more thing that is wrong: the first says where and what to do."""
    earlier = Problem(cause=info.detail, place=info.place, remedy=info.remedy, traceback=info.traceback)
    both = joined([earlier, problem]) if info.detail else problem
    return replace(
        info,
        status=max(info.status, status, key=SEVERITY.index),
        detail=both.cause,
        place=both.place,
        remedy=both.remedy,
        traceback=both.traceback,
    )


def _conflict(owners: Mapping[str, str], function: object) -> Problem:
    first, owner = next(iter(owners.items()))
    return Problem(
        cause="; ".join(f"{name} is owned by {owner}" for name, owner in owners.items()),
        place=place_of(function),
        remedy=f"give it a prefix, such as mine/{first.rpartition('/')[2]}, or leave the other out: -p no:{owner}",
    )


def _has_torch() -> bool:
    return "torch" in sys.modules


def _rehearsal(candidate: Candidate, watched: Collection[str], step: Callable[[str], None]) -> str:
    """All that discovery will do with a plugin; returns a Rehearsal as JSON."""
    start, had_torch = perf_counter(), _has_torch()
    problem = _all_steps(candidate, watched, step)
    seconds = 0.0 if _has_torch() == had_torch else perf_counter() - start
    return json.dumps({"problem": asdict(problem) if problem else None, "torch_seconds": seconds})


def _all_steps(candidate: Candidate, watched: Collection[str], step: Callable[[str], None]) -> Problem | None:
    manager, info, reached = new_manager(), _new_info(candidate), sandbox.FIRST_STEP
    infos = {info.name: info}
    try:
        if problem := _registered(manager, candidate, info, watched):
            return problem
        for reached, kind in HOOKS.items():
            step(reached)
            declared(getattr(manager.hook, reached), kind, infos, watched)
    except BaseException as error:  # no person's Ctrl-C reaches this process: the plugin raised it
        return raised(error, reached)
    info = infos[info.name]
    if info.status != "failed":
        return None
    return Problem(cause=info.detail, place=info.place, remedy=info.remedy, traceback=info.traceback)


def _read(result: str | sandbox.Ending, candidate: Candidate) -> Rehearsal:
    """What a plugin's own process said, or what its end says."""
    if isinstance(result, str):
        said = json.loads(result)
        return Rehearsal(problem=said["problem"] and Problem(**said["problem"]), torch_seconds=said["torch_seconds"])
    more = f"do less there, or allow it more seconds: {sandbox.LIMIT_VARIABLE}=300"
    remedy = more if result.is_timeout else f"{SHOW_TRACEBACK}; or leave it out: -p no:{candidate.name}"
    place = place_in_stack(result.stack)
    return Rehearsal(
        problem=Problem(cause=f"{result.step}: {result.how}", place=place, remedy=remedy, traceback=result.stack)
    )


def _registered(
    manager: pluggy.PluginManager, candidate: Candidate, info: PluginInfo, watched: Collection[str]
) -> Problem | None:
    """Import and register a plugin; says why it cannot be used, and then it is not registered."""
    try:
        plugin = _called(candidate.load, info, watched)
        if problem := hook_problem(manager, plugin):
            return problem
        manager.register(plugin, name=info.name)
    except Tampered as error:
        return Problem(cause=str(error), place=place_of(sys.modules.get(candidate.module)), remedy=INSIDE)
    except BaseException as error:  # a plugin may raise SystemExit as it is imported: its own failure, not ours
        _raise_if_not_the_plugins(error)
        return raised(error, sandbox.FIRST_STEP)
    return None


def _from_hook(error: BaseException, hook: str, function: object) -> Problem:
    """What a hook raised, or did to others."""
    if isinstance(error, Tampered):
        return Problem(cause=str(error), place=place_of(function), remedy=INSIDE)
    problem = raised(error, hook)
    return problem if problem.place else replace(problem, place=place_of(function))


def _raise_if_not_the_plugins(error: BaseException) -> None:
    """Let Ctrl-C and a signal's exception through: a plugin that raises such a thing itself did so when tried out."""
    if not isinstance(error, Exception | SystemExit):
        raise error


def _called(function: Callable[[], Any], info: PluginInfo, watched: Collection[str]) -> Any:
    return function() if info.source == SHIPPED else guarded(function, watched)


def _specs(function: Callable[[], Any], kind: type[Spec]) -> tuple[dict[str, Spec], list[Problem]]:
    """What a hook declares by name, and what is wrong with the rest of it."""
    hook = f"zoo_{kind.__name__.removesuffix('Spec').lower()}s"
    specs: dict[str, Spec] = {}
    problems: list[Problem] = []
    for declared_one in _iterable(function(), kind, hook):
        spec = located(declared_one, getattr(function, "__module__", ""))
        problem = _wrong(spec, kind, specs, hook)
        if problem:
            problems.append(problem)
        else:
            specs[spec.name] = spec
    return specs, problems


def _iterable(value: Any, kind: type[Any], hook: str) -> Any:
    if hasattr(value, "__iter__"):
        return value
    raise ZooError(
        f"returned {type(value).__name__}, not a list of {kind.__name__}",
        f"end it with: return [zoo.{kind.__name__}(…)]",
    )


def _wrong(spec: Any, kind: type[Any], earlier: Collection[str], hook: str) -> Problem | None:
    """Why one spec costs itself, and not its plugin."""
    if not isinstance(spec, kind):
        cause = f"declares {type(spec).__name__} where a {kind.__name__} is wanted"
        return Problem(cause=f"{hook}: {cause}", remedy=f"declare each as zoo.{kind.__name__}(name=…)")
    if not is_valid(spec.name):
        cause = f"{spec.name!r} cannot be a name: letters, digits, _ . - and one / only"
        return Problem(cause=f"{hook}: {cause}", remedy=f"rename it, such as {_valid_name(spec.name)}")
    if spec.name in earlier:
        return Problem(cause=f"{hook}: {spec.name} is declared twice", remedy="rename the second")
    return None


def _valid_name(name: object) -> str:
    """A name like that one which may be."""
    parts = [re.sub(r"[^A-Za-z0-9_-]+", "_", part).strip("_-") for part in str(name).split("/")]
    return "/".join([part[:50] for part in parts if part][-2:]) or "mine/net"
