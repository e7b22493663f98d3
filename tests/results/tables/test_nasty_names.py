"""Names from outside through every writer, and read back as a reader of that format would."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from html.parser import HTMLParser

import pytest

from results.sanitize import name
from results.tables.csv_table import csv_table
from results.tables.flat_rows import flat
from results.tables.json_table import json_table
from results.tables.markdown import markdown_table
from results.tables.render import screen
from tests.results.nasty import NASTY
from tests.results.runs import summary_of, trial

RANKED = summary_of(*(trial(text, wrong=range(i), facts={"weights": text}) for i, text in enumerate(NASTY)))
FAILED = summary_of(*(trial(text, status="failed", cause=text) for text in NASTY))


def markdown_cells(line):
    """The cells of a row as GitHub shows them."""
    cells = line.strip().strip("|").split("|")
    return [html.unescape(re.sub(r"\\([\\`*_\[\]~#!])", r"\1", cell)).strip() for cell in cells]


def test_there_are_thirty_different_names():
    assert len(set(NASTY)) == 30


@pytest.mark.parametrize("summary", [RANKED, FAILED], ids=["ranked", "failed"])
def test_json_gives_every_name_back_letter_by_letter(summary):
    rows = json.loads(json_table(summary, flat(summary), {}))["rows"]
    assert sorted(row["model"] for row in rows) == sorted(NASTY)


@pytest.mark.parametrize("summary", [RANKED, FAILED], ids=["ranked", "failed"])
def test_csv_has_one_row_a_name_and_no_cell_that_a_spreadsheet_would_run(summary):
    rows = list(csv.DictReader(io.StringIO(csv_table(flat(summary)).decode(), newline="")))
    assert sorted(row["model"].removeprefix("'") for row in rows) == sorted(name(text) for text in NASTY)
    assert [value for row in rows for value in row.values() if value.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


def test_csv_reads_the_same_in_pandas():
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(io.BytesIO(csv_table(flat(RANKED))), dtype={"model": str})
    assert list(table["model"])[13:16] == ["007", "1e3", "1_000"]
    assert list(table["top1_err"]) == pytest.approx([i / 10 for i in range(30)])


@pytest.mark.parametrize("summary", [RANKED, FAILED], ids=["ranked", "failed"])
def test_markdown_shows_every_name_in_its_own_cell(summary):
    lines = [line for line in markdown_table(summary, {}).decode().splitlines() if line.startswith("|")]
    rows = [markdown_cells(line) for line in lines]
    assert {len(row) for row in rows} == {len(rows[0])}
    assert sorted(row[1] for row in rows[2:]) == sorted(name(text) for text in NASTY)


@pytest.mark.parametrize("summary", [RANKED, FAILED], ids=["ranked", "failed"])
def test_markdown_holds_no_markup_of_theirs(summary):
    tags = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append(tag)
    parser.feed(markdown_table(summary, {"command": ["run", "<b>"]}).decode())
    assert tags == []


@pytest.mark.parametrize("summary", [RANKED, FAILED], ids=["ranked", "failed"])
def test_a_terminal_gets_one_printable_line_a_name(summary):
    lines = screen(summary, 80)
    assert [line for line in lines if not line.isprintable()] == []
    assert max(len(line) for line in lines[1:4]) <= 80
