import os
import subprocess
import sys

import pytest

from harness.data.files.cache import cache_dir
from harness.data.files.cache_users import hold, prefixes_in_use


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_what_is_held_is_in_use_until_it_is_let_go():
    with hold(["a" * 64, "b" * 64]), hold(["c" * 64]):
        assert prefixes_in_use() == {"a" * 32, "b" * 32, "c" * 32}
    assert prefixes_in_use() == set()
    assert list(cache_dir("users").iterdir()) == []


def test_a_process_that_is_killed_holds_nothing():
    code = (
        "from harness.data.files.cache_users import hold; held = hold(['a' * 64]); print('held', flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        assert prefixes_in_use() == {"a" * 32}
        process.kill()
    assert prefixes_in_use() == set()


def test_where_nothing_can_be_written_nothing_is_held(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(OSError, match="Not a directory"):
        hold(["a"])
    assert prefixes_in_use() == set()
    assert os.path.isfile(tmp_path / "file")
