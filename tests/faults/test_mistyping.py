"""Faults 48-51 once more: what is mistyped is refused by the command's own parser, and output may have no reader."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from harness.cli import main
from tests.source import ROOT


@pytest.fixture
def refused(capsys, monkeypatch):
    """Runs a command that must be refused before anything heavy is loaded; returns its exit code and its lines."""
    monkeypatch.setitem(sys.modules, "harness.runs.start", None)
    monkeypatch.setitem(sys.modules, "harness.machine.devices", None)

    def run(*arguments):
        code = main.main(list(arguments))
        return code, *[line.strip() for line in capsys.readouterr().err.splitlines()]

    return run


@pytest.mark.fault(48)
@pytest.mark.parametrize("command", ["run", "time", "selftest"])
@pytest.mark.parametrize(
    ("device", "hint"), [("gpu", " Did you mean cuda?"), ("metal", " Did you mean mps?"), ("", "")]
)
def test_48_what_is_no_device_is_refused_before_torch_is_loaded(refused, command, device, hint):
    code, cause, remedy = refused(command, f"--device={device}")
    assert (code, cause) == (2, f"error: --device {device}: no such kind of device.{hint}")
    assert remedy.startswith("use auto, cpu, cuda")


@pytest.mark.fault(49)
@pytest.mark.parametrize(("option", "limit"), [("--seeds", 1000), ("--num-threads", 1024), ("--workers", 1024)])
def test_49_numbers_that_would_end_the_process_are_refused(refused, option, limit):
    said = refused("run", option, "1000000000")
    assert said[:2] == (2, f"error: argument {option}: 1000000000 is out of range: from 1 to {limit}")


@pytest.mark.fault(50)
@pytest.mark.parametrize(
    ("arguments", "guess", "command"),
    [
        (["rum"], "run", "harness"),
        (["run", "--opt", "aadamw"], "adamw", "harness run"),
        (["run", "--batch_size", "3"], "--batch-size", "harness run"),
        (["list", "--weigths"], "--weights", "harness list"),
    ],
)
def test_50_what_was_meant_is_guessed_and_the_commands_own_help_named(refused, arguments, guess, command):
    code, cause, remedy = refused(*arguments)
    assert (code, remedy) == (2, f"see: {command} --help")
    assert cause.endswith(f". Did you mean {guess}?")


@pytest.mark.fault(50)
def test_50_a_plugin_named_after_the_command_is_told_its_place(refused):
    said = refused("run", "-p", "mine.py", "--plugins", "mine/net")
    assert said == (
        2,
        "error: unrecognized arguments: -p mine.py",
        "-p comes before the command: harness -p PLUGIN run ...",
    )


@pytest.mark.fault(51)
@pytest.mark.parametrize(
    ("redirection", "code", "told"),
    [
        (">&-", 0, ""),
        ("2>&-", 0, ""),
        (">/dev/full", 4, "error: the output cannot be written: No space left on device"),
    ],
)
def test_51_output_without_a_place_ends_quietly_or_with_a_line(redirection, code, told):
    command = f"{sys.executable} -m harness list mlp {redirection}"
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr.partition("\n")[0]) == (code, told)


@pytest.mark.fault(51)
def test_51_a_reader_that_is_gone_before_the_first_line_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "harness", "list"]
    done = subprocess.run(command, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, timeout=30)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")
