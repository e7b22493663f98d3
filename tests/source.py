"""What the structural tests ask about our own source: files, imports, functions. Reads text, imports nothing of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("zoo", "plugins", "results", "harness")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@dataclass(frozen=True)
class Import:
    """One import statement's module; `from a import b` gives both `a` and `a.b`, since `b` may be a module."""

    module: str
    line: int
    at_module_level: bool

    @property
    def top(self) -> str:
        return self.module.partition(".")[0]


def files(*folders: str) -> list[Path]:
    """Every Python file below these folders of the repository."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), filename=str(file))


def imports_of(file: Path, root: Path = ROOT, *, typing: bool = False) -> Iterator[Import]:
    """The imports that run, at module level or later; those under `if TYPE_CHECKING:`, which never do, if `typing`."""
    package = ".".join(file.relative_to(root).parent.parts)
    yield from _imports_of(file.read_text(encoding="utf-8"), package, typing)


@cache
def _imports_of(text: str, package: str, typing: bool) -> tuple[Import, ...]:  # many tests ask it of all files
    return tuple(_imports(ast.parse(text), package, at_module_level=True, typing=typing))


def _imports(node: ast.AST, package: str, *, at_module_level: bool, typing: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        for module in _modules(child, package):
            yield Import(module, child.lineno, at_module_level)
        if not typing and isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            child = ast.Module(body=child.orelse, type_ignores=[])
        inside = at_module_level and not isinstance(child, FUNCTIONS)
        yield from _imports(child, package, at_module_level=inside, typing=typing)


def _modules(node: ast.AST, package: str) -> list[str]:
    """The modules that this one statement or call names, absolute."""
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            parents = package.split(".")[: len(package.split(".")) - level + 1] if level else []
            base = ".".join([*parents, *([module] if module else [])])
            return [base, *(f"{base}.{alias.name}" for alias in names)]
        case ast.Call(func=ast.Name(id="import_module" | "__import__"), args=[ast.Constant(value=str(name)), *_]):
            return [name]
    return []


def file_of(module: str) -> Path | None:
    """The file of one of our modules, None for a name that is no module of ours."""
    base = ROOT.joinpath(*module.split("."))
    return next((file for file in (base.with_suffix(".py"), base / "__init__.py") if file.is_file()), None)


def loaded_by(*modules: str) -> set[Path]:
    """Our files that importing these modules loads, found by following imports at module level."""
    seen: set[Path] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        file = file_of(module)
        if file is None or file in seen:
            continue
        seen.add(file)
        waiting += [found.module for found in imports_of(file) if found.at_module_level]
        waiting += [module.rpartition(".")[0]] if "." in module else []
    return seen


def calls_of(file: Path) -> tuple[str, ...]:
    """Every call in the file, as source."""
    return _calls_of(file.read_text(encoding="utf-8"))


@cache
def _calls_of(text: str) -> tuple[str, ...]:
    return tuple(ast.unparse(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))


def functions_of(file: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(parse(file)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
