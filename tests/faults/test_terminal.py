"""Fault 158: words of a plugin, a file or a library that a terminal would obey, on every way to it."""

from __future__ import annotations

import ast
import io
import re

import pytest

from harness.cli import main
from harness.runs.console.events import Phase, Stage, Stopped
from harness.runs.console.live import LiveScreen
from harness.runs.console.screen import JsonScreen, PlainScreen
from tests.harness.runs.console import samples
from tests.source import PACKAGES, ROOT, files, parse
from zoo.errors import ZooError

# Clears the screen, sets the title, hides the text, moves the cursor up, by 7 and by 8 bits; a bidirectional override.
EVIL = "x\x1b[2J\x1b]0;title\x07\x1b[8my\x1b[1A\x9b31m\u202ez\rw\nerror: forged\x00"
# What has been made harmless, or can hold nothing else: names are checked as they are declared.
SAFE = ("harmless(", "plain(", "json.dumps(", "json_line(", "fit_for(", ".text(as_json", "'\\n'.join(specs)")

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


NET = {"model": EVIL, "seed": 1}
EVENTS = (
    samples.started(store=EVIL, dataset=EVIL),
    samples.trial_started(**NET),
    Stage(name=EVIL, detail=EVIL, total=2),
    Stage(name="a", line=f"  {EVIL}"),
    Phase(**NET, phase=EVIL),
    samples.epoch(**NET),
    samples.trial_ended("failed", **NET, phase=EVIL, cause=EVIL),
    Stopped(store=EVIL, resume=EVIL),
)


def commands_in(text):
    return {char for char in text if not char.isprintable()} - {"\n"}


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.mark.fault(146)
@pytest.mark.parametrize("kind", [PlainScreen, LiveScreen, JsonScreen])
def test_146_no_screen_obeys_a_plugin(kind):
    stream = Terminal()
    with kind(stream=stream) as screen:
        for event in EVENTS:
            screen.tell(event)
        screen.line(f"note: {EVIL}")
    said = stream.getvalue()
    for own in (
        r"\x1b\[[0-9;]*m",
        r"\x1b\[2K",
        r"\x1b\[1A",
        r"\x1b\[\?25h",
        r"\r",
    ):  # colours, and how bars are drawn over
        said = re.sub(own, "", said)
    assert commands_in(said) == set()
    assert not any(line.startswith("error: forged") for line in said.splitlines())


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
    code = main.main(["-p", str(tmp_path / "good.py"), "-p", str(tmp_path / "bad.py"), *command])
    assert code == (command == ["plugins"])  # which ends with 1 where one is broken
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
