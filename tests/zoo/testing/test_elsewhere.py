"""The process that builds a plugin's models without knowing this one: one for all of them, and gone with who asks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from zoo.errors import ZooError
from zoo.manager.memory_limit import taken
from zoo.specs import Task
from zoo.testing import elsewhere
from zoo.testing.elsewhere import FreshProcess, Question

PLUGIN = """
import os, sys, zoo

def net(task):
    from torch import nn
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * task.image_size ** 2, task.num_classes))

def crash(task):
    print("about to crash", file=sys.stderr, flush=True)
    os.abort()

def large(task):
    from torch import nn
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * task.image_size ** 2, 2**18), nn.Linear(2**18, task.num_classes))

def broken(task):
    raise ValueError("no such net")

@zoo.hookimpl
def zoo_models():
    for build in (net, crash, large, broken):
        yield zoo.ModelSpec(name=f"mine/{build.__name__}", build=build)
"""
PARENT = """
import sys
from zoo.testing.elsewhere import FreshProcess

process = FreshProcess(sys.argv[1], sys.argv[2:])
print(process.folder, flush=True)
input()
"""
LIMITED = """
import sys
from zoo.manager.memory_limit import limit_further
from zoo.specs import Task
from zoo.testing.elsewhere import FreshProcess

process = FreshProcess(sys.argv[1], sys.argv[2:])
process.folder
limit_further(300 * 2**20)
print(process.ask("mine/large", Task(num_classes=3, image_size=8, channels=3)).answer()["problem"])
"""
TASK = Task(num_classes=3, image_size=8, channels=3)

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    path = tmp_path_factory.mktemp("elsewhere") / "mine.py"
    path.write_text(PLUGIN)
    return path


def test_one_process_answers_for_all_models_of_a_plugin_and_outlives_a_crash(plugin, monkeypatch):
    started = []

    class Counted(subprocess.Popen):
        def __init__(self, *arguments, **keywords):
            started.append(self)
            super().__init__(*arguments, **keywords)

    monkeypatch.setattr(elsewhere.subprocess, "Popen", Counted)
    process = FreshProcess(f"file: {plugin}", [str(plugin)])
    assert started == []  # nobody has asked
    with pytest.raises(ZooError, match="a process of its own says nothing"):
        process.ask("mine/crash", TASK).answer()
    broken, net = (one.answer() for one in (process.ask("mine/broken", TASK), process.ask("mine/net", TASK)))
    assert (broken["digest"], broken["problem"][:9]) == ("", "ZooError:")
    assert "no such net" in broken["problem"]
    assert (len(net["digest"]), net["problem"], net["heavy"], net["asked"]) == (64, "", [], [])
    assert process.ask("mine/net", TASK).answer() == net
    assert len(started) == 1
    folder = Path(process.folder)
    del process
    assert started[0].returncode is not None
    assert not folder.exists()


@pytest.mark.skipif(taken() is None, reason="memory is limited on Linux only")
def test_it_may_take_half_of_what_its_asker_may(plugin):
    words = [sys.executable, "-c", LIMITED, f"file: {plugin}", str(plugin)]  # its model takes 195 MiB
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert "memory" in done.stdout, done.stderr


def test_it_ends_where_its_parent_is_killed(plugin):
    words = [sys.executable, "-c", PARENT, f"file: {plugin}", str(plugin)]
    parent = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with parent:
        folder = parent.stdout.readline().strip()
        assert Question(folder, "mine/net", TASK).answer()["problem"] == ""
        os.kill(parent.pid, signal.SIGKILL)
    deadline = monotonic() + 60
    while processes_with(folder):
        assert monotonic() < deadline
        sleep(0.05)


def processes_with(word):
    """The processes whose command line has the word."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [process] if word.encode() in process.read_bytes() else []
        except OSError:  # it has ended
            continue
    return found
