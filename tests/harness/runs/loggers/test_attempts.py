"""What a logger was given is known after a stop: nothing comes twice, and another training is another attempt."""

from __future__ import annotations

import pytest

from harness.runs.loggers.attempts import Attempts
from tests.harness.runs.loggers.paper_run import row


def given(path, *rows, record=""):
    """What a logger is given of these epochs and a record, by an object that knows no more than the file."""
    attempts, numbers = Attempts.read(path), []
    for one in rows:
        number = attempts.number("key", one)
        numbers.append(number)
        if number is not None:
            attempts.mark_epoch("key", number, one)
    if record:
        attempts.mark_record("key", record)
    return numbers


@pytest.fixture
def path(tmp_path):
    return tmp_path / "given.jsonl"


def test_an_epoch_that_comes_again_with_its_figures_is_not_given_again(path):
    assert given(path, row(0), row(1)) == [1, 1]
    assert given(path, row(1), row(2)) == [None, 1]


def test_how_long_an_epoch_took_is_no_figure_of_it(path):
    given(path, row(0))
    assert given(path, row(0) | {"train_seconds": 99.0}) == [None]


def test_a_diverged_epoch_is_itself(path):
    given(path, row(0, float("nan")))
    assert given(path, row(0, float("nan"))) == [None]


def test_another_training_is_another_attempt_with_epochs_of_its_own(path):
    given(path, row(0), row(1))
    assert given(path, row(0, 9.0), row(1)) == [2, 2]
    assert given(path, row(1)) == [None]


def test_a_record_is_given_once_until_it_is_written_anew(path):
    given(path, row(0), record="abc")
    attempts = Attempts.read(path)
    assert attempts.is_given("key", "abc")
    assert not attempts.is_given("key", "abd")
    assert not attempts.is_given("other", "abc")


def test_a_line_that_was_torn_costs_what_it_said(path):
    given(path, row(0), row(1))
    path.write_text(path.read_text()[:-20])
    assert given(path, row(0), row(1)) == [None, 1]
    assert given(path, row(0), row(1)) == [None, None]
