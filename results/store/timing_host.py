"""The one host whose clock the step times of a run are from, where workers train it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from results.store.atomic import read_regular
from results.store.holder import Holder

if TYPE_CHECKING:
    from results.store.run_store import RunStore

FILE = "timing_host.json"


def timing_host(store: RunStore) -> str:
    """Make this host the one that times the run, if none is yet; else why this one must not, "" where it is the one."""
    path = store.path / FILE
    with suppress(ValueError, KeyError, TypeError):
        if path.exists():
            host = Holder.from_json(json.loads(read_regular(path)))
            if host.is_same_host():
                return ""
            return (
                f"step times of this run are of the host {host.host}, and clocks are not mixed: "
                f"what is not timed yet is timed there, by harness resume {store.path}"
            )
    store.write(FILE, json.dumps(Holder.this().as_json()).encode())
    return ""
