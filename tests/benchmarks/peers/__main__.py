"""Times the same work in every peer and in ours, by turns in fresh processes, and prints the ratios as Markdown.

CPU seconds are taken at one thread, wall seconds at two. Samples are kept in a file as they come; `--runs 0` prints
the table of what is there already.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

from tests.benchmarks.peers.table import Sample, markdown

ANY_MODEL = ("notes", "lightning", "accelerate", "ignite", "fastai", "skorch")
TRANSFER = ("notes", "lightning", "fastai", "fastai_vision", "ours_bf16")
PEERS = {
    "fc_model": ANY_MODEL,
    "fc_model, notes validate every 40 steps": ("notes",),
    "sequential": ANY_MODEL,
    "resnet18, 3 epochs": TRANSFER,
    "densenet121, 3 epochs": TRANSFER,
    "resnet18, 10 epochs": TRANSFER,
    "densenet121, 10 epochs": TRANSFER,
}
THREADS = {"cpu": 1, "wall": 2}


def measure(peer: str, job: str, clock: str, data: Path) -> Sample:
    """Do one job in a fresh process."""
    environment = os.environ | {"OMP_NUM_THREADS": str(THREADS[clock])}
    command = [sys.executable, "-W", "ignore", "-m", f"tests.benchmarks.peers.{peer}", job, "--data", str(data)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    return Sample(
        job=job,
        peer=peer,
        clock=clock,
        seconds=figures[f"{clock}_seconds"],
        loss=figures["final_eval_loss"],
        accuracy=figures["final_eval_accuracy"],
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.peers", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="rounds of every peer and ours (default: 5)")
    parser.add_argument("--only", default="*", metavar="GLOB", help="jobs whose name matches, such as 'resnet18*'")
    parser.add_argument("--clock", choices=("cpu", "wall"), help="one of the two clocks instead of both")
    parser.add_argument("--data", type=Path, default=Path("build/peers"), help="made there on first use")
    parser.add_argument("--samples", type=Path, help="keep samples here (default: DATA/samples.jsonl)")
    options = parser.parse_args()
    path = options.samples or options.data / "samples.jsonl"
    if options.runs:
        # Another process makes the data: nothing heavy is loaded in the one that waits beside the measured ones.
        making = "import sys, pathlib; from tests.benchmarks.peers.generate import everything as make; "
        making += "make(pathlib.Path(sys.argv[1]))"
        subprocess.run([sys.executable, "-c", making, str(options.data)], check=True)
    jobs = [job for job in PEERS if fnmatch(job, options.only)]
    for clock in [options.clock] if options.clock else THREADS:
        for turn in range(options.runs):
            for job in jobs:
                for peer in ("ours", *PEERS[job]):
                    sample = measure(peer, job, clock, options.data)
                    print(f"{clock} {turn + 1}/{options.runs} {job}: {peer} {sample.seconds:.3f} s", file=sys.stderr)
                    with path.open("a", encoding="utf-8") as file:
                        file.write(sample.as_json() + "\n")
    samples = [Sample(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
    print(markdown([sample for sample in samples if sample.job in jobs]))


if __name__ == "__main__":
    main()
