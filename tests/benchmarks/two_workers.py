"""Wall-clock seconds of one run of MLPs with one worker and with two, by turns.

`python -m tests.benchmarks.two_workers [PAIRS [SEEDS]]`, on a quiet machine of at least two cores: 3 pairs, 8 seeds of
each of the two models. Both have one thread a trial, so that their records are equal.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

RUN = ["run", "--plugins", "fc_model,mlp", "--dataset", "digits", "--device", "cpu", "--num-threads", "1"]
RUN += ["--epochs", "60", "--patience", "60"]


def seconds(jobs: int, seeds: int) -> tuple[float, float]:
    """Of the whole command; and from the run's folder to its last record, before anything is timed."""
    with TemporaryDirectory() as folder:
        words = [*RUN, "--time-budget", "0.01", "--seeds", str(seeds), "--jobs", str(jobs), "--output", folder]
        command = [sys.executable, "-m", "harness", *words, "--log", "plain"]
        began = perf_counter()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as run:
            trained = begun = 0.0
            for line in run.stderr or ():
                begun = begun or (perf_counter() if line.startswith("workers") else 0.0)
                if " ✓ " in line:
                    trained = perf_counter() - begun
        assert run.returncode == 0, command
        assert len(list(Path(folder).glob("*/records/*.json"))) == 2 * seeds
        return perf_counter() - began, trained


def main(pairs: int = 3, seeds: int = 8) -> None:
    one, two = [], []
    for number in range(pairs):
        one.append(seconds(1, seeds))
        two.append(seconds(2, seeds))
        last = (("one worker", *one[-1]), ("two workers", *two[-1]))
        said = [f"{name} {whole:.1f} s ({train:.1f} s training)" for name, whole, train in last]
        print(f"pair {number + 1}: {', '.join(said)}", flush=True)
    whole, trained = (median(a[at] / b[at] for a, b in zip(one, two, strict=True)) for at in (0, 1))
    print(f"two workers on {2 * seeds} trials: {whole:.2f} times as fast in all, {trained:.2f} times in training")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
