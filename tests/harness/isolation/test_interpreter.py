"""What a Python that is started for children is told, and where its socket lies.

That trials are children that do not run the caller's script, `api/test_calls.py` shows.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from multiprocessing import process, spawn

import pytest

from harness.isolation import interpreter
from harness.isolation.interpreter import left_alone
from zoo.errors import ZooError


@pytest.fixture
def no_folder_yet(monkeypatch):
    """As in a process that has made no folder for sockets."""
    config = {key: value for key, value in process.current_process()._config.items() if key != "tempdir"}
    monkeypatch.setattr(process.current_process(), "_config", config)
    return config


def test_children_are_told_the_path_of_this_process_and_afterwards_all_is_as_before(monkeypatch):
    monkeypatch.setattr(sys, "path", ["", "/a", "/with:colon", "/b"])
    monkeypatch.setenv("PYTHONPATH", "/before")
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    with interpreter.same_modules():
        assert os.environ["PYTHONPATH"].split(":") == [os.getcwd(), "/a", "/b"]
        assert os.environ["PYTHONSAFEPATH"] == "1"
    assert (os.environ["PYTHONPATH"], "PYTHONSAFEPATH" in os.environ) == ("/before", False)


@pytest.mark.parametrize(("num", "moves"), [(10, False), (70, False), (71, True), (200, True)])
def test_only_a_path_that_is_too_long_for_a_socket_moves_it(tmp_path, monkeypatch, no_folder_yet, num, moves):
    monkeypatch.setattr(tempfile, "tempdir", "/" + "x" * num)
    monkeypatch.setattr(interpreter, "SHORT_FOLDERS", ("/not/there", str(tmp_path)))
    interpreter.place_socket()
    assert tempfile.tempdir == "/" + "x" * num
    assert no_folder_yet.get("tempdir", "").startswith(f"{tmp_path}/pymp-") == moves


def test_without_any_short_folder_an_error_says_how_long_it_may_be(monkeypatch, no_folder_yet):
    monkeypatch.setattr(tempfile, "tempdir", "/" + "x" * 99)
    monkeypatch.setattr(interpreter, "SHORT_FOLDERS", ("/not/there",))
    with pytest.raises(ZooError, match="no folder for temporary files") as caught:
        interpreter.place_socket()
    assert (caught.value.exit_code, caught.value.remedy.endswith("at most 71 characters")) == (3, True)


def prepared() -> set[str]:
    return {key for key in spawn.get_preparation_data("child") if key.startswith("init_main")}


def test_only_the_threads_own_children_leave_the_script_alone(monkeypatch):
    monkeypatch.setattr("__main__.__spec__", None)
    monkeypatch.setattr("__main__.__file__", "/tmp/script.py", raising=False)
    others = []
    with left_alone():
        assert prepared() == set()
        thread = threading.Thread(target=lambda: others.append(prepared()))
        thread.start()
        thread.join()
    assert others == [{"init_main_from_path"}] == [prepared()]
