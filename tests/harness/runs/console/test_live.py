from __future__ import annotations

import io
import os
from dataclasses import dataclass

import pyte
import pytest

from harness.runs.console import live
from harness.runs.console.events import Note, Phase, Stage
from harness.runs.console.live import LiveScreen
from harness.runs.console.terminal import REFLOWING
from tests.harness.runs.console.emulator import feed
from tests.harness.runs.console.samples import NET, NOON, epoch, progress, started, trial_ended, trial_started

BARS = [
    " ▶ convnext_tiny seed 1 ━━━━━━━━━━━━────── epoch 7/10 · batch 21/33 · val err 5.3 % · 1,466 img/s",
    "   all                  ━━━━━━──────────── 6/18 · 0.0s · ETA 47m (12:47) · data wait 2 %",
]
DONE = " ✓ convnext_tiny seed 1  9 epochs · val err 5.3 % · 6m 02s · best epoch 6"


class Stream(io.StringIO):
    """A terminal of that many columns, which keeps each piece that it was given."""

    encoding = "utf-8"

    def __init__(self):
        super().__init__()
        self.pieces = []

    def isatty(self):
        return True

    def write(self, text):
        self.pieces.append(text)
        return len(text)


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self):
        return self.now


@pytest.fixture(autouse=True)
def size(monkeypatch):
    """Of a terminal that does not break lines anew; `size["columns"]` may be changed."""
    for name in REFLOWING:
        monkeypatch.delenv(name, raising=False)
    chosen = {"columns": 100}
    monkeypatch.setattr(live, "size_of", lambda stream: os.terminal_size((chosen["columns"], 24)))
    return chosen


def screen(clock=None, **options):
    clock = clock or Clock()
    return LiveScreen(stream=Stream(), clock=clock, wall=lambda: NOON + clock.now, **options)


def shown(one, columns=100):
    return feed(columns, 24, *one.stream.pieces).rows()


def tell(one, clock, *events, gap=1.0):
    for event in events:
        clock.now += gap
        one.tell(event)


@pytest.fixture
def running():
    """A screen on which a trial runs, and its clock."""
    clock = Clock()
    one = screen(clock)
    tell(one, clock, Note(text="data     leaves"), started(), trial_started(), epoch(), progress())
    return one, clock


def test_bars_are_below_the_lines_that_stay(running):
    one, _ = running
    assert shown(one)[:2] == ["data     leaves", BARS[0]]
    assert shown(one)[2].startswith("   all                  ━━━━━━──────────── 6/18 · 3.0s · ETA 47m")


def test_finished_lines_scroll_by_once_each_and_nothing_of_the_bars_is_left(running):
    one, clock = running
    for seed in range(1, 40):
        tell(one, clock, trial_started(seed=seed), progress(), trial_ended(seed=seed))
    one.__exit__()
    lines = [DONE.replace("seed 1", f"seed {seed}") for seed in range(1, 40)]
    assert shown(one) == ["data     leaves", *lines]


def test_what_ends_it_leaves_the_cursor_shown_at_the_begin_of_a_line(running):
    one, _ = running
    one.__exit__(KeyboardInterrupt)
    terminal = feed(100, 24, *one.stream.pieces)
    assert (terminal.cursor.x, terminal.cursor.y, terminal.cursor.hidden) == (0, 1, False)
    assert terminal.rows() == ["data     leaves"]


def test_at_no_moment_is_the_cursor_hidden(running):
    one, _ = running
    assert "\x1b[?25l" not in "".join(one.stream.pieces)


@pytest.mark.parametrize(
    ("before", "now", "rows"),
    [
        (100, 40, [" ▶ convnext_tiny see… ━━━━── epoch 7/10", "   all    ━━──── 6/18 · ETA 47m (12:47)"]),
        (40, 100, [BARS[0], BARS[1].replace("0.0s", "4.0s")]),
        (100, 24, [" ▶ c… ━━━━── epoch 7/10", "   all      ━━──── 6/18"]),
    ],
)
def test_after_a_resize_the_bars_are_whole_and_nothing_of_the_old_ones_is_left(size, before, now, rows):
    clock = Clock()
    one, size["columns"] = screen(clock), before
    tell(one, clock, started(), trial_started(), epoch(), progress())
    terminal = feed(before, 24, *one.stream.pieces)
    one.stream.pieces, size["columns"] = [], now
    terminal.resize(24, now)
    tell(one, clock, progress())
    pyte.Stream(terminal).feed("".join(one.stream.pieces).replace("\n", "\r\n"))
    assert terminal.rows() == rows


def test_a_terminal_that_breaks_lines_anew_is_cleared_of_their_pieces(running, size, monkeypatch):
    one, clock = running
    monkeypatch.setenv("TMUX", "/tmp/tmux")
    one.stream.pieces, size["columns"] = [], 40  # by now the lines are of 3 rows each, and the cursor is on the last
    tell(one, clock, progress())
    text = "".join(one.stream.pieces)
    assert text.count("\x1b[A") + text.count("\x1b[1A") == 3 + 3 - 1


