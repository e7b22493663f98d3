"""Claims of workers on trials: one each, taken over once they are stale, by the clock of the folder's disk."""

from __future__ import annotations

import errno
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from results.errors import StoreError
from results.store import claims as module
from results.store.claims import Claims
from results.store.holder import Holder

THERE = replace(Holder.this(), host="node17", boot="another boot")


@pytest.fixture
def claims(tmp_path):
    return Claims(tmp_path)


def take(claims, trial="a@s1", before=None, holder=THERE, heartbeat_s=20.0):
    return claims.take(trial, before, holder, "cuda:1", heartbeat_s)


def aged(claims, claim, seconds):
    """The same claim after so many seconds without a sign of life."""
    path = claims.folder / f"{claim.trial}.{claim.turn}"
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))
    return claims.latest()[claim.trial]


def test_a_claim_is_made_once_and_says_whose_it_is(claims):
    claim = take(claims)
    assert take(claims) is None
    assert claims.latest() == {"a@s1": claim}
    assert (claim.holder, claim.device, claim.turn) == (THERE, "cuda:1", 0)


def test_of_many_at_once_one_gets_it_and_one_takes_it_over(claims):
    with ThreadPoolExecutor(8) as pool:
        assert sum(claim is not None for claim in pool.map(lambda n: take(claims), range(8))) == 1
        (stale,) = claims.latest().values()
        assert sum(claim is not None for claim in pool.map(lambda n: take(claims, before=stale), range(8))) == 1
    assert claims.latest()["a@s1"].turn == 1


@pytest.mark.parametrize(("seconds", "is_stale"), [(0, False), (58, False), (62, True)])
def test_a_claim_is_stale_after_three_missing_heartbeats(claims, seconds, is_stale):
    claim = aged(claims, take(claims), seconds)
    assert claim.is_stale(claims.now()) == is_stale
    assert len(claims.live()) == (not is_stale)


def test_a_claim_of_a_process_here_that_has_ended_is_stale_at_once(claims):
    claim = take(claims, holder=replace(Holder.this(), start="1"))
    assert claim.is_stale(claims.now())
    assert not take(claims, "b@s1", holder=Holder.this()).is_stale(claims.now())


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_clock_of_this_machine_that_is_hours_off_makes_no_claim_stale_nor_keeps_one(claims, monkeypatch, hours):
    really = time.time
    monkeypatch.setattr(time, "time", lambda: really() + 3600 * hours)
    live, dead = take(claims), aged(claims, take(claims, "b@s1"), 62)
    assert [claim.trial for claim in claims.live()] == ["a@s1"]
    assert (live.is_stale(claims.now()), dead.is_stale(claims.now())) == (False, True)


@pytest.mark.parametrize("hours", [-5, 5])
def test_a_disk_whose_clock_is_hours_off_judges_its_claims_by_that_clock(claims, monkeypatch, hours):
    """A file server stamps what is touched by its own time."""
    touch, really = os.utime, time.time

    def touched(path, times=None, **options):
        stamp = really() + 3600 * hours
        touch(path, times or (stamp, stamp), **options)

    monkeypatch.setattr(os, "utime", touched)
    claim = take(claims)
    assert claims.beat(claim)
    assert [one.trial for one in claims.live()] == ["a@s1"]
    aged(claims, claim, 62)
    assert claims.live() == []


def test_a_heartbeat_keeps_a_claim_and_one_that_is_gone_has_none(claims):
    claim = aged(claims, take(claims), 62)
    assert claims.beat(claim)
    assert not claims.latest()["a@s1"].is_stale(claims.now())
    claims.release(claim, is_done=True)
    assert not claims.beat(claim)


def test_who_took_a_trial_over_and_did_it_leaves_no_claim_and_who_gives_up_leaves_the_earlier_one(claims):
    first = take(claims)
    second = take(claims, before=first)
    claims.release(second, is_done=False)
    assert claims.latest() == {"a@s1": first}
    claims.release(take(claims, before=first), is_done=True)
    assert claims.latest() == {}


def test_a_claim_that_is_just_being_made_is_nobodys_and_not_free(claims):
    take(claims)
    (claims.folder / "a@s1.0").write_text("")
    (claim,) = claims.live()
    assert (claim.trial, claim.holder) == ("a@s1", None)
    assert take(claims) is None


def test_a_disk_that_is_full_refuses_the_claim_and_keeps_no_part_of_it(claims, monkeypatch):
    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *error):
            raise OSError(errno.ENOSPC, "No space left on device")

        def write(self, text):
            pass

    def full(path, *given, **options):
        path.touch()
        return Full()

    claims.folder.mkdir()
    monkeypatch.setattr(module, "open", full, raising=False)
    with pytest.raises(StoreError, match="No space left on device"):
        take(claims)
    assert list(claims.folder.iterdir()) == []
