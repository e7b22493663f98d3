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
    ],
)
def test_a_head_is_read_from_its_name(text, spec):
    assert HeadSpec.parse(text) == spec


@pytest.mark.parametrize("text", ["", "mlp", "mlp:", "mlp:0", "mlp:8:1", "mlp:8:nan", "mlp:8:0.1:2", "linear:8", "fc"])
def test_any_other_text_is_a_usage_error(text):
    with pytest.raises(ZooError, match="not understood") as caught:
        HeadSpec.parse(text)
    assert caught.value.exit_code == 2
