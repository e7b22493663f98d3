"""The page as a whole: what it may load, what it holds, and that names in it stay text."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest

from results.page.document import document, policy
from results.page.embed import source_hash
from results.page.library import ChartLibrary
from results.page.report_run import report_run
from results.sanitize import name
from tests.results.nasty import NASTY
from tests.results.page.parsed import NO_LIBRARY, Page, page_of
from tests.results.runs import Folder, trial

PLANTED = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</script><b>", "<!--<script>", "{{ 7 * 7 }}"]
TWO = (trial("vit", wrong=range(50)), trial("mlp", wrong=range(300)))
ASKS = re.compile(r"(?:src|href|action|srcset|poster|data|formaction)$")


def rules_of(page):
    (meta,) = [meta for meta in page.root.all("meta") if "http-equiv" in meta.attributes]
    assert meta.attributes["http-equiv"] == "Content-Security-Policy"
    return dict(rule.split(" ", 1) for rule in meta.attributes["content"].split("; "))


def executed(page):
    return [script for script in page.root.all("script") if script.attributes.get("type") != "application/json"]


def test_the_policy_lets_no_request_out_and_allows_the_page_s_own_scripts_by_their_hash():
    page = page_of(*TWO)
    rules = rules_of(page)
    closed = ("default-src", "connect-src", "form-action", "base-uri")
    assert [rules[name] for name in closed] == ["'none'"] * 4
    assert rules["img-src"] == "data:"
    assert rules["script-src"].split() == [source_hash(script.text) for script in executed(page)]
    assert "unsafe" not in rules["script-src"]


def test_the_library_beside_is_named_by_a_nonce_that_no_two_pages_share():
    pages = [page_of(*TWO, library=ChartLibrary(src="../_assets/p.js")) for _ in range(2)]
    nonces = set()
    for page in pages:
        (script,) = [script for script in executed(page) if "src" in script.attributes]
        assert script.attributes["src"] == "../_assets/p.js"
        assert f"'nonce-{script.attributes['nonce']}'" in rules_of(page)["script-src"]
        nonces.add(script.attributes["nonce"])
    assert len(nonces) == 2


def test_the_library_within_is_a_script_like_the_others():
    page = page_of(*TWO, library=ChartLibrary(code="Plotly = '</script>'"))
    assert executed(page)[0].text == r"Plotly = '\x3c/script>'"
    assert source_hash(executed(page)[0].text) in rules_of(page)["script-src"]


def test_a_page_without_the_library_says_so():
    assert "No charts: none here." in page_of(*TWO).root.all("main")[0].text


def test_nothing_in_the_page_would_load_anything():
    page = page_of(*TWO)
    asked = [
        value
        for element in page.root.all()
        for attribute, value in element.attributes.items()
        if ASKS.match(attribute) and not value.startswith("#")
    ]
    assert asked == []
    assert "http://" not in page.html.replace("http://www.w3.org", "")


def hostile(text):
    """A run with `text` wherever a stranger may put it."""
    record, arrays = trial(text, wrong=range(9), facts={"weights": text, "head": text, "notes": text})
    data = {**record.data, "name": text, "classes": [text, "oak"], "left_out": [text]}
    record = replace(record, dataset=text, data=data, plugin={"name": text}, machine={**record.machine, "cpu": text})
    others = [trial("mlp", wrong=range(300)), trial(f"{text} 2", status="failed", cause=text)]
    others = [(replace(one, data=data, dataset=text, machine=record.machine), kept) for one, kept in others]
    configuration = {"command": ["run", text], "harness": text, "machine": {"os": text}, "data": data}
    return page_of((record, arrays), *others, configuration=configuration)


@cache
def harmless():
    return hostile("harmless")


def tags_of(page):
    return [(element.tag, sorted(element.attributes)) for element in page.root.all()]


@pytest.mark.parametrize("text", PLANTED)
def test_markup_wherever_a_stranger_may_put_it_is_text_and_adds_no_element(text):
    page = hostile(text)
    assert tags_of(page) == tags_of(harmless())
    assert [name(text) in page.section(part).text for part in ("table", "failures", "machine")] == [True] * 3


def test_thirty_names_from_outside_stand_each_in_its_own_row():
    page = page_of(*(trial(text, wrong=range(at)) for at, text in enumerate(NASTY)))
    assert [cells[1] for cells in page.rows("table", "ranked")] == [name(text) for text in NASTY]
    assert len(executed(page)) == len(executed(harmless()))


def test_every_section_has_a_heading_that_names_it_and_an_id_of_its_own():
    page = page_of(*TWO, trial("bad", status="failed", cause="it broke"))
    ids = [element.attributes["id"] for element in page.root.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    assert [section.attributes["id"] for section in page.root.all("section")] == [
        "cards",
        "table",
        "significance",
        "missed",
        "failures",
        "machine",
    ]
    for element in page.root.all():
        assert element.attributes.get("aria-labelledby", ids[0]) in ids
        assert element.tag != "a" or element.attributes["href"][1:] in ids


def test_of_several_runs_each_has_its_sections_and_none_is_ranked_with_another():
    runs = [report_run(Folder([trial(model, wrong=range(9))])) for model in ("vit", "mlp")]
    page = Page(document(runs, NO_LIBRARY))
    ids = [element.attributes["id"] for element in page.root.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    assert [len(page.rows(f"run{number}-table", "ranked")) for number in (1, 2)] == [1, 1]


def test_a_policy_without_a_nonce_names_no_file():
    assert "nonce" not in policy(["a()"], "")
