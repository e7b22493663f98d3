"""Ours with `--amp --amp-dtype bfloat16`: not the same arithmetic, so its loss belongs beside its time."""

from __future__ import annotations

from functools import partial

from tests.benchmarks.peers import ours, work

if __name__ == "__main__":
    work.main(partial(ours.run, amp=True))
