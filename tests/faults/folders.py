"""Image folders for the faults of data, and the command line's answer to them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness.cli.main import main
from harness.data.files.folder import FolderScan, scan_folder
from results.store.run_store import RunStore
from tests.faults.data_plugin import __file__ as PLUGIN
from tests.faults.runs import Run
from tests.harness.pictures import folder
from zoo import ZooError

PARTS = ("train/cat", "train/dog", "test/cat", "test/dog")
OPTIONS = ("--epochs", "1", "--time-budget", "0", "--device", "cpu", "--num-threads", "1")


def pets(tmp_path: Path, num: int = 6, **options) -> Path:
    """A good folder of small pictures, every one another."""
    return folder(tmp_path / "pets", PARTS, num=num, **options)


def run(root: Path, names: str, *options: str, capsys) -> Run:
    """A run on the folder that must leave a run's folder behind."""
    output = root.parent / "runs"
    given = ["-p", PLUGIN, "run", "--plugins", names, *OPTIONS, "--data-dir", str(root), "--output", str(output)]
    code = main([*given, *options])
    said = capsys.readouterr()
    (kept,) = output.glob("[!_]*")
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


def tree(root: Path, *names: str) -> Path:
    """Empty files, and folders where a name ends in a slash."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).mkdir() if name.endswith("/") else (root / name).touch()
    return root


def of_parts(root: Path, *parts: str) -> Path:
    """Two classes of two images in each part."""
    return tree(root, *(f"{part}/{label}/{n}.png" for part in parts for label in ("cat", "dog") for n in range(2)))


def parts_of(scan: FolderScan, root: Path) -> dict[str, str]:
    """The folder of each part, below `root`."""
    splits = scan.images.splits.items()
    return {part: os.path.relpath(os.path.commonpath([*map(str, split.images)]), root) for part, split in splits}


def doubted(root: Path | None, **options) -> str:
    """Why a folder is refused; the remedy must say how to say what is meant."""
    with pytest.raises(ZooError) as raised:
        scan_folder(root, **options)
    assert raised.value.exit_code == 3
    assert "--train-dir" in raised.value.remedy
    assert "--labels" in raised.value.remedy
    return raised.value.cause
