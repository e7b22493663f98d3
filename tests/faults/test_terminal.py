"""Fault 158: words of a plugin, a file or a library that a terminal would obey, on every way to it."""

from __future__ import annotations

import ast
import io
from types import SimpleNamespace

import pytest

from harness.cli import main
from harness.runs.console import Screen
from results.records import Failure
from tests.results.samples import record
from tests.source import PACKAGES, ROOT, files, parse
from zoo.errors import ZooError

# Clears the screen, sets the title, hides the text, moves the cursor up, by 7 and by 8 bits; a bidirectional override.
EVIL = "x\x1b[2J\x1b]0;title\x07\x1b[8my\x1b[1A\x9b31m\u202ez\rw\nerror: forged\x00"
# What has been made harmless, or can hold nothing else: names are checked as they are declared.
SAFE = ("harmless(", "plain(", "json.dumps(", "fit_for(", ".text(as_json", "'\\n'.join(specs)")

PLUGIN = f"""
import zoo
EVIL = {EVIL!r}

def build(task):
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(task.channels * task.image_size**2, task.num_classes))

@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name="mine/a", build=build, summary=EVIL, family=EVIL, tags=frozenset([EVIL]))

@zoo.hookimpl
def zoo_datasets():
    yield zoo.DatasetSpec(name="d", open=build, num_classes=1, summary=EVIL)
"""


def commands_in(text):
    return {char for char in text if not char.isprintable()} - {"\n"}


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.mark.fault(146)
@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_146_live_lines_obey_no_plugin(stream):
    screen = Screen(stream=stream())
    item = SimpleNamespace(label=EVIL, trial=SimpleNamespace(train=SimpleNamespace(epochs=1)))
    screen.epoch(
        item, {"epoch": 0, "train_loss": 0, "eval_loss": 0, "eval_top1": 0, "train_seconds": 0, "eval_seconds": 0}
    )
    screen.trial(item, record(status="failed", error=Failure(phase="build", cause=EVIL)))
    screen.line(f"note: {EVIL}")
    said = screen.stream.getvalue()
    assert said.count("\n") == (3 if stream is io.StringIO else 2)
    assert commands_in(said.replace("\r\x1b[2K", "")) == set()


@pytest.mark.fault(146)
@pytest.mark.parametrize("arguments", [[], ["--debug"]])
def test_146_errors_obey_nobody(monkeypatch, capsys, arguments):
    def refuse(given):
        raise ZooError(EVIL, EVIL)

    monkeypatch.setattr(main, "_dispatch", refuse)
    assert main.main(arguments) == 3
    assert commands_in(capsys.readouterr().err) == set()


@pytest.mark.fault(146)
@pytest.mark.parametrize("command", [["list"], ["list", "--datasets"], ["plugins"], ["info", "mine/a"]])
def test_146_listings_obey_no_plugin(tmp_path, capsys, command):
    (tmp_path / "good.py").write_text(PLUGIN)
    (tmp_path / "bad.py").write_text(f"raise OSError({EVIL!r})")
    assert main.main(["-p", str(tmp_path / "good.py"), "-p", str(tmp_path / "bad.py"), *command]) == 0
    said = capsys.readouterr()
    assert "OSError" in said.out + said.err or command[0] == "info"
    assert commands_in((said.out + said.err).replace("\t", "")) == set()
    assert "\nerror: forged" not in said.out + said.err


@pytest.mark.fault(146)
@pytest.mark.parametrize("package", PACKAGES)
def test_146_whatever_is_printed_was_made_harmless(package):
    """So that a new command does not forget it."""
    prints = [
        (file, node.args[0])
        for file in files(package)
        for node in ast.walk(parse(file))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "print" and node.args
    ]
    raw = [(file, ast.unparse(text)) for file, text in prints if not isinstance(text, ast.Constant)]
    unsafe = [f"{file.relative_to(ROOT)}: {text}" for file, text in raw if not any(way in text for way in SAFE)]
    assert unsafe == []
