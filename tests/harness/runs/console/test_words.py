from __future__ import annotations

import pytest

from harness.runs.console.events import Note, Phase, Stage, Stopped
from harness.runs.console.words import left, plain_lines
from tests.harness.runs.console.samples import NET, epoch, started, trial_ended


def test_a_line_of_an_epoch_ends_with_how_long_the_run_goes_on():
    scores = "loss 0.5000 · val loss 0.2500 · val err 5.3 % · 4.0 s"
    line = f"12:00:00 convnext_tiny seed 1  epoch 6/10 · {scores} · about 1h 25m left"
    assert plain_lines(epoch(seconds_left=5100.0), "12:00:00") == [line]


@pytest.mark.parametrize(
    ("seconds", "at_most", "words"),
    [
        (90.0, False, "about 1m 30s left"),
        (5400.0, True, "at most about 1h 30m left"),
        (float("nan"), True, ""),
        (0.0, False, ""),
        (None, False, ""),
    ],
)
def test_the_words_say_at_most_where_training_may_end_early(seconds, at_most, words):
    assert left(epoch(seconds_left=seconds, at_most=at_most)) == words


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (trial_ended(), "✓ convnext_tiny seed 1  9 epochs · val err 5.3 % · 6m 02s · best epoch 6"),
        (
            trial_ended("failed", phase="build", cause="no such layer"),
            "✗ convnext_tiny seed 1  failed at build: no such layer",
        ),
        (
            trial_ended("skipped", phase="data", cause="no images", fold=2),
            "- convnext_tiny seed 1 fold 2  skipped at data: no images",
        ),
        (
            trial_ended(timing_error="crashed with SIGSEGV", seconds_left=5.0),
            "✓ convnext_tiny seed 1  9 epochs · val err 5.3 % · 6m 02s · best epoch 6 · "
            "not timed: crashed with SIGSEGV · about 5.0s left",
        ),
    ],
)
def test_a_trial_ends_with_a_mark_and_what_it_came_to(event, line):
    assert plain_lines(event, "12:00:00") == [f"12:00:00 {line}"]


def test_a_run_that_was_stopped_says_how_to_go_on():
    event = Stopped(store="runs/a", resume="python -m harness resume runs/a")
    assert plain_lines(event, "") == [
        "stopped: every trial that had ended is in runs/a",
        "go on with: python -m harness resume runs/a",
    ]


def test_what_only_a_live_screen_shows_has_no_line():
    assert [plain_lines(event, "") for event in (started(), Phase(**NET, phase="train"), Stage(name="a"))] == [[]] * 3
    assert plain_lines(Stage(name="building", line="building mlp"), "") == ["building mlp"]
    assert plain_lines(Note(text="data  leaves"), "") == ["data  leaves"]
