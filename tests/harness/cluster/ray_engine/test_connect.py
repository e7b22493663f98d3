"""Ray joined or started: what is said where it cannot be, and what it must not do to the run."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
from contextlib import contextmanager

import pytest

from harness.cluster.ray_engine import head
from harness.cluster.ray_engine.connect import joined
from harness.cluster.ray_engine.slots import Slot
from tests.harness.cluster.ray_engine.stand_in import StandIn
from zoo.errors import ZooError


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    for name in ("RAY_ADDRESS", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def refusal(address=None):
    with pytest.raises(ZooError) as raised, joined(address):
        pass
    return raised.value


def test_without_ray_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    error = refusal()
    assert (error.cause, error.remedy) == (
        "--engine ray needs Ray, which is not installed",
        "pip install 'zoo-harness[ray]'",
    )


def test_an_old_ray_is_refused_by_its_version(monkeypatch):
    StandIn(version="2.9.3").install(monkeypatch)
    assert refusal().cause == "--engine ray needs Ray 2.54 or later, and 2.9.3 is installed"


def test_the_address_of_rays_client_is_refused(monkeypatch):
    ray = StandIn().install(monkeypatch)
    assert "ray://10.0.0.1:10001" in refusal("ray://10.0.0.1:10001").cause
    assert ray.inits == []


@pytest.mark.parametrize(
    ("address", "why"),
    [("127.0.0.1:1", "[Errno 111] Connection refused"), ("127.0.0.1:x", "invalid literal"), ("auto", "Ray's words")],
)
def test_a_cluster_that_does_not_answer_is_named_at_once(monkeypatch, address, why):
    ray = StandIn().install(monkeypatch)

    def init(*words, **options):
        raise ConnectionError("Ray's words\nand many more")

    monkeypatch.setattr(sys.modules["ray"], "init", init)
    error = refusal(address)
    assert error.cause.startswith(f"no Ray cluster answers at {address}: {why}")
    assert "many more" not in error.cause
    assert not ray.is_up


@pytest.fixture
def folders(monkeypatch):
    """The folders of Rays of this machine's own, which are not started."""
    seen = []

    @contextmanager
    def started(folder):
        assert folder.is_dir()
        seen.append(folder)
        with socket.create_server(("127.0.0.1", 0)) as server:
            yield f"127.0.0.1:{server.getsockname()[1]}"

    monkeypatch.setattr(head, "started", started)
    return seen


def test_a_local_ray_has_the_cores_of_this_process_and_no_page(tmp_path):
    settings = head.settings(str(tmp_path))
    assert (settings["num_cpus"], settings["include_dashboard"]) == (len(os.sched_getaffinity(0)), False)


def test_ray_is_quiet_and_leaves_environment_signals_and_disk_as_they_were(monkeypatch, folders):
    ray = StandIn().install(monkeypatch)
    handler = signal.getsignal(signal.SIGTERM)
    whole = sys.modules["ray"].init

    def with_handler(*words, **options):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        return whole(*words, **options)

    monkeypatch.setattr(sys.modules["ray"], "init", with_handler)
    with joined(None) as cluster:
        assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
        assert (cluster.is_local, cluster.address) == (True, "10.0.0.1:6379")
        assert signal.getsignal(signal.SIGTERM) == handler
        assert sys.modules["ray._private"].worker._worker_logs_enabled is False
    ((_, options),) = ray.inits
    assert options == {"log_to_driver": False, "logging_level": "ERROR"}
    assert not folders[0].exists()
    assert "RAY_USAGE_STATS_ENABLED" not in os.environ


def test_a_local_ray_that_does_not_start_says_its_last_word(monkeypatch, tmp_path):
    StandIn().install(monkeypatch)
    bad = tmp_path / "python"
    bad.write_text("#!/bin/sh\necho first >&2\necho its last word >&2\n")
    bad.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(bad))
    assert refusal().cause == "Ray could not be started: its last word"


def test_a_local_ray_asks_whoever_speaks_to_it_for_a_secret(monkeypatch, folders):
    seen = {}

    class Finder:
        def find_spec(self, name, path=None, target=None):
            if name == "ray":
                seen.update(os.environ)
                raise ImportError(name)  # also where it is installed

    StandIn().install(monkeypatch)
    monkeypatch.delitem(sys.modules, "ray")
    monkeypatch.setattr(sys, "meta_path", [Finder(), *sys.meta_path])
    with pytest.raises(ZooError, match="needs Ray"), joined(None):
        pass
    assert seen["RAY_AUTH_MODE"] == "token"
    assert len(seen["RAY_AUTH_TOKEN"]) == 64
    assert "RAY_AUTH_TOKEN" not in os.environ


def test_what_goes_wrong_within_a_run_is_not_said_of_ray(monkeypatch, folders):
    StandIn().install(monkeypatch)
    with pytest.raises(FileNotFoundError, match="mine"), joined(None):
        raise FileNotFoundError("mine")


@pytest.mark.parametrize(("given", "address"), [("auto", "auto"), (None, "127.0.0.1:{port}")])
def test_a_cluster_that_runs_is_joined_by_its_address_or_that_of_the_environment(monkeypatch, given, address):
    ray = StandIn().install(monkeypatch)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{port}")
        with joined(given) as cluster:
            assert not cluster.is_local
            assert "RAY_AUTH_TOKEN" not in os.environ
    ((words, options),) = ray.inits
    assert words == (address.format(port=port),)
    assert "num_cpus" not in options


def test_rays_sockets_have_short_paths_wherever_temporary_files_go(monkeypatch, tmp_path, folders):
    StandIn().install(monkeypatch)
    deep = tmp_path / ("deep" * 20)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with joined(None):
        pass
    assert len(f"{folders[0]}/session_2026-11-27_03-33-01_497782_1234567/sockets/plasma_store") < 104


def test_nodes_that_are_dead_have_no_slots(monkeypatch):
    ray = StandIn(cpus=(2, 4)).install(monkeypatch)
    with joined("auto") as cluster:
        whole = ray.nodes()
        assert Slot(num_cpus=1).count(cluster.nodes) == 6
        monkeypatch.setattr(sys.modules["ray"], "nodes", lambda: [{**whole[0], "Alive": False}, whole[1]])
        assert Slot(num_cpus=1).count(cluster.nodes) == 4
