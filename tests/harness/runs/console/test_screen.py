from __future__ import annotations

import io
import json
from types import SimpleNamespace

import pytest

from harness.runs.console import screen as screens
from harness.runs.console.events import Note, Stage, Stopped
from harness.runs.console.live import LiveScreen
from harness.runs.console.screen import JsonScreen, NoScreen, PlainScreen, open_screen
from tests.harness.runs.console.samples import epoch, progress, trial_ended
from zoo.errors import ZooError

ABLE = {"TERM": "xterm-256color"}


class Stream(io.StringIO):
    encoding = "utf-8"

    def __init__(self, is_terminal):
        super().__init__()
        self.isatty = lambda: is_terminal


def opened(monkeypatch, *, is_terminal=True, log=None, quiet=False, **environment):
    monkeypatch.setattr(screens, "sys", SimpleNamespace(stderr=Stream(is_terminal)))
    return open_screen(log, quiet=quiet, environment={**ABLE, **environment})


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({}, LiveScreen),
        ({"is_terminal": False}, PlainScreen),
        ({"TERM": "dumb"}, PlainScreen),
        ({"TERM": "screen-256color"}, LiveScreen),
        ({"TERM": ""}, PlainScreen),
        ({"NO_COLOR": "1"}, PlainScreen),
        ({"NO_COLOR": ""}, LiveScreen),
        ({"NO_COLOR": "1", "log": "live"}, LiveScreen),
        ({"log": "plain"}, PlainScreen),
        ({"log": "json"}, JsonScreen),
        ({"log": "json", "is_terminal": False}, JsonScreen),
        ({"quiet": True}, NoScreen),
    ],
)
def test_the_screen_is_what_was_asked_for_or_what_the_terminal_can(monkeypatch, asked, kind):
    assert type(opened(monkeypatch, **asked)) is kind


@pytest.mark.parametrize("asked", [{"is_terminal": False}, {"TERM": "dumb"}])
def test_a_live_screen_that_cannot_be_is_refused(monkeypatch, asked):
    with pytest.raises(ZooError) as raised:
        opened(monkeypatch, log="live", **asked)
    assert raised.value.cause == "--log live redraws lines of a terminal, and stderr is none that can"
    assert (raised.value.remedy, raised.value.exit_code) == ("leave --log out, or give --log plain", 2)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "▶ a · 3 × 漢 …\n"), ("latin-1", "> a · 3 × \\u6f22 ...\n"), ("ascii", "> a | 3 x \\u6f22 ...\n")],
)
def test_a_stream_gets_the_signs_that_it_knows_and_the_others_spelt_out(encoding, shown):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    PlainScreen(stream=stream).line("▶ a · 3 × 漢 …")
    assert stream.buffer.getvalue().decode(encoding) == shown


def test_plain_lines_have_the_time_of_day_and_no_bars(monkeypatch):
    monkeypatch.setattr(screens.time, "strftime", lambda form: "12:00:00")
    stream = Stream(is_terminal=True)
    screen = PlainScreen(stream=stream)
    for event in (Note(text=""), progress(), epoch(), trial_ended(), Stopped(store="a", resume="b")):
        screen.tell(event)
    assert [line[:30] for line in stream.getvalue().splitlines()] == [
        "",
        "12:00:00 convnext_tiny seed 1 ",
        "12:00:00 ✓ convnext_tiny seed ",
        "stopped: every trial that had ",
        "go on with: b",
    ]


def test_nobody_hears_anything_of_a_quiet_run(capsys):
    screen = NoScreen()
    screen.tell(epoch())
    screen.line("a")
    assert (screen.is_read, capsys.readouterr()) == (False, ("", ""))


def told(*events, clock=lambda: 0.0):
    stream = Stream(is_terminal=True)
    screen = JsonScreen(stream=stream, clock=clock)
    for event in events:
        screen.tell(event)
    return stream.getvalue()


def test_an_event_is_a_json_object_on_a_line():
    values = json.loads(told(trial_ended()))
    assert values.pop("time").endswith("+00:00")
    assert values == {
        "event": "trial_ended", "model": "convnext_tiny", "seed": 1, "fold": None, "status": "ok", "phase": None,
        "cause": None, "epochs": 9, "best_epoch": 6, "val_top1_err": 5.3, "total_seconds": 362.0, "timing_error": None,
        "seconds_left": None, "at_most": False,
    }  # fmt: skip


def test_words_of_strangers_are_escaped_and_numbers_that_json_lacks_are_null():
    text = told(epoch(model="\x1b[2J\u202e\n漢", train_loss=float("nan"), eval_loss=float("inf")))
    assert text.isascii()
    assert text[:-1].isprintable()
    assert [json.loads(text)[name] for name in ("model", "train_loss", "eval_loss")] == [
        "\x1b[2J\u202e\n漢",
        None,
        None,
    ]


def test_batches_are_no_events_and_of_a_stage_there_is_one_now_and_then():
    times = iter([10.0, 10.2, 10.6, 10.7, 10.8])
    stages = [Stage(name="reading", done=done, total=9) for done in (1, 2, 3, 9)]
    text = told(progress(), Note(text=""), *stages, Stage(name="timing", done=0, total=2), clock=lambda: next(times))
    assert [(json.loads(line)["name"], json.loads(line)["done"]) for line in text.splitlines()] == [
        ("reading", 1), ("reading", 3), ("reading", 9), ("timing", 0),
    ]  # fmt: skip
