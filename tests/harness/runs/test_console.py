from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

from harness.runs.console import Screen


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "▶ a · 3 × 漢 …\n"), ("latin-1", "> a · 3 × \\u6f22 ...\n"), ("ascii", "> a | 3 x \\u6f22 ...\n")],
)
def test_a_stream_gets_the_signs_that_it_knows_and_the_others_spelt_out(encoding, shown):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Screen(stream=stream).line("▶ a · 3 × 漢 …")
    assert stream.buffer.getvalue().decode(encoding) == shown


class Stream(io.StringIO):
    encoding = "utf-8"


class Terminal(Stream):
    def isatty(self):
        return True


def told(stream):
    """What is shown of an epoch and of what is left."""
    train = SimpleNamespace(epochs=9)
    item = SimpleNamespace(label="resnet18 seed 1", trial=SimpleNamespace(train=train))
    row = {
        "epoch": 1,
        "train_loss": 0.5,
        "eval_loss": 0.25,
        "eval_top1": 90.0,
        "train_seconds": 3.0,
        "eval_seconds": 1.0,
    }
    Screen(stream=stream).epoch(item, row, "about 1h 25m left")
    return stream.getvalue()


def test_a_line_of_an_epoch_ends_with_how_long_the_run_goes_on():
    scores = "loss 0.5000 · val loss 0.2500 · val err 10.0 % · 4.0 s"
    assert told(Stream())[9:] == f"resnet18 seed 1  epoch 2/9 · {scores} · about 1h 25m left\n"


def test_on_a_narrow_terminal_the_line_has_what_is_left_and_is_not_wrapped(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    shown = told(Terminal()).removeprefix("\r\x1b[2K")
    assert shown == " ▶ resnet18 seed 1  epoch 2/9 · about 1h 25m left · loss 0.5"[:59]
