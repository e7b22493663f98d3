from __future__ import annotations

from dataclasses import replace
from functools import reduce

import pytest

from harness.runs.console.events import Phase, Stage
from harness.runs.console.frame import LiveState, after, frame, text_of
from results.tables.text import width
from tests.harness.runs.console.samples import NET, NOON, epoch, progress, started, trial_ended, trial_started

RUNNING = (started(), trial_started(), epoch(), progress())


def shown(events, columns=99, now=1860.0):
    """The lines 31 minutes after the run began, if all has happened at once then."""
    state = reduce(lambda state, event: after(state, event, 0.0), events, LiveState())
    return [text_of(line) for line in frame(state, columns, now, NOON)]


def test_a_running_trial_has_a_bar_for_itself_and_one_for_the_whole():
    assert shown(RUNNING) == [
        " ▶ convnext_tiny seed 1 ━━━━━━━━━━━━────── epoch 7/10 · batch 21/33 · val err 5.3 % · 1,466 img/s",
        "   all                  ━━━━━━──────────── 6/18 · 31m 00s · ETA 16m (12:16) · data wait 2 %",
    ]


def test_a_wide_terminal_has_room_for_what_holds_the_trial_up():
    assert shown(RUNNING, columns=140)[1].endswith("· ETA 16m (12:16) · GPU 21.0/139 GiB · data wait 2 %")


def test_40_columns_have_the_epoch_and_when_it_is_over_and_whole_bars():
    assert shown(RUNNING, columns=39) == [
        " ▶ convnext_tiny see… ━━━━── epoch 7/10",
        "   all    ━━──── 6/18 · ETA 16m (12:16)",
    ]


@pytest.mark.parametrize("columns", [1, 8, 20, 39, 60, 79, 99, 200])
def test_no_line_is_wider_than_the_terminal(columns):
    long = {"model": "timm/convnext_large_mlp.clip_laion2b_soup_ft_in12k_in1k_384"}
    stage = Stage(name="download the weights of something", done=3, total=9, unit="B", detail="漢" * 30)
    for events in (RUNNING, [started(), trial_started(**long)], [*RUNNING, stage]):
        assert max(width(line) for line in shown(events, columns)) <= columns


def test_with_training_that_may_stop_early_the_end_is_the_latest():
    assert "ETA ≤ 16m (12:16)" in shown([*RUNNING[:2], epoch(at_most=True)])[1]


@pytest.mark.parametrize(
    ("phase", "words"), [("build", "building"), ("data", "reading images"), ("deliver", "to be timed")]
)
def test_a_trial_that_does_not_train_says_what_it_does(phase, words):
    assert shown([started(), trial_started(), Phase(**NET, phase=phase)])[0] == f" ▶ convnext_tiny seed 1 {words}"


def test_before_the_second_epochs_first_word_the_last_one_is_shown():
    train = Phase(**NET, phase="train")
    assert shown([*RUNNING[:2], train])[0].split("─ ")[1] == "training"
    assert shown([*RUNNING[:2], train, epoch()])[0].split("─ ")[1] == "epoch 6/10 · val err 5.3 %"
    ended = "epoch 6/10 · val err 5.3 % · 1,466 img/s"
    assert shown([*RUNNING[:2], train, progress(epoch=6), epoch()])[0].split("─ ")[1] == ended


def test_a_trial_that_has_ended_counts_and_leaves_no_line():
    (line,) = shown([*RUNNING, trial_ended(seconds_left=3660.0)])
    assert "7/18 · 31m 00s · ETA 30m (12:30)" in line


@pytest.mark.parametrize(
    ("stage", "line"),
    [
        (
            Stage(name="reading train", done=9_000, total=18_000, unit="images"),
            " ▶ reading train ━━━━━━━━━───────── 9,000/18,000",
        ),
        (
            Stage(name="download weights", done=25 * 2**20, total=100 * 2**20, unit="B"),
            " ▶ download weights ━━━━────────────── 25 MiB/100 MiB",
        ),
        (Stage(name="download weights", done=2**20, unit="B"), " ▶ download weights 1.0 MiB"),
        (Stage(name="looking ahead"), " ▶ looking ahead …"),
        (
            Stage(name="timing", done=3, total=16, detail="infer resnet18"),
            " ▶ timing ━━━─────────────── 3/16 · infer resnet18",
        ),
    ],
)
def test_a_stage_is_a_name_a_bar_and_how_much_of_how_much(stage, line):
    assert shown([stage]) == [line]


def test_a_stage_takes_the_place_of_the_trial_until_something_else_happens():
    download = Stage(name="download weights", done=1, total=2)
    assert shown([*RUNNING, download])[0].startswith(" ▶ download weights")
    assert shown([*RUNNING, download, progress()])[0].startswith(" ▶ convnext_tiny")


def test_of_trials_that_run_at_once_one_is_shown_until_it_ends_and_then_another():
    other = {**NET, "model": "resnet18"}
    events = [*RUNNING, trial_started(8, **other), Phase(**other, phase="data"), replace(progress(epoch=2), **other)]
    assert [line.split("━")[0].strip() for line in shown(events)] == ["▶ convnext_tiny seed 1", "all"]
    assert "epoch 7/10" in shown(events)[0]
    assert "7/18" in shown([*events, replace(trial_ended(), **other)])[1]
    assert shown([*events, replace(trial_ended(), **other)])[0].startswith(" ▶ convnext_tiny seed 1")
    following = [*events, trial_ended(), replace(progress(epoch=3), **other)]
    assert shown(following)[0].startswith(" ▶ resnet18 seed 1")
    assert "epoch 3/10" in shown(following)[0]
