"""A plugin's file imports what lies beside it, and only that."""

from __future__ import annotations

import sys

import pytest

import zoo
from zoo.discovery import discover
from zoo.manager.neighbours import import_file, import_named
from zoo.specs import resolve

PLUGIN = """
import zoo
import parts.sizes
from layers import WIDTH
from parts import sizes as same, deep

@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name=f"mine/{WIDTH}", build=build)

def build(task):
    import later  # by then other plugins have been loaded
    return WIDTH, later.FOLDER, parts.sizes.NUM, same.NUM, deep.SUM
"""


def plugin_folder(folder, width, text=PLUGIN):
    """A plugin with a module and a package beside it, which import each other."""
    (folder / "parts").mkdir(parents=True)
    (folder / "net.py").write_text(text)
    (folder / "layers.py").write_text(f"from parts.sizes import NUM\nWIDTH = {width} + NUM")
    (folder / "later.py").write_text(f"FOLDER = {folder.name!r}")
    (folder / "parts" / "__init__.py").write_text("")
    (folder / "parts" / "sizes.py").write_text("NUM = 0")
    (folder / "parts" / "deep.py").write_text("import layers\nfrom . import sizes\nSUM = layers.WIDTH + sizes.NUM")
    return folder / "net.py"


@pytest.mark.fault(145)
def test_145_plugins_of_two_folders_have_each_its_own_neighbours(tmp_path):
    files = [str(plugin_folder(tmp_path / name, width)) for name, width in (("a", 1), ("b", 2))]
    before = list(sys.path)
    models = discover(files, environment={}).models
    assert [models[f"mine/{width}"][0].build(None) for width in (1, 2)] == [(1, "a", 0, 0, 1), (2, "b", 0, 0, 2)]
    assert sys.path == before
    assert not {"layers", "later", "parts"} & set(sys.modules)


@pytest.mark.fault(145)
@pytest.mark.parametrize("target", ["net:build", "parts.sizes:build"])
def test_145_a_function_may_be_named_by_the_module_beside(tmp_path, target):
    text = f"import zoo\n@zoo.hookimpl\ndef zoo_models():\n    yield zoo.ModelSpec(name='mine/a', build={target!r})\n"
    file = plugin_folder(tmp_path, 1, text + "def build(task):\n    return 'built'\n")
    (tmp_path / "parts" / "sizes.py").write_text("def build(task):\n    return 'built'\n")
    spec = discover([str(file)], environment={}).models["mine/a"][0]
    assert resolve(spec.build)(None) == "built"


@pytest.mark.fault(145)
def test_145_libraries_and_our_packages_are_no_neighbours(tmp_path):
    for name in ("zoo", "torch", "random", "results"):
        (tmp_path / f"{name}.py").write_text("raise OSError('a neighbour')")
    (tmp_path / "pytest").mkdir()
    (tmp_path / "net.py").write_text("import pytest, random, results, zoo\nfrom importlib.util import find_spec")
    module = import_file(tmp_path / "net.py")
    assert (module.zoo, module.random, module.pytest) == (zoo, sys.modules["random"], pytest)


def test_a_second_import_reads_what_was_edited(tmp_path):
    file = plugin_folder(tmp_path, 1)
    assert import_file(file).WIDTH == 1
    (tmp_path / "layers.py").write_text("WIDTH = 1_000_000")
    assert import_file(file).WIDTH == 1_000_000


def test_two_plugins_of_one_folder_share_what_they_import(tmp_path):
    first = plugin_folder(tmp_path, 1, "import layers")
    (tmp_path / "other.py").write_text("import layers")
    assert import_file(first).layers is import_file(tmp_path / "other.py").layers


def test_what_is_nowhere_keeps_its_own_message(tmp_path):
    (tmp_path / "net.py").write_text("import nowhere_at_all")
    with pytest.raises(ModuleNotFoundError, match="No module named 'nowhere_at_all'"):
        import_file(tmp_path / "net.py")
    with pytest.raises(ModuleNotFoundError, match="No module named 'nowhere_at_all'"):
        import_named("nowhere_at_all.net")


def test_a_module_of_the_current_folder_is_found_by_its_name(tmp_path, monkeypatch):
    plugin_folder(tmp_path / "mine", 3)
    (tmp_path / "mine" / "net.py").write_text("from mine.sub import NUM")
    (tmp_path / "mine" / "sub.py").write_text("NUM = 4")
    monkeypatch.chdir(tmp_path)
    assert import_named("mine.net").NUM == 4
    assert "mine" not in sys.modules


def test_dataclasses_names_and_file_names_are_as_usual(tmp_path):
    (tmp_path / "my-net.v2.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom typing import ClassVar\n"
        "@dataclass(slots=True)\nclass A:\n    b: ClassVar[int] = 1\n    c: int = 2\nprint(len([A()]), A())"
    )
    assert import_file(tmp_path / "my-net.v2.py").A().c == 2
