"""The funnel of a pick on the page of its finalists."""

from __future__ import annotations

from tests.results.page.parsed import page_of
from tests.results.picks import pick_file
from tests.results.runs import trial


def test_the_funnel_the_answer_and_the_misses_are_on_the_page(tmp_path):
    section = page_of(trial("vit", wrong=range(50)), path=pick_file(tmp_path)).section("pick")
    (body,) = section.all("tbody")
    rows = [[part.text for part in row.content if not isinstance(part, str)] for row in body.all("tr")]
    assert rows[1:] == [["may be fast enough", "611", "1m 04s"], ["after probe 1", "24", "5m 00s"]]
    assert "chosen from 24 by 1,200 validation images" in section.text
    assert "timm/resnet50.a1_in1k (probe 1: 14.2 % against 9.8 %, p < 0.001)" in section.text
    assert "the best of 10 random models" in section.text


def test_names_are_text_and_a_run_without_a_pick_has_no_such_section(tmp_path):
    hostile = [["<img src=x onerror=alert(1)>", "probe 1", "<script>"]]
    section = page_of(trial("vit"), path=pick_file(tmp_path, misses=hostile)).section("pick")
    assert section.all("img") == []
    assert "<script>" in section.text
    assert not page_of(trial("vit")).has("pick")
