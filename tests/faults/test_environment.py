"""Faults 153-156: the folder a command is started in, and the folders that the environment names or does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.source import PACKAGES, ROOT

RAISES = "raise SystemExit(__file__ + ' was imported')"
# Names that Python's own start, argparse, multiprocessing or a plugin will ask for.
LIBRARIES = ("torch", "random", "types", "typing", "re", "json", "signal", "tempfile", "selectors", "pluggy", "timm")
# What the children of both kinds import, said by themselves; the fork server has imported it before.
CHILDREN = """
import json, os, sys
import harness
from harness.isolation import supervisor
supervisor.PRELOAD = ("results", "plugins.mlp", "zoo.specs", "random")
if __name__ == "__main__":
    from tests.faults.test_environment import say_places
    supervisor.start_server()
    for device in ("cpu", "cuda"):
        child = supervisor.Supervisor(target=say_places, context=supervisor.context_for(device))
        print(json.dumps(child.run("").result))
"""


def say_places(job: str, messages, log) -> None:
    import random

    import plugins.mlp
    import results
    import zoo

    places = [module.__file__ for module in (zoo, results, plugins.mlp, random)]
    os.setsid()
    os.write(messages.fileno(), json.dumps({"result": {"places": places}}).encode() + b"\n")


def python(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Python in `folder`; the harness comes from elsewhere, as where it is installed."""
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def project(tmp_path):
    """A project with packages of our names, and files that are called as libraries are."""
    for name in ("plugins", "results"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(RAISES)
    for name in ("zoo", *LIBRARIES):
        (tmp_path / f"{name}.py").write_text(RAISES)
    return tmp_path


@pytest.mark.fault(141)
@pytest.mark.parametrize("way", [("-m", "harness"), ("-c", "import sys, harness.__main__ as m; sys.exit(m.main())")])
def test_141_a_project_with_packages_of_our_names_sees_all_models(tmp_path, way):
    """By `python -m`, and as the console script does it in a folder that is on the path."""
    for name in ("plugins", "results", "zoo"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("")
    done = python(tmp_path, *way, "list", "mlp", "resnet18", PYTHONPATH=f"{ROOT}{os.pathsep}{tmp_path}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "mlp\nresnet18\n", "")


@pytest.mark.fault(141)
def test_141_a_stranger_that_bears_our_name_already_is_named(tmp_path):
    (tmp_path / "results.py").write_text("")
    done = python(tmp_path, "-c", "import sys; sys.path.insert(0, '.'); import results; import harness")
    assert f"ImportError: the harness has a package 'results' of its own in {ROOT}" in done.stderr
    assert "import harness first, or rename yours" in done.stderr


@pytest.mark.fault(142)
def test_142_files_called_as_libraries_are_left_alone(project):
    done = python(project, "-m", "harness", "list", "resnet18")
    assert (done.returncode, done.stdout, done.stderr) == (0, "resnet18\n", "")


@pytest.mark.fault(142)
def test_142_children_of_both_kinds_import_what_their_parent_does(project):
    (project / "scripts").mkdir()
    (project / "scripts" / "start.py").write_text(CHILDREN)
    done = python(project, "scripts/start.py")
    assert done.stderr == ""
    ours = [str(ROOT / name) for name in ("zoo/__init__.py", "results/__init__.py", "plugins/mlp.py")]
    random = sys.modules["random"].__file__
    assert [json.loads(line) for line in done.stdout.splitlines()] == [{"places": [*ours, random]}] * 2


def test_a_checkout_needs_no_installation():
    assert python(ROOT, "-m", "harness", "list", "resnet18", PYTHONPATH="").stdout == "resnet18\n"
    assert {"zoo", "plugins", "results"} < set(PACKAGES)


@pytest.mark.fault(143)
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_143_a_long_tmpdir_costs_no_run(tmp_path, device):
    long = tmp_path / ("x" * 100)
    long.mkdir()
    script = tmp_path / "start.py"
    script.write_text(CHILDREN.replace('("cpu", "cuda")', f'("{device}",)'))
    done = python(tmp_path, "start.py", TMPDIR=str(long))
    assert (done.stderr, done.stdout.count("zoo/__init__.py"), list(long.iterdir())) == ("", 1, [])


@pytest.mark.fault(144)
def test_144_a_folder_of_images_is_looked_at_by_a_user_without_a_home(tmp_path):
    """Its facts are kept in a cache, and its files are shown with ~ for home: both asked for one."""
    (tmp_path / "sitecustomize.py").write_text("import pwd\ndel pwd.getpwuid\npwd.getpwuid = {}.__getitem__")
    for name in ("a", "b"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        (tmp_path / "pets" / name / "1.png").write_bytes(b"")
    variables = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{tmp_path}:{ROOT}", "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "harness", "check-data", "pets"]
    done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, check=False)
    assert f"note: this user has no home folder: caches go to {tmp_path}/zoo-home-" in done.stderr
    assert "Traceback" not in done.stderr
    assert "1.png" in done.stdout + done.stderr
    assert not (tmp_path / "~").exists()
