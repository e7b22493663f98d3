"""Installed packages with one fault each: `list` and `run` work with the others' models, and one line says it all."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from harness.cli.main import main
from tests.faults.broken_packages import BROKEN, GOOD, MODELS, SPEC, install
from tests.source import ROOT
from zoo.discovery import discover
from zoo.manager import sandbox

LOUD = """import os, subprocess, sys
print("printed")
os.write(1, b"written\\n")
subprocess.run(["echo", "echoed"])
sys.stdout = None
"""
NET = f"    return [{SPEC}]\n"
RUN = [
    "run",
    "--plugins",
    "good/net",
    "--dataset",
    "synthetic",
    "--epochs",
    "1",
    "--device",
    "cpu",
    "--time-budget",
    "0",
]


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of installed packages in which one is good; plugins are tried out as on the command line."""
    monkeypatch.setattr(sandbox, "is_possible", lambda: True)
    monkeypatch.setenv("ZOO_PLUGIN_TIMEOUT", "2")
    install(tmp_path, "good", GOOD)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("acme_")]:
        del sys.modules[name]


@pytest.mark.once
@pytest.mark.fault(160)
@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_160_a_broken_package_is_one_line_with_place_and_remedy_and_costs_only_what_is_broken(site, capfd, broken):
    broken.install(site)
    assert main(["list", "*/net"]) == 0
    out, err = capfd.readouterr()
    assert set(out.split()) == {"good/net", *broken.models}
    assert err == f"{broken.said(site)}\n"


@pytest.mark.fault(160)
def test_160_among_all_broken_packages_a_good_model_is_trained_and_each_other_has_its_line(site, capfd):
    # Torch reads the entry points of all packages as it is imported: beside a malformed one it cannot be.
    packages = [broken for broken in BROKEN if broken.name != "acme-malformed"]
    assert len(packages) >= 30
    for broken in packages:
        broken.install(site)
    assert main([*RUN, "--quiet", "--output", str(site / "runs")]) == 0
    out, err = capfd.readouterr()
    assert sorted(err.splitlines()) == sorted(broken.said(site) for broken in packages)
    assert "good/net" in out


@pytest.mark.fault(160)
def test_160_a_package_without_metadata_is_called_after_its_folder_and_works(site):
    (site / "acme_good-1.0.dist-info" / "METADATA").unlink()
    loaded = discover()
    assert loaded.models["good/net"][1] == "good"
    assert loaded.plugin("good").source == "installed: acme_good"


@pytest.mark.fault(160)
def test_160_of_a_package_in_two_folders_the_first_one_counts(site, tmp_path_factory, monkeypatch):
    older = tmp_path_factory.mktemp("older")
    install(older, "good", MODELS + NET.format("older"))
    (older / "acme_good-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: Acme_Good\nVersion: 0.9\n"
    )
    monkeypatch.setattr(sys, "path", [*sys.path, str(older)])
    loaded = discover()
    assert {"good/net", "older/net"} & set(loaded.models) == {"good/net"}
    assert [info.version for info in loaded.plugins if info.name.startswith("good")] == ["1.0"]


@pytest.mark.fault(160)
def test_160_one_module_under_two_names_is_loaded_once_and_named(site, capfd):
    install(site, "again", "", entry="again = acme_good")
    assert main(["list", "*/net"]) == 0
    out, err = capfd.readouterr()
    assert out == "good/net\n"
    first, second = sorted(["good", "again"], key=lambda name: name in err.partition(" (")[0])
    assert f"is what the plugin '{first}' has loaded already, at {site}/acme_good.py:1; name it only once" in err
    assert f"warning: plugin {second} (installed" in err


@pytest.mark.fault(161)
def test_161_what_a_plugin_prints_or_takes_away_as_it_is_loaded_breaks_no_json(site, capfd):
    install(site, "loud", LOUD + MODELS + '    os.write(1, b"asked\\n")\n' + NET.format("loud"))
    assert main(["list", "--json", "*/net"]) == 0
    out, err = capfd.readouterr()
    assert {row["name"] for row in json.loads(out)} == {"good/net", "loud/net"}
    assert set(err.split()) == {"printed", "written", "echoed", "asked"}


@pytest.mark.fault(161)
def test_161_where_there_is_no_stdout_plugins_are_loaded_all_the_same(site):
    install(site, "loud", "print('x')\n" + MODELS + NET.format("loud"))
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{site}"}
    command = ["sh", "-c", '"$0" -m harness list >&- 2>&-', sys.executable]
    assert subprocess.run(command, cwd=site, env=environment, timeout=60).returncode == 0


@pytest.mark.once
@pytest.mark.fault(164)
def test_164_a_plugin_that_imports_torch_when_it_is_listed_is_named_with_its_seconds(site):
    install(site, "heavy", "import torch\n" + MODELS + NET.format("heavy"))
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{site}", "ZOO_PLUGIN_TIMEOUT": "60"}
    command = [sys.executable, "-m", "harness", "list", "*/net"]
    done = subprocess.run(command, cwd=site, env=environment, capture_output=True, text=True, timeout=120)
    assert (done.returncode, set(done.stdout.split())) == (0, {"good/net", "heavy/net"})
    before, _, after = done.stderr.partition(" s)")
    said, _, seconds = before.rpartition("(")
    assert said == "warning: plugin heavy (installed: acme-heavy 1.0): slow: imports torch when it is listed "
    assert float(seconds) > 0.1
    assert after == "; import it inside the functions that use it\n"


@pytest.mark.fault(165)
@pytest.mark.parametrize("name", ["good", "good (installed: acme-good 1.0)"])
def test_165_a_name_as_it_is_displayed_leaves_a_plugin_out_and_its_model_says_by_what(site, capfd, name):
    assert main(["-p", f"no:{name}", "run", "--plugins", "good/net"]) == 2
    cause, remedy = capfd.readouterr().err.splitlines()
    assert cause == (f"error: unknown plugin 'good/net'. A plugin that may offer it, good is blocked by -p no:{name}")
    assert remedy == "  see: harness plugins"


@pytest.mark.fault(165)
def test_165_of_two_plugins_of_one_name_each_can_be_left_out(site):
    install(site, "other", MODELS + NET.format("other"), entry="good = acme_other")
    first, second = (info for info in discover().plugins if info.name.startswith("good"))
    for out, left in [(f"{first.name} ({first.source})", second), (second.name, first)]:
        loaded = discover([f"no:{out}"])
        assert [info.source for info in loaded.plugins if info.name.startswith("good") and info.models] == [left.source]


@pytest.mark.fault(165)
@pytest.mark.parametrize(
    ("arguments", "variable", "by"),
    [(["-p", "no:godo"], "", "-p no:godo"), ([], "godo", "ZOO_BLOCK_PLUGINS")],
)
def test_165_what_is_to_be_left_out_and_is_not_there_is_an_error(site, capfd, monkeypatch, arguments, variable, by):
    monkeypatch.setenv("ZOO_BLOCK_PLUGINS", variable)
    assert main([*arguments, "list"]) == 2
    cause, remedy = capfd.readouterr().err.splitlines()
    assert cause == f"error: {by}: there is no plugin 'godo'. Did you mean good?"
    assert remedy == "  see: harness plugins"


@pytest.mark.fault(165)
def test_165_a_run_is_resumed_where_a_plugin_that_it_left_out_is_gone():
    assert "mlp" in discover(["no:gone"], remembered=True).models
