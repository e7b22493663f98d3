"""What may be asked for with --head."""

from __future__ import annotations

import pytest

from zoo.errors import ZooError
from zoo.heads import HeadSpec


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("linear", HeadSpec()),
        ("mlp:256", HeadSpec((256,), 0.0)),
        ("mlp:256:0.2", HeadSpec((256,), 0.2)),
        ("mlp:512,256:0.5", HeadSpec((512, 256), 0.5)),
        ("mlp:8:1e-1", HeadSpec((8,), 0.1)),
    ],
)
def test_a_head_is_read_from_its_name(text, spec):
    assert HeadSpec.parse(text) == spec


WRONG = "mlp mlp: mlp:0 mlp:8: mlp:8, mlp:8:1 mlp:8:. mlp:8:nan mlp:8:-0.1 mlp:8:0.1:2 mlp:1_0 linear:8 fc"


@pytest.mark.parametrize("text", ["", " linear", "mlp: 8", f"mlp:{'9' * 5000}", *WRONG.split()])
def test_any_other_text_is_a_usage_error(text):
    with pytest.raises(ZooError, match=f"'{text}' is not a head: linear, mlp:256 or mlp:256:0.2") as caught:
        HeadSpec.parse(text)
    assert caught.value.exit_code == 2
