"""Faults 1-6 and 26: plugins that go wrong as they are found, through `harness -p FILE list` and `plugins`."""

from __future__ import annotations

import os
import re
import sys
import time
from types import ModuleType

import pytest

import zoo
from harness.cli import main
from tests.faults.runs import children
from zoo.discovery import discover
from zoo.manager import sandbox

GOOD = """
import zoo
@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name="{name}", build="x:y")
"""


@pytest.fixture(autouse=True)
def rehearsed(monkeypatch):
    """As on the command line: other tests have loaded torch into this process, which would forbid a rehearsal."""
    monkeypatch.setattr(sandbox, "is_possible", lambda: True)


@pytest.fixture
def listed(tmp_path, capfd):
    """Lists `mine/good` beside a plugin of the given text; returns what was said of that one to be wrong.

    That is one line, with the place and what to do behind it.
    """
    good = tmp_path / "good.py"
    good.write_text(GOOD.format(name="mine/good"))

    def run(text):
        (tmp_path / "bad.py").write_text(text)
        code = main.main(["-p", str(tmp_path / "bad.py"), "-p", str(good), "list", "mine/*"])
        out, err = capfd.readouterr()
        assert (code, out) == (0, "mine/good\n")
        assert err.count("\n") == 1
        cause, _, place_and_remedy = err.rstrip().partition("bad.py): ")[2].rpartition(", at ")
        assert re.fullmatch(r"\S+:\d+; \S.+", place_and_remedy)
        return cause

    return run


@pytest.mark.fault(1)
def test_1_a_plugin_that_raises_at_import_costs_only_itself(listed):
    assert listed("raise OSError('no\\ndisk')") == "import: OSError: no disk"


@pytest.mark.fault(1)
def test_1_an_installed_plugin_that_raises_is_named_with_its_version(tmp_path, monkeypatch, capsys):
    info = tmp_path / "acme_net-1.4.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-net\nVersion: 1.4\n")
    (info / "entry_points.txt").write_text("[zoo]\nacme = acme_net_of_a_test\n")
    (tmp_path / "acme_net_of_a_test.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert main.main(["list", "resnet18"]) == 0
    assert "acme (installed: acme-net 1.4): import: ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.fault(2)
@pytest.mark.parametrize("error", ["SystemExit", "KeyboardInterrupt", "GeneratorExit", "MemoryError"])
def test_2_whatever_a_plugin_raises_at_import_is_its_own_failure(listed, error):
    assert listed(f"raise {error}('x')") == f"import: {error}: x"


@pytest.mark.fault(2)
@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("import ctypes; ctypes.string_at(0)", "crashed with SIGSEGV"),
        ("import os; os.abort()", "crashed with SIGABRT"),
        ("import os; os._exit(0)", "ended the process (exit 0)"),
        ("import os; os.kill(0, 9)", "crashed with SIGKILL"),
        ("print('x' * 10**6); import os; os.closerange(0, 99); os._exit(7)", "ended the process (exit 7)"),
    ],
)
def test_2_a_plugin_that_ends_its_process_does_not_end_ours(listed, text, how):
    assert listed(text) == f"import: {how}"


@pytest.mark.fault(2)
def test_2_a_real_ctrl_c_while_plugins_are_loaded_ends_the_program(monkeypatch, tmp_path):
    (tmp_path / "fine.py").write_text(GOOD.format(name="mine/fine"))
    monkeypatch.setattr(sandbox, "probe", interrupted)
    assert main.main(["-p", str(tmp_path / "fine.py"), "list"]) == 130


@pytest.mark.fault(2)
def test_2_a_real_ctrl_c_while_a_shipped_hook_runs_ends_the_program(monkeypatch):
    shipped = ModuleType("plugins.mlp")
    shipped.zoo_models = zoo.hookimpl(interrupted)
    monkeypatch.setitem(sys.modules, "plugins.mlp", shipped)
    assert main.main(["list"]) == 130


