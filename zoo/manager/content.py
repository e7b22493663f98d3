"""What a plugin is made of: the SHA-256 of its Python file, and of those beside it that it imports."""

from __future__ import annotations

import ast
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zoo.manager.neighbours import PREFIX
from zoo.weights import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SUFFIXES = (".py", *EXTENSION_SUFFIXES)


def content_of(plugin: object, targets: Iterable[Any] = ()) -> dict[str, str]:
    """SHA-256 by file of a plugin, of the modules that its `targets` ("module:function") name, and of their imports.

    Imports are followed within the plugin's folder, or within the top-level package that it belongs to; those inside
    functions count as well, since models are built by them. Names are relative to where that lies. What is imported
    from elsewhere is a library's, which has a version. Empty for what has no file.
    """
    named = plugin.__name__ if isinstance(plugin, ModuleType) else getattr(plugin, "__module__", "")
    modules = {str(named), *(target.partition(":")[0] for target in targets if isinstance(target, str))}
    hashes: dict[str, str] = {}
    for name in sorted(modules):
        file = _file_of(name)
        # The package that stands for a plugin's folder is no folder in it.
        depth = name.count(".") - name.startswith(PREFIX)
        root = file.parents[depth + (file.stem == "__init__")] if file else Path()
        if file and (name == named or not _holds_libraries(root)):
            hashes |= _hashed(file, root)
    return hashes


def changed_files(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The names of the files that are not what they were, those that came or went included."""
    return sorted(name for name in {*then, *now} if then.get(name) != now.get(name))


def _file_of(name: str) -> Path | None:
    """Where a module lies, imported or not. Of a name that is not imported yet, nothing is imported for this."""
    if name in sys.modules:
        file = getattr(sys.modules[name], "__file__", None)
        return Path(file).absolute() if file else None
    parts = name.split(".")
    if name.startswith(PREFIX):
        folder = Path(sys.modules[parts[0]].__path__[0])
        return next(reversed(list(_files(folder, parts[1:]))), None)
    try:
        spec = find_spec(parts[0])  # of a dotted name, its packages would be imported
    except (ImportError, ValueError):
        return None
    if spec is None or not (origin := spec.origin) or not Path(origin).is_file():
        return None
    folder = Path(origin).absolute().parents[1 if spec.submodule_search_locations else 0]
    return next(reversed(list(_files(folder, parts))), None)


def _hashed(start: Path, root: Path) -> dict[str, str]:
    """`start` and all that it imports, directly or not, from its top-level package, or below `root` if it has none."""
    top = root / start.relative_to(root).parts[0]
    limit = top if top != start or _holds_libraries(root) else root
    hashes: dict[str, str] = {}
    waiting = [start, *_files(root, [*start.relative_to(root).parent.parts, start.stem])]  # its packages run as well
    while waiting:
        file = waiting.pop()
        name = file.relative_to(root).as_posix()
        if name not in hashes:
            hashes[name] = sha256_of(file)
            waiting += [one for one in _imports(file, root) if one.is_relative_to(limit)]
    return hashes


def _holds_libraries(folder: Path) -> bool:
    """Whether packages of all kinds are installed there, whose imports lead through half of them."""
    import sysconfig  # only now: `list` does not ask

    return str(folder) in sysconfig.get_paths().values()


def _imports(file: Path, root: Path) -> Iterator[Path]:
    """The files that `file` imports from its own folder or from `root`, wherever in it that is written."""
    if file.suffix != ".py":
        return
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):  # whoever imports it will be told
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(root, alias.name.split("."))
        elif isinstance(node, ast.ImportFrom) and node.level <= len(file.parents):
            folder = file.parents[node.level - 1] if node.level else root
            for alias in node.names:
                yield from _files(folder, [*(node.module or "").split("."), alias.name])


def _files(folder: Path, parts: list[str]) -> Iterator[Path]:
    """The files of a dotted name: of its packages, and of itself. What is no file there is a name inside a module."""
    for part in filter(None, parts):
        folder /= part
        places = (folder / "__init__.py", *(folder.with_name(f"{part}{suffix}") for suffix in SUFFIXES))
        yield from (place for place in places if place.is_file())
