"""Failed trials on the page."""

from __future__ import annotations

from dataclasses import replace

from results.records import Failure
from tests.results.page.parsed import page_of
from tests.results.runs import trial

GOOD = trial("vit", wrong=range(50))


def test_each_failed_trial_has_its_status_phase_cause_and_where_its_traceback_is():
    record, _ = trial("vit", 2, status="oom", cause="no memory")
    failed = replace(record, error=Failure(phase="evaluate", cause="no memory", log="failures/vit@s2.txt"))
    page = page_of(GOOD, (failed, {}), trial("mlp", status="skipped", cause="timm is missing"))
    (body,) = page.section("failures").all("tbody")
    rows = [[part.text for part in row.content if not isinstance(part, str)] for row in body.all("tr")]
    assert rows == [
        ["vit", "2", "oom", "evaluate", "no memory", "failures/vit@s2.txt"],
        ["mlp", "1", "skipped", "train", "timm is missing", ""],
    ]
    assert "2 of 3 trials did not end well." in page.section("failures").text


def test_the_fold_is_named_where_there_are_folds():
    record, _ = trial("vit", 2, status="failed", cause="it broke")
    page = page_of((replace(record, trial={"fold": 3, "folds": 5}), {}))
    headings = [heading.text for heading in page.section("failures").all("th", scope="col")]
    assert headings[:3] == ["plugin", "seed", "fold"]
    assert [cell.text for cell in page.section("failures").all("td")][:2] == ["2", "3"]


def test_where_none_failed_the_section_is_absent_and_the_last_one_says_so():
    page = page_of(GOOD)
    assert not page.has("failures")
    assert "1 trial, none failed." in page.section("machine").text
    assert "2 trials, 1 of them failed." in page_of(GOOD, trial("a", status="oom", cause="x")).section("machine").text
