"""Which allocator a process has, and that freed memory is kept: a second block of the same size takes no new pages."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from harness.machine import malloc

SCRIPT = """
import resource
from harness.machine.malloc import allocator, keep_freed_memory
if {keep}:
    keep_freed_memory()
for _ in range(3):
    block = bytearray(b"x") * 2**26
    del block
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
block = bytearray(b"x") * 2**26
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, allocator())
"""
on_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt's thresholds")
KEEPS = "glibc keeps freed memory"
LARGE = str(2**31 - 1)


def faults_and_allocator(keep=False, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    command = [sys.executable, "-c", SCRIPT.format(keep=keep)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=clean | environment).stdout
    faults, _, allocator = said.strip().partition(" ")
    return int(faults), allocator


@on_glibc
def test_a_block_of_64_mib_is_reused_without_page_faults_and_the_allocator_is_named():
    kept, default = faults_and_allocator(keep=True), faults_and_allocator()
    assert kept[0] < 50 < default[0]
    assert (kept[1], default[1]) == (KEEPS, "glibc default")


@on_glibc
@pytest.mark.parametrize(
    "environment",
    [
        dict(pair.split("=") for pair in malloc.OUTSIDE.split()),
        {"GLIBC_TUNABLES": f"glibc.malloc.trim_threshold={LARGE}:glibc.malloc.mmap_threshold={LARGE}"},
    ],
    ids=["variables", "tunables"],
)
def test_what_a_person_sets_outside_does_the_same_and_is_seen(environment):
    faults, allocator = faults_and_allocator(**environment)
    assert (faults < 50, allocator) == (True, KEEPS)


@on_glibc
def test_what_is_set_once_the_process_runs_is_nothing_that_glibc_has_read(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", LARGE)
    monkeypatch.setenv("MALLOC_MMAP_THRESHOLD_", LARGE)
    assert "MALLOC_MMAP_THRESHOLD_" not in malloc._environment()


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({}, "glibc default"),
        ({"MALLOC_ARENA_MAX": "1"}, "glibc with MALLOC_ARENA_MAX=1"),
        ({"MALLOC_TRIM_THRESHOLD_": LARGE}, f"glibc with MALLOC_TRIM_THRESHOLD_={LARGE}"),
        ({"MALLOC_TRIM_THRESHOLD_": LARGE, "MALLOC_MMAP_THRESHOLD_": "0x4000000"}, KEEPS),
        ({"GLIBC_TUNABLES": "glibc.malloc.perturb=7"}, "glibc with perturb=7"),
        ({"MALLOC_TRIM_THRESHOLD_": "many"}, "glibc with MALLOC_TRIM_THRESHOLD_=many"),
    ],
)
def test_settings_have_a_name(environment, name):
    assert malloc.of_settings(environment) == name


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
@pytest.mark.parametrize("library", ["jemalloc", "tcmalloc"])
def test_an_allocator_that_is_loaded_before_the_c_library_is_named(library, monkeypatch, tmp_path):
    maps = tmp_path / "maps"
    maps.write_text(f"7f00-7f01 r-xp 00000000 08:01 42 /usr/lib/lib{library}.so.2\n")
    monkeypatch.setattr(malloc, "MAPS", maps)
    monkeypatch.setattr(malloc, "_kept", [])
    malloc._started_with.cache_clear()
    try:
        assert malloc.allocator() == library
    finally:
        malloc._started_with.cache_clear()
