"""The table on the page: the terminal's columns and words, what it is sorted by, and rows that are not ranked."""

from __future__ import annotations

import csv
import io

import pytest

from results.page.sections import table
from results.tables.columns import main_columns, more_columns
from results.tables.csv_table import csv_table
from results.tables.flat_rows import flat
from results.tables.markdown import cell
from results.tables.sentence import legend, remarks
from tests.results.page.parsed import page_of
from tests.results.page.sections.test_cards import two_devices
from tests.results.runs import summary_of, trial


def test_its_headings_and_cells_are_those_of_the_written_table():
    page, summary = page_of(*two_devices()), summary_of(*two_devices())
    columns = [*main_columns(summary), *more_columns(summary)]
    assert [heading.text for heading in page.headings("table")] == [f"{one.title}{one.unit}" for one in columns]
    assert page.rows("table", "ranked") == [[cell(one, row) for one in columns] for row in summary.ranked]


def test_columns_that_a_terminal_has_no_room_for_are_there_and_hidden():
    page, summary = page_of(*two_devices()), summary_of(*two_devices())
    shown = [column["key"] for column in page.data("table")["columns"] if column["shown"]]
    assert shown == [column.key for column in main_columns(summary)]
    (head,) = page.section("table").all("thead")
    assert sum("hidden" not in heading.attributes for heading in head.all("th")) == len(shown)
    boxes = page.section("table").all("input", type="checkbox")
    assert {box.attributes["value"] for box in boxes if "checked" in box.attributes} == {*shown} - {"rank", "model"}


def test_a_column_of_figures_is_sorted_by_the_full_precision_of_table_csv():
    data = page_of(*two_devices()).data("table")
    rows = list(csv.DictReader(io.StringIO(csv_table(flat(summary_of(*two_devices()))).decode())))
    keys = {column["key"]: values for column, values in zip(data["columns"], data["sorted_by"], strict=True)}
    for key, name in table.SORTED_BY.items():
        if key in keys:
            csv_name = name.format("cuda")
            assert [str(value) for value in keys[key]] == [row[csv_name] for row in rows if row["rank_low"]], key
    assert {"rank", "top1", "cpu", "gpu", "params", "train"} <= keys.keys()


@pytest.mark.parametrize(("key", "values"), [("vs_best", [0.0, 2.0, 35.0]), ("model", ["vit", "mlp", "fc"])])
def test_other_columns_are_sorted_by_their_difference_or_their_text(key, values):
    data = page_of(*two_devices()).data("table")
    at = [column["key"] for column in data["columns"]].index(key)
    assert data["sorted_by"][at] == (pytest.approx(values) if key == "vs_best" else values)


def test_every_column_can_be_sorted_by_a_button_and_rank_is_how_it_stands():
    (head,) = page_of(*two_devices()).section("table").all("thead")
    headings = head.all("th", scope="col")
    assert [len(heading.all("button", type="button")) for heading in headings] == [1] * len(headings)
    assert [heading.attributes.get("aria-sort") for heading in headings][:3] == ["ascending", None, None]


def test_what_failed_stands_below_with_its_cause_and_is_not_sorted():
    page = page_of(*two_devices())
    assert page.rows("table", "unranked") == [["-", "swin", "FAIL:no memory"]]
    assert [body.attributes["class"] for body in page.section("table").all("tbody")] == ["ranked", "unranked"]


def test_where_nothing_is_ranked_the_failures_are_still_a_table():
    page = page_of(trial("a", status="failed", cause="it broke"))
    assert (page.rows("table", "ranked"), page.rows("table", "unranked")) == ([], [["-", "a", "FAIL:it broke"]])
    assert not page_of().has("table")


def test_below_it_stands_what_a_terminal_says_but_for_what_a_card_says():
    page, summary = page_of(*two_devices()), summary_of(*two_devices())
    (below,) = page.section("table").all("ul", class_="below")
    cells = "\n".join(text for cells in page.rows("table", "ranked") for text in cells)
    on_page = [line.text for line in [*below.all("li"), *page.section("cards").all("li")]]
    assert sorted(on_page) == sorted([legend(summary, cells), *remarks(summary)])


def test_of_many_rows_those_beyond_the_first_wait_until_they_are_wanted(monkeypatch):
    monkeypatch.setattr(table, "MOST_SHOWN", 2)
    page = page_of(*two_devices())
    rows = page.section("table").all("tbody", class_="ranked")[0].all("tr")
    assert [row.attributes.get("class") for row in rows] == [None, None, "beyond"]
    assert page.data("table")["most_shown"] == 2
