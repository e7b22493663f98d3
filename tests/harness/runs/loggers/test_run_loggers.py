"""Whatever a logger does costs its own line: not the run, nor its time, nor the other loggers."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from harness.runs.loggers import run_loggers
from tests.harness.runs.loggers.paper_run import logged, loggers_of, new_store, row, trial, whole_trial

pytestmark = pytest.mark.once

PLANTED = """
import os, signal, sys, threading, time
import zoo

class Planted:
    def __init__(self, folder, run, step, harm):
        self.folder, self.step, self.harm = folder, step, harm
        self.reach("open")
    def epoch(self, event):
        self.reach("epoch")
    def trial(self, event):
        self.reach("trial")
        with (self.folder / "trials").open("a") as file:
            file.write(event.name + "\\n")
    def close(self):
        self.reach("close")
        (self.folder / "closed").touch()
    def reach(self, step):
        if step == self.step:
            self.harm()

def broken():
    raise OSError("disk\\nfull")

def interrupt():
    raise KeyboardInterrupt

HARMS = {
    "broken": broken, "leaving": lambda: sys.exit(3), "dying": lambda: os._exit(4), "hanging": lambda: time.sleep(1e6),
    "crashing": lambda: os.kill(os.getpid(), signal.SIGSEGV), "spinning": lambda: [0 for _ in iter(int, 1)],
    "talking": lambda: (print("to stdout"), os.write(1, b"to the file\\n"), print("to stderr", file=sys.stderr)),
    "interrupting": interrupt, "good": lambda: None,
    "leaking": lambda: threading.Thread(target=time.sleep, args=(1e6,)).start(),
}

@zoo.hookimpl
def zoo_loggers():
    for harm in HARMS:
        for step in ("open", "epoch", "trial", "close"):
            yield zoo.LoggerSpec(name=f"{step}/{harm}", open=opening(step, harm))

def opening(step, harm):
    return lambda folder, run: Planted(folder, run, step, HARMS[harm])
