"""Lets `zoo`, `plugins` and `results` come from where the harness came from, whatever else bears their names.

Most projects have a `plugins` or a `results` of their own, and `python -m` looks into the current folder first. What
is imported here comes with the interpreter itself, frozen: a `types.py` in that folder has no say in it.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

NAMES = ("zoo", "plugins", "results")
HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class OwnPackages:
    """Finds `NAMES` beside the harness, before any other finder is asked."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        return PathFinder.find_spec(name, [HOME]) if name in NAMES else None


def pin() -> None:
    """From now on `NAMES` are ours. Raises ImportError where another module bears one of them already."""
    if OwnPackages not in sys.meta_path:
        sys.meta_path.insert(0, OwnPackages)
    for name in NAMES:
        if name in sys.modules and not _is_ours(sys.modules[name]):
            raise ImportError(
                f"the harness has a package {name!r} of its own in {HOME}, and this program has already imported "
                f"another one from {_place(sys.modules[name])}: import harness first, or rename yours"
            )


def leave_current_folder_out() -> None:
    """Undo what `python -m` did to the path, as `python -P` does, unless the harness itself was found that way."""
    if not sys.flags.safe_path and sys.path[0] != HOME:
        del sys.path[0]


def _is_ours(module: ModuleType) -> bool:
    return os.path.realpath(_place(module)).startswith(os.path.realpath(HOME) + os.sep)


def _place(module: ModuleType) -> str:
    """The file of a module; the first folder of a package without one."""
    return getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "no file")
