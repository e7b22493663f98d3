"""The live screen on a real pseudo-terminal: what becomes of it when it is stopped, resized, or ended in any way."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from harness.runs.console.terminal import REFLOWING, can_redraw, is_in_front, rows_more, size_of
from tests.harness.runs.console.emulator import Session
from tests.source import ROOT

SCRIPT = """
import sys, time
from harness.runs.console.live import LiveScreen
from harness.runs.signals import signals_raise
from tests.harness.runs.console.samples import epoch, progress, started, trial_ended, trial_started

with signals_raise(), LiveScreen(stream=sys.stderr) as screen:
    screen.line("data     leaves")
    screen.tell(started())
    for seed in range(1, 400):
        for event in (trial_started(seed=seed), epoch(), progress(), trial_ended(seed=seed)):
            screen.tell(event)
            time.sleep(0.05)
        if seed == 3 and "raise" in sys.argv:
            raise OSError("no more")
"""
SAMPLE = [sys.executable, "-c", SCRIPT]
ENVIRONMENT = {"PYTHONPATH": str(ROOT)}


def session(*command, **options):
    return Session([*command], environment=ENVIRONMENT, **options)


def bars(terminal):
    return [row for row in terminal.rows() if "━" in row or "▶" in row]


@pytest.mark.parametrize(
    ("number", "last"),
    [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "harness.runs.signals.Terminated: SIGTERM")],
)
def test_a_signal_leaves_the_finished_lines_and_a_sane_terminal(number, last):
    on = session(*SAMPLE)
    on.until("✓ convnext_tiny seed 2 ")
    on.send(number)
    on.finish()
    assert bars(on.terminal) == []
    assert on.terminal.rows()[-1] == last
    assert (on.terminal.cursor.x, on.terminal.cursor.hidden) == (0, False)


def test_an_exception_does_so_too_and_each_line_is_there_once():
    on = session(*SAMPLE, "raise", columns=79)
    assert on.finish() == 1
    rows = on.terminal.rows()
    assert (rows[0], rows[-1], bars(on.terminal)) == ("data     leaves", "OSError: no more", [])
    assert [row[:23] for row in rows if "✓" in row] == [f" ✓ convnext_tiny seed {seed}" for seed in (1, 2, 3)]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash, whose jobs can be stopped")
def test_a_stop_takes_the_bars_away_and_going_on_brings_them_back():
    on = session("bash", "--norc", "--noprofile", "-i", columns=120)
    os.write(
        on.master, f"exec 2>/dev/tty; PS1='$ '; {sys.executable} -c '{SCRIPT.replace(chr(39), chr(34))}'\n".encode()
    )
    on.until("✓ convnext_tiny seed 2 ")
    os.write(on.master, b"\x1a")
    on.until("Stopped")
    on.read(0.5)
    stopped = on.terminal.rows()
    assert not any("━" in row for row in stopped[stopped.index("data     leaves") :])
    os.write(on.master, b"fg\n")
    on.until("✓ convnext_tiny seed 5 ")
    assert any("━" in row for row in on.terminal.rows()[-3:])
    os.write(on.master, b"\x03")
    on.until("KeyboardInterrupt")
    os.write(on.master, b"exit\n")
    on.finish()


@pytest.mark.parametrize("columns", [40, 100])
def test_finished_lines_scroll_by_once_each_and_the_bars_are_whole_after_a_resize(columns):
    on = session(*SAMPLE, columns=140 - columns, lines=12)
    on.until("✓ convnext_tiny seed 4 ")
    on.resize(columns, 12)
    on.until("seed 10 ")
    on.read(0.3)
    rows = on.terminal.rows()
    shown = [f"seed {seed} " for seed in range(1, 11)]
    assert [sum(f"✓ convnext_tiny {name}" in f"{row} " for row in rows) for name in shown] == [1] * 10
    assert len(bars(on.terminal)) in (1, 2)
    assert all("…" not in row[24:] for row in bars(on.terminal))
    on.send(signal.SIGINT)
    on.finish()


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux, which breaks lines anew")
def test_in_tmux_a_narrower_window_has_nothing_of_the_old_bars(tmp_path):
    tmux = ["tmux", "-u", "-S", str(tmp_path / "socket"), "-f", "/dev/null"]
    (tmp_path / "sample.py").write_text(SCRIPT)
    command = f"cd {ROOT} && PYTHONPATH={ROOT} {sys.executable} {tmp_path}/sample.py"
    subprocess.run([*tmux, "new-session", "-d", "-x", "100", "-y", "20", command], check=True)
    try:
        wait_for(tmux, "seed 3 ")
        subprocess.run([*tmux, "resize-window", "-x", "40", "-y", "20"], check=True)
        rows = wait_for(tmux, "seed 9 ")
    finally:
        subprocess.run([*tmux, "kill-server"], check=True)
    assert [row for row in rows[:-2] if "━" in row or "▶" in row] == []
    assert sum("✓" in row for row in rows) == sum("6m 02s" in row for row in rows) >= 9


def wait_for(tmux, text):
    """The rows of tmux's window, those that have scrolled away too, once they have `text` in a finished line."""
    for _ in range(600):
        shown = subprocess.run([*tmux, "capture-pane", "-p", "-S", "-200"], capture_output=True, text=True, check=True)
        rows = shown.stdout.rstrip("\n").split("\n")
        if any("✓" in row and text in row for row in rows):
            return rows
        time.sleep(0.1)
    raise AssertionError(rows)


