"""Where the workers of `--jobs` work."""

from __future__ import annotations

import os
import sys

import pytest

from harness.cluster import local_workers as module
from harness.cluster.local_workers import Place, local_workers, places
from zoo.errors import ZooError


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 1, 2, 3, 8, 9, 10, 11})
    monkeypatch.setattr(module, "num_cpus", lambda: 8)
    monkeypatch.setattr(module.devices, "count", lambda kind: 2)


def test_cores_are_shared_out_and_none_is_anybody_elses():
    assert [place.cores for place in places(2, "cpu")] == [(0, 1, 2, 3), (8, 9, 10, 11)]
    three = [place.cores for place in places(3, "cpu")]
    assert sorted(core for cores in three for core in cores) == [0, 1, 2, 3, 8, 9, 10, 11]
    assert {len(cores) for cores in three} == {2, 3}


def test_each_accelerator_has_a_worker_of_its_own():
    assert [place.device for place in places(2, "cuda")] == ["cuda:0", "cuda:1"]


@pytest.mark.parametrize(("kind", "said"), [("cpu", "may use 8 cores"), ("cuda", "has 2 cuda")])
def test_more_workers_than_places_are_refused(kind, said):
    with pytest.raises(ZooError, match=said):
        places(9, kind)


def test_a_worker_gets_its_place_and_is_gone_when_the_block_is_left(tmp_path, monkeypatch):
    """A Python that prints how it was started and waits stands in for the harness."""
    echo = "import sys; print(*sys.argv[1:], flush=True); sys.stdin.read(); print('the end'); sys.exit(3)"
    stub = tmp_path / "python"
    stub.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{echo}" "$@"\n')
    stub.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stub))
    where = [Place(device="cpu", cores=(1,)), Place(device="cpu", cores=(2, 3))]
    with local_workers(tmp_path, where, tmp_path / "logs") as workers:
        processes = [worker.process for worker in workers]
        workers[0].process.stdin.close()
        assert workers[0].process.wait(10) == 3
        assert workers[0].last_line == "the end"
        workers[1].process.kill()
    assert all(process.returncode is not None for process in processes)
    said = (tmp_path / "logs" / "1.txt").read_text().splitlines()[0]
    words = f"-m harness worker {tmp_path} --device cpu --log plain --end-with-stdin --cores 1"
    assert said.replace("'", "") == words
