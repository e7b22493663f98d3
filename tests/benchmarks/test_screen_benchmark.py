"""What the live screen costs a small training: the same run with it and without, by turns, as one ratio."""

from __future__ import annotations

import os
from contextlib import suppress
from statistics import median
from threading import Thread

import pytest

from harness.cli.main import main
from harness.runs.console.live import LiveScreen
from harness.runs.console.screen import NoScreen
from results.store.run_store import RunStore

PAIRS = 15  # one pair differs from the next by some percent
# Steps of a third of a millisecond, as small as they come: what is said of batches weighs most here.
OPTIONS = ("--plugins", "fc_model", "--dataset", "digits", "--epochs", "100", "--patience", "100", "--device", "cpu")


@pytest.fixture
def terminal():
    """A pseudo-terminal that somebody reads."""
    main_end, other = os.openpty()

    def drain():
        with suppress(OSError):  # Linux's word for the other end's closing
            while os.read(main_end, 65_536):
                pass

    Thread(target=drain, daemon=True).start()
    with os.fdopen(other, "w") as stream:
        yield stream


def seconds(output, monkeypatch, make_screen):
    """Seconds of all epochs of one training."""
    drawn = []
    monkeypatch.setattr("harness.runs.start.open_screen", lambda log, quiet: drawn.append(make_screen()) or drawn[0])
    assert main(["run", *OPTIONS, "--time-budget", "0", "--output", str(output)]) == 0
    (record,) = RunStore.open(next(output.iterdir())).records()
    return sum(row["train_seconds"] + row["eval_seconds"] for row in record.history)


def test_the_live_screen_costs_less_than_one_percent_of_a_small_training(benchmark, tmp_path, monkeypatch, terminal):
    ways = {"live": lambda: LiveScreen(stream=terminal), "none": NoScreen}
    pairs = []
    for turn in range(PAIRS + 1):
        order = list(ways) if turn % 2 else list(reversed(ways))
        pairs.append({way: seconds(tmp_path / f"{turn}{way}", monkeypatch, ways[way]) for way in order})
    ratios = [pair["live"] / pair["none"] for pair in pairs[1:]]  # the first pair warms both up
    benchmark.extra_info["ratio"] = median(ratios)
    benchmark.pedantic(seconds, args=(tmp_path / "last", monkeypatch, ways["live"]), rounds=1)
    print(f"\na training takes {median(ratios):.4f} times as long with it ({min(ratios):.3f} to {max(ratios):.3f})")
    assert median(ratios) <= 1.01
