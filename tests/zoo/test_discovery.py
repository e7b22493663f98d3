"""Each plugin is loaded and called by itself: a bad one costs only its own models."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

import zoo
from zoo.discovery import collect, discover
from zoo.errors import ZooError
from zoo.manager import loading
from zoo.manager.loading import Candidate, Requests, only, read_requests


def plugin(**functions):
    module = ModuleType("fake")
    for name, function in functions.items():
        setattr(module, name, zoo.hookimpl(function))
    return module


def offering(*names):
    return plugin(zoo_models=lambda: [zoo.ModelSpec(name=name, build=lambda task: None) for name in names])


def collected(*pairs, blocked=()):
    sources = [Candidate(name=n, source=f"test: {n}", load=load) for n, load in pairs]
    return collect(lambda requests: sources, Requests(blocked=dict.fromkeys(blocked, "the test")))


def status(loaded, name):
    info = loaded.plugin(name)
    return info.status, info.detail


def raising(error):
    def load():
        raise error

    return load


def test_a_plugin_that_fails_to_import_costs_only_itself():
    loaded = collected(("bad", raising(ImportError("no module\nnamed x"))), ("good", lambda: offering("mine/a")))
    assert status(loaded, "bad") == ("failed", "import: ImportError: no module named x")
    assert list(loaded.models) == ["mine/a"]


def test_one_plugin_is_found_by_its_source_and_packages_are_looked_through_for_theirs_alone(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text("")
    asked = Requests(extra=(str(tmp_path / "mine.py"),))
    package = Candidate(name="theirs", source="installed: acme 1.0", load=lambda: None)
    looked = []
    monkeypatch.setattr(loading, "installed", lambda: looked.append(True) or iter([package]))
    wanted = [("timm_models", "shipped"), ("mine", f"file: {tmp_path / 'mine.py'}"), ("theirs", package.source)]
    found = [[one.name for one in only(*plugin)(asked)] for plugin in wanted]
    assert found == [[name] for name, _ in wanted]
    assert looked == [True]


def test_loggers_are_declared_like_models_and_the_first_owner_keeps_a_name():
    first, second = ([zoo.LoggerSpec(name="log", open="x:y", summary=name)] for name in "ab")
    loaded = collected(
        ("one", lambda: plugin(zoo_loggers=lambda: first)), ("two", lambda: plugin(zoo_loggers=lambda: second))
    )
    assert loaded.logger("log") == (first[0], "one")
    assert [loaded.plugin(name).loggers for name in ("one", "two")] == [1, 0]
    assert status(loaded, "two") == ("conflict", "log is owned by one")
    with pytest.raises(ZooError, match=r"unknown logger 'lag'\. Did you mean log\?"):
        loaded.logger("lag")


def test_a_plugin_that_exits_as_it_is_imported_costs_only_itself():
    loaded = collected(("bad", raising(SystemExit(3))), ("good", lambda: offering("mine/a")))
    assert status(loaded, "bad") == ("failed", "import: SystemExit: 3")
    assert list(loaded.models) == ["mine/a"]


def test_a_hook_that_raises_halfway_costs_all_models_of_its_plugin_and_no_others():
    def half():
        yield zoo.ModelSpec(name="half/a", build=lambda task: None)
        raise RuntimeError("second one")

    loaded = collected(("half", lambda: plugin(zoo_models=half)), ("good", lambda: offering("mine/a")))
    assert status(loaded, "half") == ("failed", "zoo_models: RuntimeError: second one")
    assert list(loaded.models) == ["mine/a"]


def test_a_misspelt_hook_is_reported_with_the_right_name():
    loaded = collected(("typo", lambda: plugin(zoo_model=lambda: ())))
    assert status(loaded, "typo") == ("failed", "unknown hook 'zoo_model'. Did you mean zoo_models?")


def test_the_first_owner_keeps_a_name_and_the_second_is_reported():
    loaded = collected(("one", lambda: offering("x", "y")), ("two", lambda: offering("y", "z")))
    assert {name: owner for name, (_, owner) in loaded.models.items()} == {"x": "one", "y": "one", "z": "two"}
    assert status(loaded, "two") == ("conflict", "y is owned by one")


def test_two_plugins_of_one_name_both_load():
    loaded = collected(("same", lambda: offering("a")), ("same", lambda: offering("b")))
    assert list(loaded.models) == ["a", "b"]


def test_what_is_no_spec_or_has_no_proper_name_is_refused():
    loaded = collected(("kind", lambda: plugin(zoo_models=lambda: ["resnet"])), ("path", lambda: offering("../../x")))
    assert status(loaded, "kind") == ("failed", "zoo_models: declares str where a ModelSpec is wanted")
    assert "cannot be a name" in loaded.plugin("path").detail


def test_a_blocked_plugin_is_never_imported():
    loaded = collected(("bad", raising(AssertionError("was imported"))), blocked=["bad"])
    assert loaded.plugin("bad").status == "blocked"


def test_requests_come_from_arguments_and_from_the_environment_with_absolute_paths_and_once_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    environment = {"ZOO_PLUGINS": "a.py:b.c", "ZOO_BLOCK_PLUGINS": "timm_models"}
    requests = read_requests(["d.py", "no:mlp", "./a.py", "b.c"], environment)
    extra = (f"{tmp_path}/a.py", "b.c", f"{tmp_path}/d.py")
    assert requests == Requests(extra=extra, blocked={"mlp": "-p no:mlp", "timm_models": "ZOO_BLOCK_PLUGINS"})
    assert read_requests(requests.words, {}).words == requests.words


def test_a_plugin_file_is_found_and_shipped_plugins_stay(tmp_path):
    file = tmp_path / "my_net.py"
    file.write_text(
        "import zoo\n@zoo.hookimpl\ndef zoo_models():\n    yield zoo.ModelSpec(name='mine/net', build='x:y')\n"
    )
    loaded = discover([str(file)], environment={})
    assert loaded.models["mine/net"][1] == "my_net"
    assert loaded.plugin("my_net").source == f"file: {file}"
    assert "fc_model" in loaded.models


def test_discovery_imports_no_blocked_shipped_plugin(monkeypatch):
    monkeypatch.delitem(sys.modules, "plugins.mlp", raising=False)
    discover(["no:mlp"], environment={})
    assert "plugins.mlp" not in sys.modules


def test_a_failing_trial_done_hook_is_reported_and_the_others_run():
    seen = []

    def broken(event):
        raise OSError("disk")

    loaded = collected(
        ("bad", lambda: plugin(zoo_trial_done=broken)),
        ("good", lambda: plugin(zoo_trial_done=lambda event: seen.append(event))),
    )
    assert loaded.trial_done("the event") == ["plugin bad: zoo_trial_done: OSError: disk"]
    assert seen == ["the event"]
