"""Loggers by name: unknown ones, and ones whose library is missing, are said before anything trains."""

from __future__ import annotations

import pytest

import zoo
from harness.cli.main import main
from harness.runs.loggers import choice
from tests.zoo.test_discovery import collected, plugin
from zoo.errors import ZooError

SPEC = zoo.LoggerSpec(name="mine/log", open="x:y", requires=("json", "no_such_module"))


def chosen(*names, spec=SPEC):
    return choice.chosen(names, collected(("mine", lambda: plugin(zoo_loggers=lambda: [spec]))))


def test_a_logger_is_chosen_with_its_owner_and_its_folder():
    (one,) = chosen("mine/log", spec=zoo.LoggerSpec(name="mine/log", open="x:y", requires=("json",)))
    assert (one.name, one.owner, one.source, one.folder) == ("mine/log", "mine", "test: mine", "logs/mine--log")


@pytest.mark.parametrize(("install", "remedy"), [("", "no_such_module"), ("my-log[all]", "'my-log[all]'")])
def test_what_a_logger_lacks_is_said_with_how_to_get_it(install, remedy):
    spec = zoo.LoggerSpec(name="mine/log", open="x:y", requires=("json", "no_such_module"), install=install)
    with pytest.raises(ZooError, match="the logger mine/log needs no_such_module, which is not installed") as raised:
        chosen("mine/log", spec=spec)
    assert (raised.value.remedy, raised.value.exit_code) == (f"pip install {remedy}", 3)


def test_none_stands_for_no_logger():
    assert chosen("none") == ()


def test_an_unknown_logger_ends_a_run_before_it_begins(tmp_path, capsys):
    assert main(["run", "--logger", "tensorbord", "--output", str(tmp_path / "runs")]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: unknown logger 'tensorbord'. Did you mean tensorboard?",
        "  list them: harness list --loggers",
    ]
    assert not (tmp_path / "runs").exists()


def test_a_missing_library_ends_a_run_before_it_begins(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(choice, "find_spec", lambda name: None)
    assert main(["run", "--logger", "tensorboard", "--output", str(tmp_path / "runs")]) == 3
    assert capsys.readouterr().err.splitlines() == [
        "error: the logger tensorboard needs tensorboard, which is not installed",
        "  pip install 'zoo-harness[tensorboard]'",
    ]
    assert not (tmp_path / "runs").exists()
