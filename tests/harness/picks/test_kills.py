"""A pick that is killed again and again comes to the answer of one that is left alone."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from random import Random

import numpy as np
import pytest

from tests.harness.picks.test_start import command
from tests.source import ROOT

KILLS = 20
DECIDED = ("model", "stage", "reason", "quota", "probe1_err", "probe2_err", "top1_err", "weights_sha256")
SECONDS = 20.0  # a whole pick takes about so long: some kills come before its folder is there, some in its finals


def started(arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-m", "harness", *arguments, "--quiet"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def folder_of(output: Path) -> Path | None:
    """The pick's folder, once there is enough of it to go on with."""
    return next((path.parent for path in output.glob("*/pick.json")), None)


def carried_on(output: Path):
    """The command that begins the pick, or goes on with it."""
    folder = folder_of(output)
    return command(output) if folder is None else [*command(output)[:2], "resume", str(folder)]


def answer(output: Path):
    """All that was decided, without times; and the answers of every probe."""
    folder = folder_of(output)
    with (folder / "pick.csv").open() as file:
        lines = [[row[name] for name in DECIDED] for row in csv.DictReader(file)]
    probes = {}
    for path in sorted((folder / "probes").glob("*.npz")):
        with np.load(path) as arrays:
            probes[path.name] = {name: arrays[name].tobytes() for name in arrays.files if name != "words"}
    return lines, probes


@pytest.mark.slow
def test_a_pick_that_is_killed_twenty_times_has_the_answer_of_one_that_is_left_alone(tmp_path):
    alone = started(command(tmp_path / "alone"))
    assert alone.wait(600) == 0, alone.stderr.read()
    random, killed, number = Random(1), 0, 0
    while killed < KILLS:
        output = tmp_path / f"killed{number}"
        child = started(carried_on(output))
        with suppress(subprocess.TimeoutExpired):
            child.wait(random.uniform(0.5, SECONDS))
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
            child.wait()
            killed += 1
        else:  # it has come to its end before it could be killed: another is begun
            assert child.returncode == 0, child.stderr.read()
            number += 1
    last = started(carried_on(tmp_path / f"killed{number}"))
    assert last.wait(600) == 0, last.stderr.read()
    for at in range(number + 1):
        assert len(list((tmp_path / f"killed{at}").glob("*/pick.json"))) == 1
        assert answer(tmp_path / f"killed{at}") == answer(tmp_path / "alone")
