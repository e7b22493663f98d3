"""The tutorial, followed to the letter in a new environment, is a row within three minutes of machine time."""

from __future__ import annotations

import ctypes
import os
import resource
import shlex
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from time import perf_counter

import pytest

from tests.docs.blocks import Command, agrees, blocks, words
from tests.docs.test_pages import MEASURED, asked
from tests.source import PACKAGES, ROOT
from tests.test_wheel import made_here

ASKED_OF_A_RUN = ("recommend", "compare")
MOST_SECONDS = 180
MARK = "=== step"
PR_SET_CHILD_SUBREAPER = 36
STEPS = blocks((ROOT / "docs" / "tutorial.md").read_text())


def checkout(folder):
    """What a person has who has cloned: nothing that was built here, and nothing is built here."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=made_here)
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


def script():
    """The page as one shell session. Where uv is, it stands for pip, which takes longer and downloads anew."""
    lines = ['pip() { uv pip "$@"; }'] if shutil.which("uv") else []
    for step in STEPS:
        if isinstance(step, Command):
            lines += [step.line, f'echo "{MARK} $?"']
        else:
            lines.append(f"cat > {shlex.quote(step.name)} <<'END'\n{step.text}END")
    return "\n".join([*lines, ""])


def variables(home):
    """As on a new account: the cache of uv alone is that of the machine."""
    programs = home / "programs"
    programs.mkdir(parents=True)
    (programs / "python3").symlink_to(Path(sys.executable).resolve())
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "ZOO_"))}
    own = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "NO_COLOR": "1"}
    if uv := shutil.which("uv"):
        own["UV_CACHE_DIR"] = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True).stdout.strip()
    return kept | own | {"PATH": os.pathsep.join([str(programs), os.environ["PATH"]])}


@contextmanager
def adopting():
    """Take over the processes whose parents end before them: of those alone it is known what they have used."""
    set_option = ctypes.CDLL(None).prctl if sys.platform == "linux" else lambda *given: None
    set_option(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
        with suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)
    finally:
        set_option(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def seconds_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.slow
def test_the_tutorial_brings_a_network_to_a_row_in_three_minutes_of_machine_time(tmp_path, capsys):
    started, used = perf_counter(), seconds_of_children()
    with adopting():
        done = subprocess.run(
            ["bash"],
            input=script(),
            cwd=checkout(tmp_path / "checkout"),
            env=variables(tmp_path / "home"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1800,
        )
    wall, cpu = perf_counter() - started, seconds_of_children() - used
    with capsys.disabled():
        print(f"\nthe tutorial took {wall:.0f} s, and {cpu:.0f} s of CPU time")
    *outputs, _ = done.stdout.split(f"{MARK} ")
    codes = [int(part.partition("\n")[0]) for part in done.stdout.split(f"{MARK} ")[1:]]
    typed = [step for step in STEPS if isinstance(step, Command)]
    assert codes == [0] * len(typed), done.stdout
    for step, part in zip(typed, outputs, strict=True):
        printed = part.partition("\n")[2].splitlines() if step is not typed[0] else part.splitlines()
        if asked(step) in (*MEASURED, *ASKED_OF_A_RUN):
            assert {word for line in step.output for word in words(line)} <= {
                w for line in printed for w in words(line)
            }
        else:
            assert agrees(step.output, printed), part
    assert cpu < MOST_SECONDS
