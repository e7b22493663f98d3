"""Who has no home is given one, and who has one keeps it."""

from __future__ import annotations

import getpass
import os
import pwd
import tempfile
from pathlib import Path

import pytest

from harness.machine.home import NAMES, give_home
from zoo.errors import ZooError


@pytest.fixture
def nobody(monkeypatch, tmp_path):
    """A user without a name, a home or an entry."""

    def absent(uid):
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", absent)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in NAMES:
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("HOME", "")  # so that it is put back
    monkeypatch.delenv("HOME")
    return tmp_path / f"zoo-home-{os.getuid()}"


@pytest.mark.fault(144)
@pytest.mark.parametrize("home", [None, "/not/there"])
def test_144_without_a_home_caches_go_to_a_private_folder_and_it_is_said(nobody, monkeypatch, home):
    if home:
        monkeypatch.setenv("HOME", home)
    assert give_home() == (
        f"this user has no home folder: caches go to {nobody}; set HOME or XDG_CACHE_HOME to keep them elsewhere"
    )
    assert (Path.home(), getpass.getuser()) == (nobody, f"uid-{os.getuid()}")
    assert nobody.stat().st_mode & 0o777 == 0o700
    assert give_home() == ""


def test_a_folder_that_may_be_somebody_elses_is_not_used(nobody):
    nobody.mkdir()
    nobody.chmod(0o777)
    assert f"{nobody};" not in give_home()  # another name may begin with it
    assert Path.home().parent == nobody.parent


def test_a_link_of_that_name_is_not_followed(nobody, tmp_path):
    nobody.symlink_to(tmp_path)
    give_home()
    assert Path.home() not in (nobody, tmp_path)


def test_where_nothing_can_be_written_an_error_says_what_to_set(nobody, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/not/there")
    with pytest.raises(ZooError, match="no home folder, and none can be made for caches"):
        give_home()


def test_a_home_is_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert (give_home(), Path.home()) == ("", tmp_path)
