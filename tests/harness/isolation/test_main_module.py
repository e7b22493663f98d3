"""Children that do not run the caller's script; that trials are such children, `test_api.py` shows."""

from __future__ import annotations

import threading
from multiprocessing import spawn

from harness.isolation.main_module import left_alone


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
