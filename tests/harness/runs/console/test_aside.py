from __future__ import annotations

import io
import sys

from harness.runs.console.aside import set_aside


class Terminal(io.StringIO):
    def isatty(self):
        return True


def replaced(monkeypatch):
    """Python's stdout and stderr, both terminals; not as a fixture, after which pytest puts its own there."""
    out, err = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    return out, err


def test_what_is_printed_becomes_lines_and_afterwards_is_printed_as_ever(monkeypatch):
    out, err = replaced(monkeypatch)
    said = []
    with set_aside(err, said.append):
        print("one\ntwo", end=" ")
        print("more")
        kept = sys.stderr
        print("half", file=kept, end="")
    assert said == ["one", "two more", "half"]
    assert (sys.stdout, sys.stderr) == (out, err)
    print("later", file=kept)
    assert (out.getvalue(), err.getvalue()) == ("", "later\n")


def test_a_file_gets_what_is_printed_for_it(monkeypatch):
    _, err = replaced(monkeypatch)
    file = io.StringIO()
    monkeypatch.setattr(sys, "stdout", file)
    with set_aside(err, lambda line: None):
        print("a table")
    assert file.getvalue() == "a table\n"


def test_bars_elsewhere_leave_both_alone(monkeypatch):
    streams = replaced(monkeypatch)
    with set_aside(Terminal(), lambda line: None):
        assert (sys.stdout, sys.stderr) == streams


def test_who_has_put_another_stream_in_its_place_keeps_it(monkeypatch):
    _, err = replaced(monkeypatch)
    other = Terminal()
    with set_aside(err, lambda line: None):
        sys.stderr = other
    assert sys.stderr is other
