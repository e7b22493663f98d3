from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from importlib import import_module
from types import SimpleNamespace

import pytest

from harness.cli.commands import doctor as command
from harness.cli.commands.doctor import allocator, libraries, system
from harness.cli.commands.doctor.line import Line
from harness.cli.commands.doctor.loading import loading_speed
from zoo.manager.plugin_info import PluginInfo

ZOO = SimpleNamespace(plugins=(PluginInfo(name="good", source="x", status="ok"),), models={"a": 1})


@pytest.mark.once
def test_a_healthy_machine_is_described_topic_by_topic(tmp_path):
    lines = {line.topic: line for line in command.examine(tmp_path, ZOO)}
    assert {
        "python",
        "torch",
        "memory",
        "disk",
        "clock",
        "governor",
        "load",
        "plugins",
        "cpu",
        "loading",
        "allocator",
    } <= set(lines)
    assert lines["plugins"].found == "1 of 1 work, 1 models"
    assert lines["disk"].problem == ""


def test_problems_stand_below_their_topic_and_json_has_the_same(monkeypatch, capsys, tmp_path):
    lines = [Line(topic="clock", found="fine"), Line(topic="load", found="9", problem="busy")]
    monkeypatch.setattr(command, "examine", lambda output, zoo: iter(lines))
    assert command.execute(argparse.Namespace(output=tmp_path, json=False), ZOO) == 0
    assert capsys.readouterr().out == "clock  fine\nload   9\n       ! busy\n"
    command.execute(argparse.Namespace(output=tmp_path, json=True), ZOO)
    assert json.loads(capsys.readouterr().out)[1] == {"topic": "load", "found": "9", "problem": "busy"}


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (
            "[100.0, 40.0]",
            "a step of large convolutions takes 0.40 of its time where freed memory is kept: MALLOC_TRIM_",
        ),
        ("[100.0, 97.0]", "keeping freed memory brings nothing here"),
        ("nonsense", "what keeping freed memory would bring could not be measured"),
    ],
)
def test_what_the_allocator_would_bring_is_one_line(monkeypatch, said, found):
    monkeypatch.setattr(allocator, "allocator", lambda: "glibc default")
    monkeypatch.setattr(allocator.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=said))
    assert allocator.lever().found.startswith(f"glibc default; {found}")
    monkeypatch.setattr(allocator, "allocator", lambda: "jemalloc")
    assert allocator.lever() == Line(topic="allocator", found="jemalloc")


@pytest.mark.once
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the lever is glibc's")
def test_the_allocators_probe_prints_two_times():
    script = "from harness.cli.commands.doctor import allocator\nallocator.STEPS = 1\nallocator.probe()"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert [type(value) for value in json.loads(said)] == [float, float]


def test_broken_plugins_are_named():
    broken = PluginInfo(name="bad", source="bad.py", status="failed", detail="import: SyntaxError")
    line = command.plugins(SimpleNamespace(plugins=(*ZOO.plugins, broken), models={}))
    assert line.found == "1 of 2 work, 0 models"
    assert line.problem == "bad: import: SyntaxError"


def test_torch_and_torchvision_that_do_not_fit_are_told_with_the_repair(monkeypatch, capsys, tmp_path):
    def importing(name):
        if name == "torchvision":
            raise RuntimeError("operator torchvision::nms does not exist")
        return import_module(name)

    monkeypatch.setattr(libraries, "import_module", importing)
    assert command.execute(argparse.Namespace(output=tmp_path, json=False), ZOO) == 3
    out = capsys.readouterr().out
    assert "operator torchvision::nms does not exist; reinstall both together" in out
    assert "loading" not in out


def test_a_package_that_is_absent_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(libraries, "PACKAGES", ("no-such-package",))
    (_, line) = libraries.versions()
    assert line == Line(topic="no-such-package", found="not installed", problem="pip install no-such-package")


@pytest.mark.parametrize(("average", "busy"), [(0.1, False), (1.5, True), (None, False)])
def test_other_programs_are_a_problem(average, busy):
    assert bool(system.current_load(average, 2).problem) is busy


@pytest.mark.parametrize(("text", "problem"), [("performance", False), ("powersave", True)])
def test_a_governor_that_varies_the_frequency_is_a_problem(tmp_path, text, problem):
    core = tmp_path / "cpu0" / "cpufreq"
    core.mkdir(parents=True)
    (core / "scaling_governor").write_text(f"{text}\n")
    line = system.governor(tmp_path)
    assert (line.found, bool(line.problem)) == (text, problem)


@pytest.mark.fault(148)
@pytest.mark.parametrize(
    ("quota", "said", "problem"),
    [
        (None, ", 8 cores, AVX2, 2 threads", ""),
        (2.5, ", 2 cores (a quota gives the time of 2.5 of 8), AVX2, ", "quota"),
    ],
)
def test_148_the_quota_of_a_container_is_told(monkeypatch, quota, said, problem):
    monkeypatch.setattr("harness.machine.system.cpu_quota", lambda: quota)
    monkeypatch.setattr("harness.machine.control_group.cpu_quota", lambda: quota)
    monkeypatch.setattr("harness.machine.system.visible_cpus", lambda: 8)
    monkeypatch.setattr("harness.machine.threads.default_threads", lambda: 2)
    line = libraries.cpu("AVX2")
    assert said in line.found
    assert (problem in line.problem, bool(line.problem)) == (True, bool(problem))


def test_a_slow_clock_source_is_a_problem(monkeypatch, tmp_path):
    source = tmp_path / "current_clocksource"
    source.write_text("hpet\n")
    monkeypatch.setattr(system, "CLOCK_SOURCE", source)
    assert "hpet is slow" in system.clock().problem


def test_little_memory_is_a_problem(monkeypatch, tmp_path):
    (tmp_path / "meminfo").write_text("MemTotal:  8388608 kB\nMemAvailable:  1048576 kB\n")
    monkeypatch.setattr("harness.machine.system.PROC", tmp_path)
    line = system.memory()
    assert line.found == "1.0 of 8.0 GiB free"
    assert line.problem


def test_a_folder_that_does_not_exist_yet_is_judged_by_its_parent(tmp_path):
    assert system.disk(tmp_path / "not" / "yet").problem == ""


def test_loading_is_timed():
    rate = float(loading_speed().found.split()[0])
    assert rate > 1