"""
NO_ANSWER = "no answer after 1 s, {} may be missing"
# What each says on the screen, and whether it was closed.
SAID = {
    "open/broken": "open: OSError: disk full (logs/open--broken.txt)",
    "epoch/broken": "epoch: OSError: disk full (logs/epoch--broken.txt)",
    "close/broken": "close: OSError: disk full (logs/close--broken.txt)",
    "epoch/leaving": "epoch: SystemExit: 3 (logs/epoch--leaving.txt)",
    "trial/interrupting": "trial: KeyboardInterrupt (logs/trial--interrupting.txt)",
    "trial/dying": "its process ended (exit 4)",
    "trial/crashing": "its process ended (exit -11)",
    "epoch/hanging": NO_ANSWER.format("5 events"),
    "trial/spinning": NO_ANSWER.format("3 events"),
    "close/hanging": NO_ANSWER.format("1 event"),
    "epoch/talking": "",
    "close/leaking": "",
    "open/good": "",
}


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """One run with all of them at once: its folder, what it said, and the numbers of its processes."""
    folder = tmp_path_factory.mktemp("planted")
    (folder / "planted.py").write_text(PLANTED)
    store = new_store(folder)
    # Five events: two epochs, a record, the same record again, and the end.
    _, deal = whole_trial(store, trial(), [row(0), row(1)])
    loggers, pids = loggers_of(folder / "planted.py", *SAID), []

    def look_and_repeat(loggers):
        pids.extend(process.child.pid for process in loggers.processes)
        loggers.record(trial(), 100)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_loggers, "CLOSE_LIMIT_S", 1.0)
        lines = logged(store, loggers, deal, look_and_repeat)
    return store.path, lines, pids


@pytest.mark.parametrize("name", SAID)
def test_a_logger_that_fails_or_hangs_costs_one_line(planted, name):
    _, lines, _ = planted
    said = [line.partition(" is off: ")[2] for line in lines if f"logger {name} is off" in line]
    assert [line.partition(" (logs")[0] for line in said] == [SAID[name].partition(" (logs")[0]] * bool(SAID[name])
    assert all(SAID[name] in line for line in said)


def test_what_is_well_is_logged_to_its_end_beside_what_is_not(planted):
    folder, _, _ = planted
    assert (folder / "logs/open--good/trials").read_text() == "net@s1\n"
    closed = {path.parent.name for path in folder.glob("logs/*/closed")}
    assert closed == {"epoch--talking", "close--leaking", "open--good"}


def test_what_a_logger_prints_is_kept_in_its_file_and_shown_to_nobody(planted, capfd):
    folder, lines, _ = planted
    said = (folder / "logs/epoch--talking.txt").read_text()
    assert [said.count(word) for word in ("to stdout", "to the file", "to stderr")] == [2, 2, 2]
    assert not any("to stdout" in line for line in lines)
    assert capfd.readouterr() == ("", "")


def test_no_process_is_left_of_a_run(planted):
    _, _, pids = planted
    assert len(pids) > 5
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def test_a_logger_that_hangs_as_it_is_opened_holds_the_run_no_longer_than_its_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(run_loggers, "OPEN_LIMIT_S", 3.0)
    (tmp_path / "planted.py").write_text(PLANTED)
    lines = logged(new_store(tmp_path), loggers_of(tmp_path / "planted.py", "open/hanging"))
    assert lines[-1] == "warning  logger open/hanging is off: open: no answer after 3 s"


def test_while_something_is_timed_a_logger_is_stopped_and_then_goes_on(tmp_path):
    (tmp_path / "planted.py").write_text(PLANTED)
    store, states = new_store(tmp_path), []
    _, deal = whole_trial(store, trial(), [row(0)])

    def timed(loggers):
        pid = loggers.processes[0].child.pid
        for name in ("train", "deliver"):
            loggers.phase(name)
            states.append(state(pid))

    lines = logged(store, loggers_of(tmp_path / "planted.py", "open/good"), timed, deal)
    assert states[0] != "T"
    assert states[1] == "T"
    assert len(lines) == 1
    assert (store.path / "logs/open--good/closed").exists()


def state(pid):
    """The state of a process as Linux has it: T is stopped."""
    for _ in range(100):
        letter = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        if letter == "T":
            return letter
        time.sleep(0.001)
    return letter


def test_a_secret_in_an_address_is_not_shown(tmp_path):
    (tmp_path / "planted.py").write_text(PLANTED.replace("disk\\nfull", "https://me:secret@host/x?token=abc is down"))
    lines = logged(new_store(tmp_path), loggers_of(tmp_path / "planted.py", "open/broken"))
    assert "OSError: https://***@host/x?token=*** is down" in lines[-1]


def test_without_loggers_nothing_is_started_or_written(tmp_path):
    store = new_store(tmp_path)
    assert logged(store, loggers_of(None), whole_trial(store, trial(), [row(0)])[1]) == []
    assert not (store.path / "logs").exists()


def test_what_waits_for_a_logger_that_takes_nothing_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr("harness.runs.loggers.process.MAX_UNSENT", 10_000)
    monkeypatch.setattr(run_loggers, "CLOSE_LIMIT_S", 0.1)
    (tmp_path / "planted.py").write_text(PLANTED)

    def flood(loggers):
        for number in range(1000):
            loggers.epoch(trial(), row(number), 100)

    lines = logged(new_store(tmp_path), loggers_of(tmp_path / "planted.py", "epoch/hanging"), flood)
    assert lines[1:] == ["warning  logger epoch/hanging is off: it takes no events"]


def test_every_event_says_which_trial_it_is_of(tmp_path):
    store = new_store(tmp_path)
    _, deal = whole_trial(store, trial("mine/net", seed=3, fold=2), [row(0)])
    logged(store, loggers_of(None, "jsonl"), deal)
    lines = [json.loads(line) for line in (store.path / "logs/jsonl/events.jsonl").read_text().splitlines()]
    assert [(one["model"], one["dataset"], one["seed"], one["fold"]) for one in lines] == [
        ("mine/net", "digits", 3, 2)
    ] * 2
