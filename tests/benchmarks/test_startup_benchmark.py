"""How long a person waits for help and for the list, in units of an empty Python process."""

from __future__ import annotations

import os
from statistics import median

import pytest

from tests.benchmarks.yardstick import ratio, run, seconds, slower_than_saved
from tests.faults.broken_packages import MODELS, SPEC, install

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


def test_reading_the_catalogue_costs_a_few_empty_processes(benchmark):
    """Less than 0.1 s, which is some eight of them."""
    command = ["-c", "from zoo.catalogue.snapshot import entries; entries()"]
    benchmark.pedantic(run, args=(command,), rounds=10, warmup_rounds=2)
    measured = benchmark.extra_info["ratio"] = ratio(command, NOTHING)
    assert measured <= 8
    assert slower_than_saved("reading the catalogue", measured) == ""


@pytest.mark.parametrize("num_packages", [0, 5, 20, 100])
@pytest.mark.parametrize(("name", "limit"), [("--help", 6), ("list", 12), ("plugins", 12)])
def test_start_up_with_installed_packages_of_plugins(benchmark, monkeypatch, tmp_path, name, limit, num_packages):
    """At most 2 ms a package, which is about a fifth of an empty process."""
    paths = [os.getcwd(), str(_site(tmp_path, num_packages))]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    command = ["-m", "harness", name]
    benchmark.pedantic(run, args=(command,), rounds=10, warmup_rounds=2)
    measured = benchmark.extra_info["ratio"] = ratio(command, NOTHING)
    assert measured <= limit + 0.2 * num_packages
    assert slower_than_saved(f"start-up of {name} with {num_packages} packages", measured) == ""


def test_a_package_of_plugins_costs_at_most_2_ms(benchmark, monkeypatch, tmp_path):
    command = ["-m", "harness", "list"]
    folders = [_site(tmp_path / str(number), number) for number in (0, 100)]
    took: list[list[float]] = [[], []]
    for turn in range(22):  # the first of each compiles and warms the file cache
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([os.getcwd(), str(folders[turn % 2])]))
        took[turn % 2].append(seconds(command))
    none, hundred = (median(times[1:]) for times in took)
    benchmark.pedantic(run, args=(command,), rounds=1)  # pytest-benchmark skips what it has not measured
    benchmark.extra_info["ms a package"] = 10 * (hundred - none)
    assert (hundred - none) / 100 <= 0.002


def _site(folder, num_packages):
    """A folder of that many installed packages, each with a model."""
    folder.mkdir(exist_ok=True)
    for number in range(num_packages):
        name = f"pack{number}"
        install(folder, name, f"{MODELS}    return [{SPEC.format(name)}]\n")
    return folder
