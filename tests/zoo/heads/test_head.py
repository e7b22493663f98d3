"""What may be asked for with --head."""

from __future__ import annotations

import pytest

from zoo.errors import ZooError
from zoo.heads import HeadSpec
from zoo.specs import ModelSpec, Task


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("linear", HeadSpec()),
        ("mlp:256", HeadSpec((256,), 0.0)),
        ("mlp:256:0.2", HeadSpec((256,), 0.2)),
        ("mlp:512,256:0.5", HeadSpec((512, 256), 0.5)),
        ("mlp:8:1e-1", HeadSpec((8,), 0.1)),
        ("mlp:1:0.99", HeadSpec((1,), 0.99)),
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
    assert caught.value.remedy == "several widths have commas between them: mlp:512,256:0.2"


def by_python(text):
    import harness

    harness.run("mlp", dataset="digits", head=text)


def by_building(text):
    from zoo.building import build

    build(ModelSpec(name="mine/a", build=lambda task: None), Task(num_classes=2, image_size=8, channels=1), head=text)


def by_command(*arguments):
    from harness.cli.main import _dispatch

    return lambda text: _dispatch([*arguments, "--head", text])


@pytest.mark.fault(150)
@pytest.mark.parametrize("text", ["mlp:256:", "mlp:256,:0.2"])
@pytest.mark.parametrize("route", [by_python, by_building, by_command("run"), by_command("info", "mlp")])
def test_150_every_route_refuses_the_same_heads_before_anything_is_built(route, text):
    with pytest.raises(ZooError, match=f"'{text}' is not a head: linear, mlp:256 or mlp:256:0.2") as caught:
        route(text)
    assert caught.value.exit_code == 2
