from __future__ import annotations

import io

import pytest

from harness.runs.console import Screen


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "▶ a · 3 × 漢 …\n"), ("latin-1", "> a · 3 × \\u6f22 ...\n"), ("ascii", "> a | 3 x \\u6f22 ...\n")],
)
def test_a_stream_gets_the_signs_that_it_knows_and_the_others_spelt_out(encoding, shown):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    Screen(stream=stream).line("▶ a · 3 × 漢 …")
    assert stream.buffer.getvalue().decode(encoding) == shown
