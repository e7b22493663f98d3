"""Which candidates may be within a limit of time: by prediction, and by measurement where that leaves it open."""

from __future__ import annotations

from harness.picks.listing.latencies import (
    NUM_ANCHORS,
    Latency,
    anchors,
    predicted,
    straddlers,
    timed_within,
    within,
)
from tests.harness.picks.made import candidate, many


def known(ms, low, high, *, is_measured=False):
    return Latency(ms=ms, low=low, high=high, is_measured=is_measured)


def timed(ms):
    return {"ms": ms, "low": ms - 0.1, "high": ms + 0.1}


def test_of_few_all_are_timed_and_of_many_an_architecture_once():
    assert len(anchors(many(NUM_ANCHORS), "cpu")) == NUM_ANCHORS
    tags = [candidate("net", tag=tag) for tag in "abc"]
    assert len(anchors([*many(40), *tags], "cpu")) == NUM_ANCHORS
    assert anchors([*tags, candidate("own", macs=0)], "cpu") == [tags[-1]]


def test_what_was_timed_is_measured_and_the_rest_is_predicted_from_it():
    given = many(30)
    chosen = anchors(given, "cpu")
    latencies = predicted(given, {one.model: timed(one.macs / 1e7) for one in chosen}, chosen, "cpu")
    assert sum(one.is_measured for one in latencies.values()) == NUM_ANCHORS
    foretold = [(latencies[one.name], one.macs / 1e7) for one in given if not latencies[one.name].is_measured]
    assert all(0.3 < one.ms / true < 3 for one, true in foretold)
    assert all(one.low < one.ms < one.high for one, _ in foretold)
    assert predicted(given, {chosen[0].model: {"error": "oom"}}, chosen[:1], "cpu") == {}


def test_who_is_over_the_limit_with_its_whole_interval_is_dropped_and_who_straddles_is_measured():
    given = [candidate(name) for name in ("fast", "middle", "slow", "measured", "unknown")]
    latencies = {
        "fast.a": known(5, 3, 8),
        "middle.a": known(18, 10, 30),
        "slow.a": known(60, 31, 90),
        "measured.a": known(20.4, 19, 22, is_measured=True),
    }
    left, dropped = within(given, latencies, 20)
    assert [one.model for one in left] == ["fast", "middle", "unknown"]
    assert [one.reason for one in dropped] == [
        "latency 60.0 ms predicted, at least 31.0 > 20", "latency 20.4 ms > 20",
    ]  # fmt: skip
    assert [one.model for one in straddlers(left, latencies, 20)] == ["middle", "unknown"]


def test_a_measurement_decides_and_a_failure_is_a_reason():
    given = [candidate(name) for name in ("ok", "slow", "broken")]
    results = {"ok": timed(12.0), "slow": timed(31.0), "broken": {"error": "failed: build: no such layer"}}
    latencies, dropped = timed_within(given, results, 20)
    assert latencies["ok.a"] == known(12.0, 11.9, 12.1, is_measured=True)
    assert [(one.stage, one.reason) for one in dropped] == [
        ("clock", "latency 31.0 ms > 20"), ("clock", "cannot be timed: failed: build: no such layer"),
    ]  # fmt: skip
