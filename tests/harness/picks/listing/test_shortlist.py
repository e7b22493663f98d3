"""The quotas of a shortlist: each kind is tried, one's own models always, and the same whatever the order."""

from __future__ import annotations

from collections import Counter
from random import Random

from harness.picks.listing.shortlist import NUM_BANDS, bands, shortlist
from tests.harness.picks.made import candidate, many


def quotas(listed):
    return Counter(one.quota for one in listed)


def mixed():
    unknown = [candidate(f"u{number}_clip", prior=None, macs=number * 10**8) for number in range(1, 60)]
    return many(200) + unknown


def test_each_kind_has_its_share():
    listed, dropped = shortlist(mixed(), {}, 48, seed=1)
    counts = quotas(listed)
    assert (counts["no prior"], counts["small"], counts["random"]) == (10, 5, 5)
    assert counts["prior"] == 48 - 20
    assert len(listed) + len(dropped) == 259


def test_ones_own_models_are_always_in_and_take_places_of_others():
    own = [candidate(f"mine/{number}", is_own=True, prior=None, macs=0) for number in range(3)]
    listed, _ = shortlist([*mixed(), *own], {}, 20, seed=1)
    assert [one.candidate.name for one in listed if one.quota == "own"] == ["mine/0.a", "mine/1.a", "mine/2.a"]
    assert len(listed) == 20
    listed, _ = shortlist([*many(5), *own], {}, 3, seed=1)
    assert quotas(listed) == {"own": 3}


def test_a_whole_library_of_plugins_takes_half_of_the_places():
    own = [candidate(f"lib/{number}", is_own=True, prior=None, macs=0) for number in range(30)]
    listed, dropped = shortlist([*mixed(), *own], {}, 20, seed=1)
    assert quotas(listed)["own"] == 10
    reasons = {one.name: one.reason for one in dropped}
    assert sum(reason.startswith("not tried: half of 20 places") for reason in reasons.values()) == 20


def test_the_order_of_the_catalogue_decides_nothing_and_the_seed_only_the_random_ones():
    given = mixed()
    shuffled = Random(0).sample(given, len(given))
    first, _ = shortlist(given, {}, 48, seed=1)
    assert first == shortlist(shuffled, {}, 48, seed=1)[0]
    other, _ = shortlist(given, {}, 48, seed=2)
    drawn = [{one.candidate.name for one in listed if one.quota == "random"} for listed in (first, other)]
    assert drawn[0] != drawn[1]
    of_prior = [[one for one in listed if one.quota == "no prior"] for listed in (first, other)]
    assert of_prior[0] == of_prior[1]


def test_of_an_architecture_the_best_published_weights_are_tried_and_of_a_family_three():
    tags = [candidate("net", tag=tag, family="net", prior=prior) for tag, prior in (("a", 70), ("b", 80), ("c", None))]
    siblings = [candidate(f"net_{number}", family="net", prior=60) for number in range(5)]
    listed, dropped = shortlist([*tags, *siblings], {}, 7, seed=1)
    reasons = {one.name: one.reason for one in dropped}
    assert "net.b" in {one.candidate.name for one in listed}
    assert reasons["net.a"] == "not tried: of net only b, published with 80 %"
    assert reasons["net.c"] == reasons["net.a"]
    kept_by_merit = [one for one in listed if one.quota != "random"]
    assert len(kept_by_merit) == 3
    assert any(reason == "not tried: 3 of the family net are, published top-1 60 %" for reason in reasons.values())


def test_every_band_of_latency_is_tried():
    given = many(80)
    ms = {one.name: one.macs / 1e8 for one in given}
    band = bands(given, ms, 80.0)
    assert [band[f"f{number}_net.a"] for number in (0, 9, 10, 19, 20, 39, 40, 79)] == [0, 0, 1, 1, 2, 2, 3, 3]
    listed, _ = shortlist(given, band, 16, seed=1)
    assert set(Counter(one.band for one in listed if one.quota == "prior")) == set(range(NUM_BANDS))


def test_without_a_limit_bands_are_quarters_of_the_work():
    given = many(8)
    assert list(bands(given, {}, None).values()) == [0, 0, 1, 1, 2, 2, 3, 3]
    assert bands([candidate("own", macs=0)], {}, None) == {}


def test_where_there_is_room_for_all_all_are_tried():
    tags = [candidate("net", tag=tag, family="net", prior=prior) for tag, prior in (("a", 70), ("b", 80), ("c", None))]
    own = candidate("mine", is_own=True, prior=None)
    listed, dropped = shortlist([*tags, *many(3), own], {}, 7, seed=1)
    assert [one.candidate.name for one in listed][:2] == ["mine.a", "net.b"]
    assert (quotas(listed), dropped) == ({"own": 1, "prior": 5, "no prior": 1}, [])
