"""Checks of values; what the command line says of them is in `test_options.py`, what Python says in `test_calls.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from harness.plan import values


@pytest.mark.parametrize(
    ("check", "value", "meant"),
    [
        (values.whole(1), "5", 5),
        (values.whole(1), np.int64(5), 5),
        (values.real(0), "1e-3", 1e-3),
        (values.real(0), np.float32(0.5), 0.5),
        (values.real(0), 2, 2.0),
        (values.device, torch.device("cuda:1"), "cuda:1"),
        (values.device_list, "cpu,cuda", "cpu,cuda"),
        (values.device_list, ["cpu", torch.device("cuda")], "cpu,cuda"),
        (values.sizes, "1,8", [1, 8]),
        (values.sizes, 8, [8]),
        (values.names, ["a", "b,-c"], "a,b,-c"),
        (values.path, "~/pets", Path.home() / "pets"),
        (values.paths, Path("mine.py"), ["mine.py"]),
        (values.text, Path("net.safetensors"), "net.safetensors"),
        (values.head, "mlp:8,4:0.1", "mlp:8,4:0.1"),
    ],
)
def test_what_is_typed_and_what_python_hands_over_mean_the_same(check, value, meant):
    result = check(value)
    assert (result, type(result)) == (meant, type(meant))


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (values.whole(1), b"5"),
        (values.whole(1), "9" * 5000),
        (values.real(0), 10**400),
        (values.real(0), np.ones(2)),
        (values.one_of("a", "b"), np.array(["a", "b"])),
        (values.switch, 1),
        (values.path, "a\0b"),
        (values.names, {"a": 1}),
        (values.sizes, None),
    ],
)
def test_what_cannot_be_meant_is_a_value_error_in_one_short_line(check, value):
    with pytest.raises(ValueError, match=" is ") as caught:
        check(value)
    assert "\n" not in str(caught.value)
