"""How long a person waits for help and for the list, in units of an empty Python process."""

from __future__ import annotations

import pytest

from tests.benchmarks.yardstick import ratio, run, slower_than_saved

NOTHING = ["-c", "pass"]


@pytest.mark.parametrize(
    ("name", "arguments", "limit"),
    [("start-up of --help", ["--help"], 6), ("start-up of list", ["list"], 12)],
)
def test_start_up_costs_a_few_empty_processes(benchmark, name, arguments, limit):
    command = ["-m", "harness", *arguments]
    benchmark.pedantic(run, args=(command,), rounds=10, warmup_rounds=2)
    measured = benchmark.extra_info["ratio"] = ratio(command, NOTHING)
    assert measured <= limit
    assert slower_than_saved(name, measured) == ""
