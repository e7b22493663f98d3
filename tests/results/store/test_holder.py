"""Which process holds something: known to be gone only where this very kernel says so."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace

import pytest

from results.store import holder
from results.store.holder import Holder


def test_this_process_is_not_gone_and_survives_json():
    this = Holder.this()
    assert this.pid == os.getpid()
    assert not this.is_gone
    assert Holder.from_json(this.as_json()) == this


def test_a_process_that_has_ended_or_is_another_by_now_is_gone():
    child = subprocess.Popen(["sleep", "60"])
    own = replace(Holder.this(), pid=child.pid, start=holder._start(child.pid))
    assert not own.is_gone
    assert replace(own, start="1").is_gone
    child.kill()
    assert own.is_gone or child.poll() is None
    child.wait()
    assert own.is_gone


@pytest.mark.parametrize("boot", ["", "another boot"])
def test_of_a_process_of_another_boot_nothing_is_known(boot):
    assert not replace(Holder.this(), boot=boot, start="1").is_gone


def test_a_process_that_proc_hides_is_not_taken_for_gone(monkeypatch):
    this = Holder.this()
    monkeypatch.setattr(holder, "PROC", holder.Path("/nowhere"))
    monkeypatch.setattr(holder, "_boot", lambda: this.boot)
    assert not this.is_gone


def test_a_host_is_the_same_by_name_or_by_boot():
    this = Holder.this()
    assert replace(this, boot="earlier").is_same_host()
    assert replace(this, host="container").is_same_host()
    assert not replace(this, host="other", boot="other").is_same_host()
