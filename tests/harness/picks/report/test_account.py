"""The account of a pick: its funnel, what came near, and the check by models that were drawn at random."""

from __future__ import annotations

from harness.picks.listing.candidates import Dropped
from harness.picks.listing.shortlist import Listed
from harness.picks.listing.weights_plan import WeightsPlan
from harness.picks.make_listing import Listing, Step
from harness.picks.report.account import account
from tests.harness.picks.made import candidate


def listing(**quotas):
    listed = {f"{name}.a": Listed(candidate=candidate(name), quota=quota) for name, quota in quotas.items()}
    slow = [candidate("slow", prior=80.0), candidate("slower", prior=85.0)]
    return Listing(
        candidates={one.name: one for one in (*slow, *(one.candidate for one in listed.values()))},
        listed=listed,
        weights=WeightsPlan(local=tuple(listed.values()), fetched=(), missing=()),
        wanted=(),
        latencies={},
        dropped=tuple(Dropped(name=one.name, stage="clock", reason=f"latency of {one.model}") for one in slow),
        steps=(Step(left=9, words="pretrained models", seconds=0.1),),
    )


def rung(*verdicts, **more):
    kept = [[f"{name}.a", is_kept, error, f"because of {error}"] for name, is_kept, error in verdicts]
    return {"verdicts": kept, "dropped": [], "seconds": 2.0, "num_images": 300} | more


FIRST = rung(("best", True, 5.0), ("drawn", True, 6.0), ("near", False, 7.0), ("far", False, 40.0))
SECOND = rung(("best", True, 4.0), ("drawn", False, 9.0), optimism={"error": 4.0, "pp": 1.0, "num_models": 2})
LISTING = listing(best="prior", drawn="random", near="small", far="no prior")


def test_the_funnel_ends_with_the_finalists_and_the_nearest_misses_are_the_best_that_was_dropped():
    told = account(LISTING, FIRST, SECOND, ["best.a"])
    assert told["steps"] == [[9, "pretrained models", 0.1], [2, "after probe 1", 2.0], [1, "finalists", 2.0]]
    assert told["misses"] == [
        ["drawn.a", "probe 2", "because of 9.0"],
        ["near.a", "probe 1", "because of 7.0"],
        ["slower.a", "clock", "latency of slower"],
    ]
    assert told["optimism"] == {"error": 4.0, "pp": 1.0, "num_models": 2}


def test_the_best_random_model_stands_beside_the_best_of_the_others():
    drawn = account(LISTING, FIRST, SECOND, ["best.a"])["random"]
    assert drawn == {"num_models": 1, "model": "drawn.a", "error": 6.0, "others": 5.0}
    assert account(listing(best="prior", drawn="small", near="small", far="own"), FIRST, SECOND, [])["random"] is None
