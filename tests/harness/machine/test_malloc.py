"""Freed memory is kept: a second block of the same size takes no new pages."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

SCRIPT = """
import resource
from harness.machine.malloc import keep_freed_memory
if {keep}:
    keep_freed_memory()
for _ in range(3):
    block = bytearray(b"x") * 2**26
    del block
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
block = bytearray(b"x") * 2**26
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt's thresholds")
def test_a_block_of_64_mib_is_reused_without_page_faults():
    faults = {}
    for keep in (True, False):
        command = [sys.executable, "-c", SCRIPT.format(keep=keep)]
        faults[keep] = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert faults[True] < 50 < faults[False]