@pytest.mark.fault(3)
@pytest.mark.parametrize("ignoring", ["", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"])
def test_3_a_plugin_that_hangs_is_left_after_the_limit(listed, monkeypatch, ignoring):
    monkeypatch.setenv("ZOO_PLUGIN_TIMEOUT", "0.3")
    before, start = children(), time.monotonic()
    assert listed(f"{ignoring}\nimport time; time.sleep(60)") == "import: no answer after 0.3 s"
    assert time.monotonic() - start < 5
    assert children() == before


@pytest.mark.fault(3)
def test_3_what_a_hanging_plugin_started_is_ended_with_it(listed, monkeypatch, tmp_path):
    monkeypatch.setenv("ZOO_PLUGIN_TIMEOUT", "0.5")
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    listed(f"import os, time\nwriter = os.open({str(fifo)!r}, os.O_WRONLY)\nos.fork()\ntime.sleep(60)")
    assert os.read(reader, 1) == b""  # the end of the file: no process holds the other side any more


@pytest.mark.fault(3)
def test_3_a_plugin_that_takes_all_memory_fails_by_itself(listed, monkeypatch):
    monkeypatch.setattr(sandbox, "memory_limit", lambda: 2**33)
    assert listed("keep = bytearray(2**34)") == "import: MemoryError"


@pytest.mark.fault(4)
def test_4_the_first_owner_keeps_a_model_name_and_both_are_named(listed, tmp_path):
    text = GOOD.format(name="resnet18")
    assert listed(text) == "resnet18 is owned by torchvision_models"
    assert discover([str(tmp_path / "bad.py")], environment={}).models["resnet18"][1] == "torchvision_models"


@pytest.mark.fault(4)
def test_4_two_plugins_of_one_name_both_load(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.py").write_text(GOOD.format(name=f"mine/{folder}"))
    found = discover([str(tmp_path / folder / "same.py") for folder in ("a", "b")], environment={})
    assert {"mine/a", "mine/b"} <= set(found.models)
    assert found.models["mine/b"][1] == f"same (file: {tmp_path}/b/same.py)"


@pytest.mark.fault(5)
def test_5_a_misspelt_hook_is_reported_with_the_right_one(listed):
    said = listed("import zoo\n@zoo.hookimpl\ndef zoo_registr_models():\n    return ()")
    assert said == "unknown hook 'zoo_registr_models'. Did you mean zoo_models?"


@pytest.mark.fault(6)
def test_6_a_hook_that_raises_costs_only_its_plugin(listed):
    assert listed("import zoo\n@zoo.hookimpl\ndef zoo_models():\n    yield 1 / 0").startswith(
        "zoo_models: ZeroDivision"
    )


@pytest.mark.fault(6)
def test_6_a_hook_that_hangs_is_left_after_the_limit(listed, monkeypatch):
    monkeypatch.setenv("ZOO_PLUGIN_TIMEOUT", "0.3")
    text = "import time, zoo\n@zoo.hookimpl\ndef zoo_datasets():\n    time.sleep(60)"
    assert listed(text) == "zoo_datasets: no answer after 0.3 s"


@pytest.mark.fault(6)
def test_6_asking_for_a_model_of_a_failed_plugin_says_why_it_is_missing(tmp_path, capsys):
    (tmp_path / "mine.py").write_text("raise OSError('no disk')")
    assert main.main(["-p", str(tmp_path / "mine.py"), "run", "--plugins", "mine/tiny"]) == 2
    assert "A plugin that may offer it, mine failed: import: OSError: no disk\n" in capsys.readouterr().err


@pytest.mark.fault(23)
@pytest.mark.parametrize("possible", [True, False])
def test_23_a_plugin_that_patches_our_modules_is_undone_and_named(listed, monkeypatch, possible):
    import results.ranking.metrics

    monkeypatch.setattr(sandbox, "is_possible", lambda: possible)
    score = results.ranking.metrics.score
    patch = "from results.ranking import metrics\nmetrics.score = None"
    assert listed(patch) == "changed results.ranking.metrics.score"
    assert results.ranking.metrics.score is score


@pytest.mark.fault(23)
@pytest.mark.parametrize("possible", [True, False])
def test_23_a_hook_that_patches_our_modules_is_undone_and_named(listed, monkeypatch, possible):
    monkeypatch.setattr(sandbox, "is_possible", lambda: possible)
    text = "import zoo, zoo.names\n@zoo.hookimpl\ndef zoo_models():\n    zoo.names.is_valid = None\n    return ()"
    assert listed(text) == "changed zoo.names.is_valid"
    assert zoo.names.is_valid is not None


@pytest.mark.fault(22)
def test_22_a_plugin_that_changes_how_torch_computes_is_undone_and_named(listed):
    import torch

    assert listed("import torch\ntorch.set_default_dtype(torch.float64)") == "changed torch.get_default_dtype()"
    assert torch.get_default_dtype() == torch.float32


@pytest.mark.fault(26)
@pytest.mark.parametrize(
    ("version", "said"),
    [("2", "needs zoo-api 2, have 1"), ("'2'", "ZOO_API is '2', not a whole number")],
)
def test_26_a_plugin_for_a_newer_interface_is_left_out(listed, version, said):
    assert listed(f"ZOO_API = {version}\n" + GOOD.format(name="mine/newer")) == said


@pytest.mark.fault(26)
def test_26_a_plugin_for_this_interface_is_offered(tmp_path):
    (tmp_path / "mine.py").write_text(f"ZOO_API = {zoo.API_VERSION}\n" + GOOD.format(name="mine/now"))
    assert "mine/now" in discover([str(tmp_path / "mine.py")], environment={}).models


def interrupted(*ignored):
    raise KeyboardInterrupt
