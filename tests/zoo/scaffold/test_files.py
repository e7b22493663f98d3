"""What `harness new` writes is good as it is: clean for ruff, found, trained, and its own tests pass."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import PurePosixPath
from zipfile import ZipFile

import pytest

import zoo.testing
from harness.cli.main import main
from tests.source import ROOT
from tests.test_wheel import BUILD
from zoo import ZooError
from zoo.discovery import discover
from zoo.scaffold.files import DATASET, KINDS, LIBRARY, LOGGER, MODEL, Plugin, files_of, kind_of, write


def written(tmp_path, kind, name="my_net", *, is_package=False):
    return write(files_of(Plugin(name=name, kind=kind, is_package=is_package)), tmp_path)


@pytest.mark.parametrize("name", ["my_net", "Net", "a_name_that_is_as_long_as_one_may_be_at_most_is_50"])
def test_ruff_has_nothing_to_say_of_any_file(tmp_path, name):
    ruff = pytest.importorskip("ruff").find_ruff_bin()
    for kind in KINDS:
        written(tmp_path / kind, kind, name)
        written(tmp_path / kind, kind, name, is_package=True)
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        done = subprocess.run([ruff, *command, "."], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout


@pytest.mark.once
def test_a_file_of_a_model_keeps_what_a_run_relies_on(tmp_path):
    (file,) = written(tmp_path, MODEL)
    loaded = discover([str(file)])
    assert loaded.plugin("my_net").status == "ok"
    assert zoo.testing.failures(loaded.models["my_net/tiny"][0]) == []


@pytest.mark.once
def test_files_of_a_data_set_and_of_a_logger_make_a_run_and_its_log(tmp_path):
    (data,), (log,) = written(tmp_path, DATASET, "my_data"), written(tmp_path, LOGGER, "my_log")
    given = ["--dataset", "my_data", "--logger", "my_log", "--epochs", "1", "--device", "cpu", "--time-budget", "0"]
    plugins = ["-p", str(data), "-p", str(log)]
    assert main([*plugins, "run", "--plugins", "mlp", *given, "--quiet", "--output", str(tmp_path / "runs")]) == 0
    (lines,) = (tmp_path / "runs").glob("*/logs/my_log/lines.jsonl")
    first, *others = [json.loads(line) for line in lines.read_text().splitlines()]
    assert first["epoch"] == 1
    assert {line["status"] for line in others} == {"ok"}


def test_a_file_of_a_library_lists_its_models_without_it_and_says_that_it_is_missing(tmp_path, monkeypatch, capsys):
    (file,) = written(tmp_path, LIBRARY)
    monkeypatch.setattr("zoo.building.find_spec", lambda name: None)
    assert "my_net/resnet18" in discover([str(file)]).models
    assert main(["-p", str(file), "info", "my_net/resnet18"]) == 3
    assert "pytorchcv" in capsys.readouterr().err


@pytest.mark.slow
def test_a_file_of_a_library_keeps_what_a_run_relies_on(tmp_path):
    pytest.importorskip("pytorchcv")
    (file,) = written(tmp_path, LIBRARY)
    assert zoo.testing.failures(discover([str(file)]).models["my_net/resnet10"][0]) == []


@pytest.mark.once
@pytest.mark.parametrize("kind", [MODEL, *(pytest.param(kind, marks=pytest.mark.slow) for kind in (DATASET, LOGGER))])
def test_a_package_is_built_found_by_its_entry_point_and_passes_its_own_tests(tmp_path, kind):
    written(tmp_path, kind, is_package=True)
    folder, site = tmp_path / "zoo-my-net", tmp_path / "site"
    subprocess.run([sys.executable, "-c", BUILD, str(tmp_path)], cwd=folder, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as archive:
        archive.extractall(site)
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{site}"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_declares_its_entry_point_its_licence_and_what_it_needs(tmp_path, kind):
    paths = written(tmp_path, kind, is_package=True)
    project = tomllib.loads((tmp_path / "zoo-my-net" / "pyproject.toml").read_text())["project"]
    assert project["entry-points"] == {"zoo": {"my_net": "my_net"}}
    assert project["name"] == "zoo-my-net"
    assert ("pytorchcv>=0.0.70" in project["dependencies"]) == (kind == LIBRARY)
    names = {path.relative_to(tmp_path / "zoo-my-net").as_posix() for path in paths}
    assert names == {
        *("src/my_net.py", "tests/test_my_net.py", "pyproject.toml", "README.md", "LICENSE"),
        ".github/workflows/tests.yml",
    }


def test_no_file_is_written_where_one_of_them_is_there(tmp_path):
    there = tmp_path / "b"
    there.write_text("mine")
    with pytest.raises(ZooError, match=f"{there} is there already"):
        write({PurePosixPath("a"): "new", PurePosixPath("b"): "new"}, tmp_path)
    assert there.read_text() == "mine"
    assert not (tmp_path / "a").exists()


def test_a_link_to_nowhere_is_not_written_through(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ZooError, match="is there already"):
        write({PurePosixPath("a"): "new"}, tmp_path)
    assert not (tmp_path / "elsewhere").exists()


def test_a_library_that_there_is_no_template_for_is_one_line():
    assert kind_of(library="pytorchcv") == LIBRARY
    assert [kind_of(), kind_of(dataset=True), kind_of(logger=True)] == [MODEL, DATASET, LOGGER]
    with pytest.raises(ZooError, match=r"no template for the library 'pytorchvc'. Did you mean pytorchcv\?"):
        kind_of(library="pytorchvc")