PLUGIN = """
import zoo

@zoo.hookimpl
def zoo_trial_done(event):
    print(f"the plugin has seen {event.model}")
"""


@pytest.mark.once
def test_a_run_shows_its_epochs_and_leaves_its_lines_what_a_plugin_printed_and_the_table(tmp_path):
    (tmp_path / "my_hook.py").write_text(PLUGIN)
    # Long enough to be drawn: on an idle machine an epoch takes a tenth of a second.
    options = ["--epochs", "20", "--patience", "20", "--batch-size", "4", "--time-budget", "0", "--num-threads", "1"]
    command = ["-p", str(tmp_path / "my_hook.py"), "run", "--plugins", "mlp,fc_model", "--device", "cpu", *options]
    on = session(sys.executable, "-m", "harness", *command, "--output", str(tmp_path / "runs"), columns=120)
    on.until(r"▶ fc_model seed 1 +[━─]+ epoch [0-9]+/20 .*img/s", 300.0)
    assert on.finish(300.0) == 0
    rows = on.terminal.rows()
    at = rows.index("") + 1
    assert [row.split("  ")[0] for row in rows[at : at + 4]] == [
        "the plugin has seen mlp", " ✓ mlp seed 1", "the plugin has seen fc_model", " ✓ fc_model seed 1",
    ]  # fmt: skip
    assert "▶" not in "".join(rows)
    assert any(row.startswith("Test error on 359 images") for row in rows)
    assert on.terminal.cursor.x == 0


def test_a_terminal_that_is_none_or_knows_no_commands_is_not_drawn_on():
    with open(os.devnull, "w") as stream:
        assert not can_redraw(stream, {"TERM": "xterm"})
    main, other = os.openpty()
    with os.fdopen(other, "w") as terminal:
        able = [can_redraw(terminal, {"TERM": name}) for name in ("xterm", "screen-256color", "dumb", "")]
        assert able == [True, True, False, False]
        assert is_in_front(terminal)  # it controls nobody
        assert size_of(terminal) == shutil.get_terminal_size((80, 24))  # which a new one does not know
    os.close(main)


def test_lines_are_counted_as_rows_only_where_they_are_broken_anew():
    lines = ["x" * 100, "y" * 40, ""]
    assert rows_more(lines, 40, {}) == 0
    for name in REFLOWING:
        assert rows_more(lines, 40, {name: "1"}) == 2
