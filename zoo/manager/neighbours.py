"""Lets a plugin's file import what lies beside it, as a script may, without meeting what lies beside another plugin.

Python knows one module of a name, and looks for it in one list of folders: two plugins from two folders that both
say `import layers` would share the layers of the first. So each folder is a package under a name of its own, and the
import statements in its files look there first.

Only import statements do: `importlib.import_module("layers")` is asked without saying by whom.
"""

from __future__ import annotations

import builtins
import hashlib
import sys
from dataclasses import replace
from functools import partial
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.events import LoggerSpec
from zoo.specs import DatasetSpec, ModelSpec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

PREFIX = "zoo_plugins_of_"
# What a plugin means by these names, whatever is called so in its folder.
LIBRARIES = frozenset({"harness", "plugins", "results", "zoo", "pluggy", "torch", "torchvision", "timm", "numpy"})
LIBRARIES |= {"scipy", "pandas", "sklearn", "PIL", "safetensors"}


def import_file(path: Path) -> ModuleType:
    """Import a plugin's file anew, and with it what it imports of its folder. Raises what it raises."""
    package = _package_of(path.parent)
    name = f"{package}.{path.stem.replace('.', '_')}"
    if name in sys.modules:  # a second discovery in one process: nothing of what was read for the first is kept
        for known in [known for known in sys.modules if known.startswith(f"{package}.")]:
            del sys.modules[known]
    spec = spec_from_file_location(name, path, loader=_Loader(name, str(path)))
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot import {path}")
    module = module_from_spec(spec)
    sys.modules[name] = module  # before it runs: its dataclasses look their own module up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def import_named(name: str) -> ModuleType:
    """Import a plugin by its module's name: an installed one, or one in the current folder."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        top, folder = name.partition(".")[0], Path.cwd()
        if error.name != top or not _has(folder, top):
            raise
    return import_module(f"{_package_of(folder)}.{name}")


def located(spec: Any, module: str) -> Any:
    """The spec that a plugin's `module` declares, its "module:function" found in the plugin's folder if it is there."""
    package = module.partition(".")[0]
    fields = {ModelSpec: "build", DatasetSpec: "open", LoggerSpec: "open"}
    field = fields.get(type(spec), "")
    target = getattr(spec, field, None)
    if not package.startswith(PREFIX) or not isinstance(target, str):
        return spec
    folder = Path(sys.modules[package].__path__[0])
    return replace(spec, **{field: f"{package}.{target}"}) if _has(folder, target.partition(":")[0]) else spec


def _package_of(folder: Path) -> str:
    """The name of the package whose modules are the files of `folder`."""
    folder = folder.resolve()
    name = PREFIX + hashlib.sha256(bytes(folder)).hexdigest()[:12]
    if name not in sys.modules:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [str(folder)]
        sys.modules[name] = module_from_spec(spec)
    if _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)
    return name


class _Finder:
    """Finds the modules of such a package, and what lies within them."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if not name.startswith(PREFIX) or path is None:
            return None
        spec = PathFinder.find_spec(name, path)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(name, spec.loader.path)
        return spec


class _Loader(SourceFileLoader):
    """Runs a module whose import statements ask `_import`."""

    def exec_module(self, module: ModuleType) -> None:
        package = module.__name__.partition(".")[0]
        # Python takes the builtins of a function from the module that defines it: those of later calls too.
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": partial(_import, package)}
        super().exec_module(module)


def _import(
    package: str,
    name: str,
    globals: Mapping[str, object] | None = None,
    locals: Mapping[str, object] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    """What an import statement in a file of `package` means: `level` is the number of its leading dots."""
    top = name.partition(".")[0]
    if level or not _has(Path(sys.modules[package].__path__[0]), top):
        return builtins.__import__(name, globals, locals, fromlist or (), level)
    module = builtins.__import__(f"{package}.{name}", globals, locals, fromlist or (), 0)
    return module if fromlist else sys.modules[f"{package}.{top}"]


def _has(folder: Path, top: str) -> bool:
    """Whether `top` is a module in `folder`; a mere folder of files is one where nothing else has its name."""
    top = top.partition(".")[0]
    if top in LIBRARIES or top in sys.stdlib_module_names:
        return False
    spec = PathFinder.find_spec(top, [str(folder)])
    return spec is not None and (spec.origin is not None or find_spec(top) is None)
