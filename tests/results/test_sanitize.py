from __future__ import annotations

import pytest

from results.sanitize import NAMELESS, harmless, name, plain, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("resnet18", "resnet18"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;http://a.b\x07link\x1b]8;;\x07", "link"),
        ("two\nlines\tand  spaces ", "two lines and spaces"),
        ("a\x00b\x07c", "abc"),
        ("left\u202eright", "leftright"),
        ("lone\udc80surrogate", "lone\N{REPLACEMENT CHARACTER}surrogate"),
        ("übung-网络", "übung-网络"),
        (7, "7"),
    ],
)
def test_text_from_outside_becomes_one_printable_line(text, shown):
    assert plain(text) == shown
    plain(text).encode("utf-8")


@pytest.mark.parametrize("text", ["", " \n", "\x1b[0m", "\u200b"])
def test_a_name_is_never_empty(text):
    assert plain(text) == ""
    assert name(text) == NAMELESS


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ü 漢", "ü 漢"),
        ("two\nlines", r"two\nlines"),
        ("\udcff", r"\udcff"),
        ("\x1b[0m", r"\x1b[0m"),
        ("\u202e", r"\u202e"),
    ],
)
def test_names_that_differ_in_what_cannot_be_printed_are_told_apart(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a  b\n  c\n", "a  b\n  c\n"),
        ("a\r\nb\rc\td", "a\nb c d"),
        ("\x1b[2Ja\x1b]0;t\x07b\x9b1mc", "ab1mc"),
        ("\x1b]0;a\nb", "0;a\nb"),
        ("", ""),
    ],
)
def test_text_for_a_terminal_keeps_its_lines_and_columns_and_commands_nothing(text, shown):
    assert harmless(text) == shown
