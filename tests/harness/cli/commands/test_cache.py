"""`harness cache`: what it prints, what it deletes, and that it needs no torch."""

from __future__ import annotations

import json
import os
import time

import pytest

from harness.cli.main import main
from harness.data.files.cache import cache_dir
from harness.data.files.cache_users import hold
from harness.data.formats.versions import decoder_version
from tests.test_startup import modules_loaded_by

USED = "a" * 32


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("ZOO_CACHE_SIZE", "1G")


def filled():
    """Two files of pixels, one of another version; one of facts; and a download, which is not ours to clear."""
    for kind, version, name, days in [
        ("pixels", decoder_version(), f"{USED}-8.u8", 0),
        ("pixels", "", "old.u8", 3),
        ("files", decoder_version(), "x.json", 1),
        ("datasets", "", "mnist.gz", 9),
    ]:
        folder = cache_dir(kind, version)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(bytes(1024))
        os.utime(folder / name, (time.time() - 86_400 * days - 5400,) * 2)


def said(capsys, *arguments):
    assert main(["cache", *arguments]) == 0
    return capsys.readouterr().out


def test_kinds_sizes_versions_and_ages_are_shown(tmp_path, capsys):
    filled()
    assert said(capsys).splitlines() == [
        f"{tmp_path}/zoo: 3.0 KiB, at most 1.0 GiB (ZOO_CACHE_SIZE sets that)",
        "  pixels    2 files, 2.0 KiB; of other versions 1 file, 1.0 KiB; used 1h 30m to 3 days ago"
        "  (decoded and resized images)",
        "  files     1 file, 1.0 KiB; used 1 day to 1 day ago  (what is known of image files)",
    ]


def test_an_empty_cache_is_no_error(tmp_path, capsys):
    assert said(capsys).startswith(f"{tmp_path}/zoo: 0 B, at most 1.0 GiB (ZOO_CACHE_SIZE sets that)\n")
    assert said(capsys, "--clear") == "removed 0 files, 0 B\n"


def test_json_says_the_same(capsys):
    filled()
    facts = json.loads(said(capsys, "--json"))
    assert (facts["bytes"], facts["bound"]) == (3072, 2**30)
    assert facts["kinds"]["pixels"]["other_versions"] == {"files": 1, "bytes": 1024}
    assert set(facts["kinds"]) == {"pixels", "files"}


def test_clearing_deletes_what_no_run_is_using_and_no_downloads(capsys):
    filled()
    with hold([USED]):
        assert said(capsys, "--clear") == "removed 2 files, 2.0 KiB; 1 file, 1.0 KiB kept: a run is using them\n"
    assert json.loads(said(capsys, "--clear", "--json"))["removed"] == {"files": 1, "bytes": 1024}
    assert cache_dir("datasets", "mnist.gz").exists()
    assert not any(path.is_file() for path in cache_dir("pixels").rglob("*"))


def test_one_kind_is_cleared_and_a_dry_run_deletes_nothing(capsys):
    filled()
    assert said(capsys, "--clear", "pixels", "--dry-run") == "would remove 2 files, 2.0 KiB\n"
    assert said(capsys, "--clear", "files") == "removed 1 file, 1.0 KiB\n"
    assert said(capsys, "--clear", "pixels") == "removed 2 files, 2.0 KiB\n"


@pytest.mark.parametrize(
    ("arguments", "size", "cause"),
    [
        (["--dry-run"], "1G", "--dry-run says what --clear would remove"),
        ([], "huge", "ZOO_CACHE_SIZE is 'huge', which is no size"),
        (["--clear", "pixel"], "1G", "argument --clear: invalid choice: 'pixel'"),
    ],
)
def test_mistakes_are_one_line_and_a_remedy(capsys, monkeypatch, arguments, size, cause):
    monkeypatch.setenv("ZOO_CACHE_SIZE", size)
    assert main(["cache", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"error: {cause}")


def test_torch_is_not_loaded():
    assert modules_loaded_by("cache") & {"torch", "torchvision", "timm", "pandas", "sklearn", "scipy", "numpy"} == set()
