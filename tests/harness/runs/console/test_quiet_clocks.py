"""Nothing is drawn while something is timed: every writing on the terminal is held against what the clocks do."""

from __future__ import annotations

import io
from itertools import count

import pytest

from harness.api import sweep
from harness.cli.main import main
from harness.runs.console.live import LiveScreen
from harness.timing.entry import TimedModel
from tests.faults.hostile import __file__ as hostile


class Terminal(io.StringIO):
    """Notes of each writing whether a clock runs."""

    encoding = "utf-8"

    def __init__(self):
        super().__init__()
        self.timed, self.is_timed = [], False

    def write(self, text):
        self.timed.append(self.is_timed)
        return super().write(text)


@pytest.fixture
def terminal(monkeypatch):
    """A terminal, and clocks that say there when they run."""
    one = Terminal()
    for name in ("warm_up", "run_round"):
        monkeypatch.setattr(TimedModel, name, noting(one, getattr(TimedModel, name)))
    return one


def noting(terminal, work):
    def noted(*arguments):
        terminal.is_timed = True
        try:
            return work(*arguments)
        finally:
            terminal.is_timed = False

    return noted


def live(terminal):
    """In the place of `open_screen`: a screen whose clock lets it draw whenever it may."""
    seconds = count(1.0)
    return lambda log, quiet: LiveScreen(stream=terminal, clock=lambda: next(seconds))


def test_in_a_run(tmp_path, monkeypatch, terminal):
    monkeypatch.setattr("harness.runs.start.open_screen", live(terminal))
    options = ["--epochs", "1", "--time-budget", "0.01", "--device", "cpu", "--no-isolation", "--output", str(tmp_path)]
    assert main(["-p", hostile, "run", "--plugins", "good/tiny,good/small", "--dataset", "digits", *options]) == 0
    assert terminal.timed
    assert not any(terminal.timed)
    text = terminal.getvalue()
    assert [text.count(f"good/{name} seed 1  1 epochs") for name in ("tiny", "small")] == [1, 1]
    assert "timing by turns" in text


def test_in_timing_alone(monkeypatch, terminal, capsys):
    monkeypatch.setattr(sweep, "open_screen", live(terminal))
    options = ["--time-budget", "0.01", "--device", "cpu", "--num-threads", "1", "--img-size", "8", "--csv"]
    assert main(["-p", hostile, "time", "good/tiny,good/small", *options]) == 0
    assert terminal.timed
    assert not any(terminal.timed)
    shown = ("building", "0/4 · infer good/tiny", "3/4 · train good/small")
    assert all(words in terminal.getvalue() for words in shown)
    assert capsys.readouterr().err == ""
