from __future__ import annotations

import pytest

from results.tables.text import aligned, clipped, fit_for, listed, padded, width, wrapped


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("日本", 4), ("e\u0301te\u0301", 3), ("", 0)])
def test_width_is_what_a_terminal_fills(text, columns):
    assert width(text) == columns


@pytest.mark.parametrize(("text", "shown"), [("abcd", "abcd"), ("abcde", "abc…"), ("日本語", "日…"), ("日本", "日本")])
def test_a_long_text_is_cut_to_the_columns_there_are(text, shown):
    assert clipped(text, 4) == shown


def test_wide_letters_are_padded_by_what_they_fill():
    assert (padded("日", 4, left=True), padded("日", 4, left=False)) == ("日  ", "  日")


def test_columns_are_as_wide_as_their_widest_cell_and_lines_end_with_their_text():
    rows = [("name", "ms", "verdict"), ("日本", "7", ""), ("a", "120", "noisy")]
    assert aligned(rows, right={1}) == ["name   ms  verdict", "日本    7", "a     120  noisy"]


@pytest.mark.parametrize(
    ("num_names", "text"),
    [(1, "a"), (2, "a and b"), (4, "a, b, c and d"), (6, "a, b, c, d and 2 more")],
)
def test_names_are_listed_as_people_do(num_names, text):
    assert listed("abcdef"[:num_names]) == text


def test_a_stream_shows_what_its_encoding_knows_and_the_rest_spelt_out():
    assert fit_for("latin-1", "±1 ◆ é 日") == "±1 * é \\u65e5"
    assert fit_for("utf-8", "±1 ◆ é 日") == "±1 ◆ é 日"


def test_a_long_line_goes_on_two_spaces_in_and_no_word_is_broken():
    assert wrapped("aa bb 日本 cc dd", 8) == ["aa bb", "  日本", "  cc dd"]
    assert wrapped("a longer-than-that b", 8) == ["a", "  longer-than-that", "  b"]
    assert wrapped("aa bb", 5) == wrapped("aa bb", None) == ["aa bb"]
