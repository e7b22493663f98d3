"""Signs of life of a worker."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic, sleep

from harness.cluster.heartbeat import heartbeat
from results.store.claims import Claims
from results.store.holder import Holder


def test_a_claim_is_touched_while_its_trial_goes_on_and_no_longer(tmp_path):
    claims, there = Claims(tmp_path), replace(Holder.this(), boot="other")
    claim = claims.take("a@s1", None, there, "cpu", 0.02)

    def later(than, seconds):
        end = monotonic() + seconds
        while monotonic() < end and claims.latest()["a@s1"].beat <= than:
            sleep(0.01)
        return claims.latest()["a@s1"].beat > than

    with heartbeat(claims, claim):
        assert later(claim.beat, 5)
    assert not later(claims.latest()["a@s1"].beat, 0.1)


def test_a_claim_that_another_has_ended_is_not_made_anew(tmp_path):
    claims = Claims(tmp_path)
    claim = claims.take("a@s1", None, Holder.this(), "cpu", 0.01)
    with heartbeat(claims, claim):
        claims.release(claim, is_done=True)
        sleep(0.05)
    assert claims.latest() == {}
