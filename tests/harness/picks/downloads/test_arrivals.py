"""Models come as their weights do: those that are here at once, and each that does not come says why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event

from harness.picks.downloads.arrivals import arriving
from harness.picks.listing.shortlist import Listed
from harness.picks.listing.weights_plan import WeightsPlan
from tests.harness.picks.made import candidate
from zoo.errors import ZooError
from zoo.weights_source import WeightsSource


def plan(local=(), fetched=()):
    def listed(names):
        return tuple(Listed(candidate=candidate(name), quota="prior") for name in names)

    return WeightsPlan(local=listed(local), fetched=listed(fetched), missing=())


def locate(one):
    return WeightsSource(file_name=one.name, url=f"https://host/{one.model}", put=Path("/nowhere"))


def arrived(given, fetch, monkeypatch):
    monkeypatch.setattr("harness.picks.downloads.arrivals.fetch", fetch)
    with arriving(given, locate, lambda *progress: None) as arrivals:
        return [(one.candidate.model, problem) for one, problem in arrivals]


def test_what_is_here_comes_first_and_does_not_wait_for_downloads(monkeypatch):
    tried = Event()

    def fetch(source, tell):
        assert tried.wait(5), "nothing was tried while weights came"
        return Path("/x")

    monkeypatch.setattr("harness.picks.downloads.arrivals.fetch", fetch)
    with arriving(plan(["here", "there"], ["away"]), locate, lambda *progress: None) as arrivals:
        assert [next(arrivals)[0].candidate.model for _ in range(2)] == ["here", "there"]
        tried.set()
        assert [one.candidate.model for one, _ in arrivals] == ["away"]


def test_one_that_does_not_come_costs_itself_alone(monkeypatch):
    def fetch(source, tell):
        if source.url.endswith("bad"):
            raise ZooError("it is not the file that was meant", "")
        if source.url.endswith("worse"):
            raise KeyError("renamed")

    assert arrived(plan(fetched=["bad", "worse", "good"]), fetch, monkeypatch) == [
        ("bad", "it is not the file that was meant"), ("worse", "KeyError: 'renamed'"), ("good", ""),
    ]  # fmt: skip


def test_a_host_that_is_away_is_asked_once_and_others_still(monkeypatch):
    asked = []

    def fetch(source, tell):
        asked.append(source.url)
        if not source.url.endswith("other"):
            raise ZooError("cannot download a: host does not answer", "")

    def elsewhere(one):
        found = locate(one)
        return replace(found, url="https://elsewhere/other") if one.model == "other" else found

    monkeypatch.setattr("harness.picks.downloads.arrivals.fetch", fetch)
    with arriving(plan(fetched=["a", "b", "other"]), elsewhere, lambda *progress: None) as arrivals:
        problems = {one.candidate.model: problem for one, problem in arrivals}
    assert problems == {
        "a": "cannot download a: host does not answer",
        "b": "cannot download b.a: host does not answer",
        "other": "",
    }
    assert len(asked) == 2


def test_a_pick_that_is_stopped_fetches_nothing_more(monkeypatch):
    began, go_on, fetched = Event(), Event(), []

    def fetch(source, tell):
        fetched.append(source.url)
        began.set()
        go_on.wait(5)

    monkeypatch.setattr("harness.picks.downloads.arrivals.fetch", fetch)
    with arriving(plan(fetched=["a", "b"]), locate, lambda *progress: None) as arrivals:
        began.wait(5)
    go_on.set()
    assert [one.candidate.model for one, _ in arrivals] == ["a"]
    assert fetched == ["https://host/a"]
