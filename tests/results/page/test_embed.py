"""What stands in a script element cannot end it, and is read back letter by letter."""

from __future__ import annotations

import json

import pytest

from results.page.embed import embedded, inline_script, source_hash

PLANTED = ["</script><script>alert(1)</script>", "<!--<script>", "]]>", "&lt;", "\u2028", "日本", "\udc80"]


@pytest.mark.parametrize("text", PLANTED)
def test_data_come_back_as_they_were_and_hold_no_sign_of_markup(text):
    written = embedded({text: [text, 1.5, None]})
    assert json.loads(written) == {text: [text, 1.5, None]}
    assert not set(written) & set("<>&")
    assert written.isascii()


def test_numbers_that_json_lacks_are_null():
    assert embedded([float("nan"), float("inf"), -0.5]) == "[null,null,-0.5]"


def test_a_script_with_markup_in_its_strings_does_not_end_its_element():
    code = inline_script("a('</script>'); b('<!-- <SCRIPT>'); if (a<b) c()")
    assert code == r"a('\x3c/script>'); b('\x3c!-- \x3cSCRIPT>'); if (a<b) c()"


def test_a_script_is_named_by_the_hash_that_browsers_compute():
    # From the specification of content-security policies, level 2.
    assert source_hash("alert('Hello, world.');") == "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
