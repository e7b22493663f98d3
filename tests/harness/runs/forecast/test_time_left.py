from __future__ import annotations

import pytest

from harness.runs.forecast.time_left import Coming, TimeLeft


def left(**trials: Coming) -> TimeLeft:
    return TimeLeft(trials)


def test_before_anything_has_run_nothing_is_known():
    rest = left(a=Coming(model="m", epochs=3))
    assert rest.seconds is None


def test_epochs_to_come_take_as_long_as_those_that_were():
    rest = left(a=Coming(model="m", epochs=10))
    rest.epoch("a", 1, 2.0)
    rest.epoch("a", 2, 4.0)
    assert rest.seconds == pytest.approx(8 * 3.0)


def test_another_model_needs_what_its_multiply_adds_make_of_it():
    rest = left(a=Coming(model="small", epochs=2, macs=100), b=Coming(model="large", epochs=5, macs=300))
    rest.epoch("a", 1, 2.0)
    assert rest.seconds == pytest.approx(1 * 2.0 + 5 * 6.0)


def test_without_multiply_adds_it_needs_what_the_others_do_on_average():
    rest = left(a=Coming(model="m", epochs=1), b=Coming(model="other", epochs=1), c=Coming(model="new", epochs=2))
    rest.epoch("a", 1, 2.0)
    rest.trial("a", 2.0)
    rest.epoch("b", 1, 4.0)
    rest.trial("b", 4.0)
    assert rest.seconds == pytest.approx(2 * 3.0)


def test_nothing_is_said_while_the_largest_model_is_unlike_all_that_have_run():
    rest = left(a=Coming(model="mlp", epochs=1, macs=1), b=Coming(model="vit", epochs=1, macs=10**6))
    rest.epoch("a", 1, 1.0)
    assert rest.seconds is None
    rest.epoch("b", 1, 50.0)
    assert rest.seconds == pytest.approx(0.0)


def test_what_a_trial_takes_beside_its_epochs_is_learnt_from_those_that_ended():
    rest = left(a=Coming(model="m", epochs=2), b=Coming(model="n", epochs=2))
    rest.epoch("a", 1, 1.0)
    rest.epoch("a", 2, 1.0)
    rest.trial("a", 5.0)
    assert rest.seconds == pytest.approx(2 * 1.0 + 3.0)


def test_a_second_seed_takes_as_long_as_the_first_did_that_stopped_early():
    rest = left(a=Coming(model="m", epochs=100), b=Coming(model="m", epochs=100))
    rest.epoch("a", 1, 1.0)
    rest.trial("a", 4.0)
    assert rest.seconds == pytest.approx(4.0)
    rest.epoch("b", 1, 1.5)
    assert rest.seconds == pytest.approx(2.5)


def test_later_rounds_of_timing_are_counted_to_the_end():
    rest = left(a=Coming(model="m", epochs=1, rounds=2))
    rest.epoch("a", 1, 1.0)
    rest.trial("a", 4.0)
    assert rest.seconds == pytest.approx(2 * 3.0)


def test_a_trial_that_failed_is_over_and_says_nothing_of_others():
    rest = left(a=Coming(model="bad", epochs=5), b=Coming(model="m", epochs=5))
    rest.trial("a", 600.0, went_well=False)
    assert rest.seconds is None
    rest.epoch("b", 1, 1.0)
    assert rest.seconds == pytest.approx(4.0)


def test_a_resumed_trial_has_the_epochs_of_before_behind_it():
    rest = left(a=Coming(model="m", epochs=10))
    rest.epoch("a", 8, 1.0)
    assert rest.seconds == pytest.approx(2.0)


def test_it_is_the_most_that_is_left_as_long_as_a_coming_training_may_stop_early():
    rest = left(a=Coming(model="m", epochs=2, may_stop=True), b=Coming(model="n", epochs=2))
    assert rest.may_stop
    rest.trial("a", 3.0)
    assert not rest.may_stop


def test_of_trials_that_were_not_planned_nothing_is_said():
    left = TimeLeft({})
    left.epoch("a", 1, 3.0)
    left.trial("a", 5.0)
    assert left.seconds == 0
