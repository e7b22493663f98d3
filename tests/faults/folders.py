"""Image folders for the faults of data, and the command line's answer to them."""

from __future__ import annotations

from pathlib import Path

from harness.cli.main import main
from results.store.run_store import RunStore
from tests.faults.data_plugin import __file__ as PLUGIN
from tests.faults.runs import Run
from tests.harness.pictures import folder

PARTS = ("train/cat", "train/dog", "test/cat", "test/dog")
OPTIONS = ("--epochs", "1", "--time-budget", "0.01", "--device", "cpu", "--num-threads", "1")


def pets(tmp_path: Path, num: int = 6, **options) -> Path:
    """A good folder of small pictures, every one another."""
    return folder(tmp_path / "pets", PARTS, num=num, **options)


def run(root: Path, names: str, *options: str, capsys) -> Run:
    """A run on the folder that must leave a run's folder behind."""
    output = root.parent / "runs"
    given = ["-p", PLUGIN, "run", "--plugins", names, *OPTIONS, "--data-dir", str(root), "--output", str(output)]
    code = main([*given, *options])
    said = capsys.readouterr()
    (kept,) = output.iterdir()
    assert "Traceback" not in said.err
    return Run(code, RunStore.open(kept), said.out, said.err)


def refused(capsys, *arguments: str | Path) -> tuple[str, str]:
    """Cause and remedy of a command that must end with exit 3, one line each, and nothing like a traceback."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 3
    said = capsys.readouterr().err
    said.encode("utf-8")
    assert "Traceback" not in said
    lines = said.splitlines()
    (at,) = [index for index, line in enumerate(lines) if line.startswith("error: ")]
    cause, remedy = lines[at:]
    return cause.removeprefix("error: "), remedy.strip()


def refused_by_both(capsys, root: Path, output: Path) -> tuple[str, str]:
    """What `check-data` and `run` both say of a folder that none of them accepts."""
    told = refused(capsys, "check-data", root)
    assert refused(capsys, "run", "--plugins", "fc_model", "--data-dir", root, "--output", output) == told
    assert not output.exists() or not list(output.rglob("records/*"))
    return told


def checked(capsys, root: Path) -> str:
    """What `check-data` prints of a folder that it accepts: valid UTF-8, one printable line for each fact."""
    capsys.readouterr()
    assert main(["check-data", str(root)]) == 0
    said = capsys.readouterr().out
    said.encode("utf-8")
    assert all(line.isprintable() for line in said.splitlines())
    return said
