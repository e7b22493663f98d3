"""Step times of a run that workers train are of one host."""

from __future__ import annotations

import json
from dataclasses import replace

from results.store.holder import Holder
from results.store.run_store import RunStore
from results.store.timing_host import FILE, timing_host


def test_the_first_host_that_times_is_the_one_and_another_is_told_where_to_go_on(tmp_path):
    store = RunStore.create(tmp_path, "d", {})
    assert timing_host(store) == ""
    assert timing_host(store) == ""
    other = replace(Holder.this(), host="node17", boot="other")
    store.write(FILE, json.dumps(other.as_json()).encode())
    assert timing_host(store).startswith("step times of this run are of the host node17")


def test_a_damaged_file_is_written_anew(tmp_path):
    store = RunStore.create(tmp_path, "d", {})
    store.write(FILE, b"{")
    assert timing_host(store) == ""
    assert Holder.from_json(json.loads((store.path / FILE).read_text())).is_same_host()
