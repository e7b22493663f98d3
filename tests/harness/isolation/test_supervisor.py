"""Supervised children: what they send, how they end, and that nothing of them is left."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from harness.isolation import supervisor
from harness.isolation.child_process import kill_descendants, lead_group
from harness.isolation.pipes import as_line, has_room, open_pipe
from harness.isolation.supervisor import Supervisor, context_for, start_server
from harness.isolation.validate import require_message
from harness.isolation.worker import Downloads, Messenger
from tests.source import ROOT


@pytest.fixture(scope="module", autouse=True)
def server():
    start_server()


def child(job: str, messages, log) -> None:
    """Does what the job says."""
    lead_group()
    os.dup2(log.fileno(), 1)
    for step in json.loads(job):
        if "send" in step:
            os.write(messages.fileno(), as_line(step["send"]))
        if "print" in step:
            os.write(1, step["print"].encode())
        if "sleep" in step:
            time.sleep(step["sleep"])
        if "kill" in step:
            os.kill(os.getpid(), step["kill"])
    os._exit(0)


def supervised(*steps: dict, **options):
    return Supervisor(target=child, context=context_for("cpu"), **options).run(json.dumps(steps))


def test_messages_come_in_order_and_the_result_is_kept():
    heard = []
    report = supervised(
        {"send": {"phase": "train"}}, {"send": {"epoch": 1}}, {"send": {"result": {"a": 1}}}, on_message=heard.append
    )
    assert (report.exitcode, report.phase, report.result) == (0, "train", {"a": 1})
    assert heard == [{"phase": "train"}, {"epoch": 1}]


def test_a_message_longer_than_a_pipe_holds_arrives_whole():
    assert supervised({"send": {"result": {"a": "x" * 10**6}}}).result == {"a": "x" * 10**6}


def test_a_child_is_stopped_where_its_supervisor_is_halted():
    halt = open_pipe()
    halt.writer.close()
    start = time.monotonic()
    with pytest.raises(supervisor.Halted):
        supervised({"sleep": 60}, halt=halt.reader)
    assert time.monotonic() - start < 30
    halt.reader.close()


def test_half_a_message_is_no_result():
    report = Supervisor(target=break_off, context=context_for("cpu")).run("")
    assert (report.exitcode, report.result, report.problem) == (0, None, "")


def break_off(job: str, messages, log) -> None:
    lead_group()
    os.write(messages.fileno(), as_line({"result": {"a": 1}})[:-1])
    os._exit(0)


def test_what_is_printed_is_kept_without_control_characters():
    assert supervised({"print": "some\x1b[31m words\n"}).log == "some\N{REPLACEMENT CHARACTER}[31m words\n"


def test_a_signal_is_named():
    report = supervised({"send": {"phase": "train"}}, {"kill": int(signal.SIGSEGV)})
    assert (report.signal_name, report.phase, report.result) == ("SIGSEGV", "train", None)


def test_time_that_is_up_ends_a_child():
    start = time.monotonic()
    report = supervised({"sleep": 60}, timeout_s=0.3)
    assert report.timed_out
    assert time.monotonic() - start < 5


@pytest.mark.once
def test_a_child_that_prints_without_end_is_ended_too():
    chatter = [{"print": "x" * 60_000}] * 5000
    assert supervised(*chatter, {"sleep": 60}, timeout_s=1).timed_out


def test_an_error_in_the_parent_leaves_no_child():
    pids = []

    def fail(message):
        pids.append(message["pid"])
        raise RuntimeError("in the parent")

    with pytest.raises(RuntimeError, match="in the parent"):
        Supervisor(target=tell_pid, context=context_for("cpu"), on_message=fail).run("")
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def tell_pid(job: str, messages, log) -> None:
    lead_group()
    os.write(messages.fileno(), as_line({"pid": os.getpid()}))
    time.sleep(60)


def daemonise(job: str, messages, log) -> None:
    """Starts a daemon by the book, says its number, and then ends as a trial does, or not at all."""
    lead_group()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if (pid := os.fork()) == 0:
            time.sleep(60)
        os.write(writer, str(pid).encode())
        os._exit(0)
    os.wait()
    os.write(messages.fileno(), as_line({"pid": int(os.read(reader, 20))}))
    if job == "end":
        kill_descendants(os.getpid())
        os._exit(0)
    time.sleep(60)


@pytest.mark.fault(152)
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a daemon below its trial")
@pytest.mark.parametrize("job", ["end", "hang"])
def test_152_a_daemon_ends_with_its_trial(job, monkeypatch):
    pids = []
    monkeypatch.setattr(supervisor, "STOP_GRACE_S", 0.1)

    def hear(message):
        pids.append(message["pid"])
        if job == "hang":
            raise RuntimeError("in the parent")

    with suppress(RuntimeError):
        Supervisor(target=daemonise, context=context_for("cpu"), on_message=hear).run(job)
    deadline = time.monotonic() + 2
    while is_alive(pids[0]) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(pids[0])


def is_alive(pid: int) -> bool:
    """Whether it is there and has not ended; imported from nowhere, since each child would import that too."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def keep_a_semaphore(job: str, messages, log) -> None:
    lead_group()
    with multiprocessing.RLock():
        os._exit(0)


SEMAPHORE = """
from harness.isolation import supervisor as isolate
from tests.harness.isolation.test_supervisor import keep_a_semaphore
isolate.PRELOAD = ()
isolate.start_server()
print(isolate.Supervisor(target=keep_a_semaphore, context=isolate.context_for("cpu")).run("").exitcode)
"""


@pytest.mark.once
def test_a_semaphore_that_a_child_left_is_nothing_to_tell():
    done = subprocess.run([sys.executable, "-c", SEMAPHORE], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_devices_other_than_the_cpu_get_a_process_that_forked_from_nothing():
    assert context_for("cuda").get_start_method() == "spawn"


def test_a_pipe_that_nobody_reads_has_no_room_and_what_may_be_left_out_is():
    ends, sent = open_pipe(), []
    messenger = Messenger(sent.append, partial(has_room, ends.writer))
    messenger.send_if_heard({"progress": 1})
    os.set_blocking(ends.writer.fileno(), False)
    with suppress(BlockingIOError):
        while True:
            os.write(ends.writer.fileno(), b"x" * 4096)
    messenger.send_if_heard({"progress": 2})
    messenger.send({"epoch": 1})
    assert sent == [{"progress": 1}, {"epoch": 1}]


def test_of_a_download_there_is_a_word_now_and_then_and_at_its_end(monkeypatch):
    seconds, sent = iter([100.0, 100.0, 100.1, 100.6, 100.6, 100.7, 100.7]), []
    monkeypatch.setattr("harness.isolation.worker.perf_counter", lambda: next(seconds))
    downloads = Downloads(Messenger(sent.append), every_s=0.4)
    for done in (1, 2, 3, 9):
        downloads.tell("weights", done, 9)
    assert [message["stage"]["done"] for message in sent] == [1, 3, 9]
    assert all(require_message(message) == message for message in sent)
