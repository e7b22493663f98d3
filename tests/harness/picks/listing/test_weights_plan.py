"""Which weights are here and which are fetched, in which order and within how many bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.picks.listing.shortlist import Listed
from harness.picks.listing.weights_plan import fetch_list, in_order, plan_weights, read_fetch_list
from tests.harness.picks.made import candidate
from zoo.errors import ZooError
from zoo.weights_source import WeightsSource


def listed(model, quota="prior", **known):
    return Listed(candidate=candidate(model, **known), quota=quota)


def away(one):
    return WeightsSource(file_name=f"{one.name}.safetensors", url="https://x/y.pth")


def names(listed):
    return [one.candidate.model for one in listed]


def test_most_accuracy_for_a_megabyte_comes_first_and_quotas_take_turns():
    given = [
        listed("big", num_bytes=10**9),
        listed("small"),
        listed("clip", "no prior", prior=None),
        listed("middle", num_bytes=10**8),
    ]
    assert names(in_order(given)) == ["small", "clip", "middle", "big"]


def test_what_is_here_is_not_fetched_and_the_rest_within_the_budget():
    def locate(one):
        return WeightsSource(file_name="f", path=Path("/f")) if one.model == "here" else away(one)

    given = [
        listed("here"),
        listed("a", num_bytes=30 * 10**6),
        listed("b", num_bytes=40 * 10**6),
        listed("c", num_bytes=45 * 10**6),
    ]
    plan = plan_weights(given, locate, max_download=71e6, offline=False)
    assert (names(plan.local), names(plan.fetched), plan.num_bytes) == (["here"], ["a", "b"], 70 * 10**6)
    assert [one.reason for one in plan.missing] == ["download budget: 43 MiB, 977 KiB left"]
    plan = plan_weights(given, locate, max_download=None, offline=True)
    assert (names(plan.local), names(plan.fetched)) == (["here"], [])


def test_what_a_plugin_cannot_say_costs_that_model_alone():
    def locate(one):
        if one.model == "raises":
            raise KeyError("no such tag")
        if one.model == "unknown":
            raise ZooError("timm has no weights", "")

    plan = plan_weights([listed("own"), listed("raises"), listed("unknown")], locate, max_download=None, offline=False)
    assert names(plan.local) == ["own"]
    assert [one.reason for one in plan.missing] == ["KeyError: 'no such tag'", "timm has no weights"]


def test_a_list_to_fetch_comes_back_as_it_was_written(tmp_path):
    path = tmp_path / "plan.json"
    path.write_bytes(fetch_list([candidate("timm/net", tag="v1.2")]))
    (read,) = read_fetch_list(path)
    assert (read.name, read.model, read.tag, read.num_bytes) == ("timm/net.v1.2", "timm/net", "v1.2", 20_000_000)


@pytest.mark.parametrize("content", ["", "[]", '{"weights": [{"model": 1}]}'])
def test_a_file_that_is_no_plan_is_one_line(tmp_path, content):
    path = tmp_path / "plan.json"
    path.write_text(content)
    with pytest.raises(ZooError, match="is no plan of weights"):
        read_fetch_list(path)
    with pytest.raises(ZooError, match="cannot be read: No such file"):
        read_fetch_list(tmp_path / "none.json")
