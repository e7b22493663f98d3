"""What a new plugin may be called: its name is that of a module, and begins the names of its models."""

from __future__ import annotations

import keyword
import re
import sys

from zoo.errors import USAGE, ZooError
from zoo.manager.neighbours import LIBRARIES

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,49}")


def require_name(name: str) -> None:
    """Raise ZooError where a module cannot be called so, or where the name is taken by a library."""
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise ZooError(
            f"{name!r} is no name that a Python module can have here", f"take one such as {_like(name)}", USAGE
        )
    if name in LIBRARIES or name in sys.stdlib_module_names:
        raise ZooError(
            f"{name!r} is a library's name, which your file would hide", f"take one such as my_{name}", USAGE
        )


def _like(name: str) -> str:
    words = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")[:40]
    good = re.sub(r"^[^A-Za-z]+", "", words)
    return f"my_{good}" if not good or keyword.iskeyword(good) else good
