"""The layer table of the project: who may import whom, and which libraries may be loaded when."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.cli.commands import COMMANDS, module_of
from tests.source import PACKAGES, ROOT, Import, files, imports_of, loaded_by


@dataclass(frozen=True)
class Layer:
    """What a package may import: of ours, of others at module level, and of others only inside functions."""

    ours: frozenset[str] = frozenset()
    at_module_level: frozenset[str] = frozenset()
    in_functions: frozenset[str] = frozenset()


LAYERS = {
    "zoo": Layer(
        at_module_level=frozenset({"pluggy"}),
        in_functions=frozenset({"torch", "safetensors", "huggingface_hub", "tqdm", "pytest"}),
    ),
    "plugins": Layer(
        ours=frozenset({"zoo"}),
        in_functions=frozenset({"torch", "torchvision", "timm", "sklearn", "tensorboard", "mlflow"}),
    ),
    "results": Layer(
        in_functions=frozenset(
            {"pandas", "tabulate", "numpy", "scipy", "sklearn", "jinja2", "plotly"} | {"matplotlib", "plotext", "PIL"}
        ),
    ),
    "harness": Layer(
        ours=frozenset({"zoo", "results"}),
        at_module_level=frozenset({"torch", "torchvision", "numpy", "PIL", "safetensors"}),
        in_functions=frozenset({"pandas", "pillow_heif", "ray", "rich", "sklearn"}),
    ),
}
# Fixtures are pytest's by nature; nothing of ours imports the file.
EXCEPTIONS = {("harness/timing/pytest_plugin.py", "pytest")}
# The command line imports every command by name, so each of them is start-up too.
START_UP = loaded_by("harness.__main__", "harness.cli.main", *map(module_of, COMMANDS))


def allowed(found: Import, package: str) -> bool:
    layer = LAYERS[package]
    if found.top == package or found.top in sys.stdlib_module_names:
        return True
    if found.top in LAYERS:
        return found.top in layer.ours
    return found.top in layer.at_module_level or (not found.at_module_level and found.top in layer.in_functions)


def breaches(file: Path, root: Path = ROOT) -> list[str]:
    name = file.relative_to(root)
    found = [found for found in imports_of(file, root) if (str(name), found.top) not in EXCEPTIONS]
    wrong = [one for one in found if not allowed(one, name.parts[0])]
    return [f"{name}:{one.line} imports {one.module}" for one in wrong]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_imports_only_what_its_layer_may(package):
    assert [line for file in files(package) for line in breaches(file)] == []


def test_only_the_command_line_knows_argparse():
    """Everything that a command does can be called from Python: what lies below takes plain data."""
    knowing = {file.relative_to(ROOT) for file in files(*PACKAGES) if "argparse" in file.read_text()}
    # The word alone: strangers' training scripts save their options under it.
    assert {str(file) for file in knowing if not file.is_relative_to("harness/cli")} == {"zoo/checkpoints/reading.py"}
    assert "argparse" not in {one.top for one in imports_of(ROOT / "zoo/checkpoints/reading.py")}
    assert Path("harness/cli/main.py") in knowing


def test_no_file_is_excused_from_the_rule_on_heavy_imports():
    assert [str(file) for file in files(*PACKAGES) if "noqa: TID253" in file.read_text()] == []


@pytest.mark.parametrize("file", sorted(START_UP), ids=lambda file: str(file.relative_to(ROOT)))
def test_what_start_up_loads_imports_only_light_libraries(file):
    heavy = {found.top for found in imports_of(file) if found.at_module_level} - {*PACKAGES, "pluggy"}
    assert heavy - set(sys.stdlib_module_names) == set()


def test_start_up_is_followed_beyond_the_first_file():
    names = {str(file.relative_to(ROOT)) for file in START_UP}
    assert {"harness/__main__.py", "harness/cli/main.py"} <= names


@pytest.mark.parametrize(
    ("file", "text", "found"),
    [
        ("zoo/a.py", "import torch", ["zoo/a.py:1 imports torch"]),
        ("zoo/a.py", "def f():\n    import torch", []),
        ("zoo/a.py", "class A:\n    import torch", ["zoo/a.py:2 imports torch"]),
        ("zoo/a.py", "if TYPE_CHECKING:\n    import torch\nelse:\n    import numpy", ["zoo/a.py:4 imports numpy"]),
        ("zoo/a.py", "def f():\n    import_module('harness')", ["zoo/a.py:2 imports harness"]),
        ("results/a.py", "from .b import c", []),
        ("plugins/a.py", "from zoo import specs", []),
        ("harness/a.py", "def f():\n    import plugins.timm", ["harness/a.py:2 imports plugins.timm"]),
    ],
)
def test_a_planted_import_is_judged_by_the_table(tmp_path, file, text, found):
    path = tmp_path / file
    path.parent.mkdir()
    path.write_text(text)
    assert breaches(path, tmp_path) == found
