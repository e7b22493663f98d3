"""Notices when importing a plugin changes our own modules, and puts back what it changed."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from operator import is_, ne
from types import ModuleType
from typing import TYPE_CHECKING

from zoo.manager.switches import SWITCHES, put_back

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any, TypeVar

    Result = TypeVar("Result")

# What of torch's settings decides every later result, and what it is before torch is imported.
TORCH_SETTINGS = tuple(switch for switch in SWITCHES if switch.refused)
_ABSENT = object()


@dataclass(slots=True)
class _Seen:
    """What was seen of `sys.modules`: how many, the latest of them, and the names of those that were looked for."""

    count: int = 0
    latest: str = ""
    module: object = None
    names: list[str] = field(default_factory=list)


_SEEN: dict[tuple[str, ...], _Seen] = {}


class Tampered(Exception):
    """A plugin changed what is not its own; everything is as before again."""


def guarded(function: Callable[[], Result], watched: Collection[str]) -> Result:
    """Call `function`. Raises Tampered where it replaced a module of ours, a name in one, or a setting of torch.

    `watched` are the packages that are ours. All of that is put back. What names stand for is compared, by identity:
    the inside of a class or of a function is not looked at, and what is imported only later cannot be.
    """
    before = {name: (module, dict(vars(module))) for name, module in _modules_of(watched)}
    settings = _torch_settings()
    try:
        return function()
    finally:  # a plugin that fails may have changed something before
        changed = [changed for name, (module, names) in before.items() for changed in _put_back(name, module, names)]
        changed += _set_back(settings)
        if changed:
            raise Tampered(f"changed {', '.join(changed[:3])}{', …' if len(changed) > 3 else ''}")


def _modules_of(packages: Collection[str]) -> list[tuple[str, ModuleType]]:
    modules = ((name, sys.modules.get(name)) for name in names_within(packages))
    return [(name, module) for name, module in modules if isinstance(module, ModuleType)]


def names_within(packages: Collection[str]) -> list[str]:
    """The names of all modules of these packages that were imported.

    Of all modules only those are looked at that came since the last time. To look at a name counts a reference, which
    is written beside it; among the thousands of torch that was a third of the pages that a trial's process had to copy.
    """
    seen = _SEEN.setdefault(tuple(packages), _Seen())
    newer = list(takewhile(partial(ne, seen.latest), reversed(sys.modules)))
    in_place = sys.modules.get(seen.latest) is seen.module and seen.count + len(newer) == len(sys.modules)
    if not in_place:  # modules have left, or come anew
        newer, seen.names = list(sys.modules)[::-1], []
    alike = [name for name in reversed(newer) if name.startswith(tuple(packages))]
    seen.names += [name for name in alike if name.partition(".")[0] in packages]
    seen.count, seen.latest = len(sys.modules), next(iter(newer), seen.latest)
    seen.module = sys.modules.get(seen.latest)
    return seen.names


def _torch_settings() -> dict[str, Any]:
    """The values now, or those of a torch that is yet to be imported."""
    torch: Any = sys.modules.get("torch")
    return {switch.name: switch.read(torch) if torch else switch.standard for switch in TORCH_SETTINGS}


def _set_back(settings: Mapping[str, Any]) -> list[str]:
    """Restore torch's settings where it is loaded; returns what was changed."""
    return put_back(settings) if "torch" in sys.modules else []


def _put_back(name: str, module: ModuleType, names: Mapping[str, Any]) -> list[str]:
    """Restore one module; returns what was changed."""
    changed = []
    if sys.modules.get(name) is not module:
        sys.modules[name] = module
        changed.append(name)
    now = vars(module)
    if len(now) == len(names) and now.keys() == names.keys() and all(map(is_, now.values(), names.values())):
        return changed  # which is nearly always so, and a hundred plugins are waiting
    for key, value in names.items():
        if now.get(key, _ABSENT) is not value:
            now[key] = value
            changed.append(f"{name}.{key}")
    # New names are how a submodule and what is loaded on first use arrive; only one that hides a builtin is foul.
    hiding = [key for key in now if key not in names and hasattr(builtins, key)]
    for key in hiding:
        if not isinstance(now[key], ModuleType):
            del now[key]
            changed.append(f"{name}.{key}")
    return changed
