"""Listing and help start at once: they load none of the heavy libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.source import ROOT

HEAVY = {"torch", "torchvision", "timm", "pandas", "numpy", "sklearn", "scipy", "PIL", "rich", "tabulate"}


def modules_loaded_by(*arguments: str) -> set[str]:
    """Top-level modules that `python -m harness ...` imports, as the interpreter itself reports them."""
    command = [sys.executable, "-X", "importtime", "-m", "harness", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    rows = [line.split("|") for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {row[2].strip().partition(".")[0] for row in rows}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["list"],
        ["list", "resnet*"],
        ["list", "--json"],
        ["plugins"],
        ["run", "--help"],
        ["compare", "--help"],
    ],
)
def test_listing_and_help_load_no_heavy_library(arguments):
    loaded = modules_loaded_by(*arguments)
    assert "argparse" in loaded
    assert loaded & HEAVY == set()
