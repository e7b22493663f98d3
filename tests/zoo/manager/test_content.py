"""A plugin is known by its file and by what it imports beside it; libraries have versions."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from zoo.discovery import discover
from zoo.manager.content import changed_files, content_of

NET = "import zoo\n@zoo.hookimpl\ndef zoo_models():\n    yield zoo.ModelSpec(name='mine/net', build={build})\n"


def written(folder, **files):
    """Files of that text; of a name in two parts, the first is the package's, and `init` is its `__init__`."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/').replace('/init', '/__init__')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def content(folder, build="lambda task: None", more=""):
    written(folder, net=f"{more}\n{NET.format(build=build)}")
    return discover([str(folder / "net.py")], environment={}).content("net")


@pytest.mark.parametrize(
    ("imported", "files"),
    [
        ("", {"net.py"}),
        ("import os, pluggy", {"net.py"}),
        ("def build(task):\n    import layers", {"net.py", "layers.py", "blocks.py"}),
        ("def build(task):\n    from layers import Net", {"net.py", "layers.py", "blocks.py"}),
        ("def build(task):\n    from parts import one", {"net.py", "parts/__init__.py", "parts/one.py", "blocks.py"}),
        ("def build(task):\n    import parts.two.deep", {"net.py", "parts/__init__.py", "parts/two/deep.py"}),
        ("def build(task):\n    from missing import Net", {"net.py"}),
    ],
)
def test_what_a_plugin_imports_from_its_own_folder_belongs_to_it_wherever_that_is_written(tmp_path, imported, files):
    written(tmp_path, layers="from blocks import Block", blocks="import net", unrelated="", os="", parts__init="")
    written(tmp_path, parts__one="import blocks", parts__two__deep="")
    found = content(tmp_path, more=imported)
    assert found.keys() - {"os.py"} == files
    assert all(len(digest) == 64 for digest in found.values())


def test_a_changed_neighbour_is_named_and_so_is_one_that_came_or_went(tmp_path):
    written(tmp_path, layers="width = 8")
    importing = "def build(task):\n    import layers\n    import depth"
    before = content(tmp_path, more=importing)
    written(tmp_path, layers="width = 9", depth="")
    assert changed_files(before, content(tmp_path, more=importing)) == ["depth.py", "layers.py"]
    assert changed_files(before, before) == []


def test_the_module_that_builds_is_part_of_it_without_being_imported(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    written(tmp_path, mypackage__init="raise RuntimeError", mypackage__nets="from . import parts")
    written(tmp_path, mypackage__parts="")
    found = content(tmp_path, build="'mypackage.nets:build'")
    assert found.keys() == {"net.py", "mypackage/__init__.py", "mypackage/nets.py", "mypackage/parts.py"}
    assert "mypackage" not in sys.modules


def test_a_package_is_followed_within_itself_and_a_library_that_builds_is_not(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    written(tmp_path, mynets__init="", mynets__hooks="import beside\nfrom . import core", beside="")
    written(tmp_path, mynets__core="import mynets.extra", mynets__extra="")
    import mynets.hooks  # type: ignore[import-not-found]  # as discovery does with -p mynets.hooks

    found = content_of(mynets.hooks, ["pluggy:PluginManager"])
    assert found.keys() == {"mynets/hooks.py", "mynets/core.py", "mynets/extra.py", "mynets/__init__.py"}


def test_a_shipped_plugin_is_its_file_and_its_package():
    assert discover(environment={}).content("mlp").keys() == {"plugins/__init__.py", "plugins/mlp.py"}


def test_what_has_no_file_has_no_content():
    assert content_of(ModuleType("made up")) == {}
