"""A shell in which the commands of a page are typed, with the harness of this checkout.

`pip install` of a folder makes its wheel and unpacks it, as pip does, without a network.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from tests.source import ROOT
from tests.test_wheel import BUILD

PRELUDE = """
harness() { python -m harness "$@"; }
pytest() { python -m pytest -q -n 0 -p no:cacheprovider "$@"; }
pip() { last="${@: -1}"; python -m tests.docs.shell "${last%%\\[*}" "$SITE"; }
"""


def environment(folder: Path) -> dict[str, str]:
    """Variables with which nothing outside of `folder` is read or written."""
    site = folder / "site-packages"
    paths = [str(ROOT), str(site)]
    own = {"PYTHONPATH": os.pathsep.join(paths), "SITE": str(site), "HOME": str(folder), "COLUMNS": "120"}
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return os.environ | own | {"PATH": programs, "XDG_CACHE_HOME": str(folder / "cache"), "NO_COLOR": "1"}


def typed(line: str, folder: Path, variables: dict[str, str]) -> tuple[int, list[str]]:
    """The exit code of a line that is typed in `folder`, and what it prints to either stream."""
    done = subprocess.run(
        ["bash", "-c", PRELUDE + line],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    return done.returncode, done.stdout.splitlines()


def install(folder: Path, site: Path) -> None:
    """Make the wheel of the package in `folder`, and unpack it into `site`."""
    site.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-c", BUILD, str(site)], cwd=folder, check=True, capture_output=True)
    for wheel in site.glob("*.whl"):
        with ZipFile(wheel) as archive:
            archive.extractall(site)
        wheel.unlink()


if __name__ == "__main__":
    install(Path(sys.argv[1]), Path(sys.argv[2]))
