"""A worker's signs of life for as long as it carries a trial out."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from results.store.claims import Claim, Claims


@contextmanager
def heartbeat(claims: Claims, claim: Claim) -> Iterator[None]:
    """Within, a thread touches the claim at every heartbeat; it costs no time that could be measured.

    A worker that is stopped (SIGSTOP, a suspended machine) gives none: its trial may be taken over.
    """
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(claim.heartbeat_s) and claims.beat(claim):
            pass

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