def test_four_times_a_second_at_most_is_anything_drawn():
    clock = Clock()
    one = screen(clock)
    tell(one, clock, started(), trial_started())
    times = []
    for step in range(400):  # four seconds of news every 10 ms, of each kind
        count = len(one.stream.pieces)
        events = [
            progress(batch=1 + step % 33),
            epoch(),
            Phase(**NET, phase="deliver"),
            Stage(name="a", done=1, total=2),
        ]
        tell(one, clock, events[step % 4], gap=0.01)
        times += [clock.now] if len(one.stream.pieces) > count else []
    assert len(times) >= 8
    assert max(sum(start <= time < start + 1 for time in times) for start in times) <= 4


def test_nothing_is_drawn_while_something_is_timed(running):
    one, clock = running
    tell(one, clock, Phase(**NET, phase="deliver"))
    assert "to be timed" in shown(one)[-2]
    count = len(one.stream.pieces)
    tell(one, clock, Phase(**NET, phase="time"), Note(text="note: of the timing"), Note(text="another"))
    assert len(one.stream.pieces) == count
    tell(one, clock, trial_ended())
    assert shown(one)[:4] == ["data     leaves", "note: of the timing", "another", DONE]


def test_a_stage_that_is_timed_is_drawn_before_it_begins_and_lines_wait_for_its_end():
    clock = Clock()
    one = screen(clock)
    tell(one, clock, Stage(name="timing", done=3, total=16, detail="infer a", is_timed=True))
    assert shown(one) == [" ▶ timing ━━━─────────────── 3/16 · infer a"]
    tell(one, clock, Note(text="note: b"))
    assert len(one.stream.pieces) == 1
    tell(one, clock, Stage(name="timing", done=4, total=16, detail="infer b", is_timed=True))
    assert shown(one) == ["note: b", " ▶ timing ━━━━────────────── 4/16 · infer b"]


def test_lines_that_wait_are_shown_when_it_ends():
    one = screen()
    one.tell(Phase(**NET, phase="time"))
    one.line("note: a")
    one.__exit__()
    assert shown(one) == ["note: a"]


def test_long_lines_are_broken_between_words(size):
    size["columns"] = 40
    one = screen()
    one.line("warning  14 test images also occur in train (identical pixels)")
    one.tell(trial_ended("failed", phase="build", cause="a layer of 3 channels got 4 of them"))
    one.__exit__()
    assert shown(one, columns=40) == [
        "warning 14 test images also occur in", "  train (identical pixels)",
        " ✗ convnext_tiny seed 1 failed at build:", "     a layer of 3 channels got 4 of them",
    ]  # fmt: skip


def test_in_the_background_there_are_lines_and_no_bars(running, monkeypatch):
    one, clock = running
    monkeypatch.setattr(live, "is_in_front", lambda stream: False)
    one.stream.pieces = []
    tell(one, clock, progress(), trial_ended())
    assert "".join(one.stream.pieces) == f"{DONE}\n"


@pytest.mark.parametrize("has_colour", [True, False])
def test_colours_are_left_out_where_they_are_not_wanted(has_colour):
    one = screen(has_colour=has_colour)
    one.tell(trial_ended())
    assert ("\x1b[32m" in "".join(one.stream.pieces)) is has_colour


def test_a_terminal_of_ascii_gets_ascii_in_no_more_columns():
    one = screen()
    one.stream.encoding = "ascii"
    for event in (
        started(),
        trial_started(model="漢" * 9),
        progress(),
        trial_ended("failed", phase="build", cause="±"),
    ):
        one.tell(event)
    text = "".join(one.stream.pieces)
    assert text.isascii()
    assert shown(one)[0].startswith(" x convnext_tiny seed 1  failed at build: +-")


def test_an_interrupt_while_it_draws_leaves_no_half_drawing(running, monkeypatch):
    one, clock = running
    monkeypatch.setattr(live, "_text", lambda lines: (_ for _ in ()).throw(KeyboardInterrupt))
    count = len(one.stream.pieces)
    with pytest.raises(KeyboardInterrupt):
        tell(one, clock, trial_ended())
    assert len(one.stream.pieces) == count
    one.__exit__()
    assert shown(one) == ["data     leaves", DONE]


def test_the_last_drawing_before_a_silence_has_a_place_of_its_own(running):
    one, clock = running
    for _ in range(3):
        tell(one, clock, *[progress()] * 50, gap=0.01)
        tell(one, clock, Phase(**NET, phase="deliver"), gap=0.01)
        assert "to be timed" in shown(one)[-2]
        clock.now += 1.0


def test_who_goes_on_after_a_stop_sees_the_bars_at_once_unless_something_is_timed(running):
    one, clock = running
    one._stopped()
    assert shown(one) == ["data     leaves"]
    one._resumed()
    assert len(shown(one)) == 3
    tell(one, clock, Phase(**NET, phase="time"))
    one._stopped()
    one._resumed()
    assert shown(one) == ["data     leaves"]
