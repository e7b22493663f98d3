"""What a new plugin may be called."""

from __future__ import annotations

import pytest

from zoo import ZooError
from zoo.names import is_valid
from zoo.scaffold.plugin_name import require_name


@pytest.mark.parametrize("name", ["my_net", "Net2", "a"])
def test_a_name_of_a_module_is_taken_and_begins_valid_names_of_models(name):
    require_name(name)
    assert is_valid(f"{name}/tiny")


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("my-net", "my_net"),
        ("2nd", "nd"),
        ("", "my_"),
        ("class", "my_class"),
        ("_x", "x"),
        ("../x", "x"),
        ("ne t", "ne_t"),
        ("n\u00e9t", "n_t"),
        ("a" * 51, "a" * 40),
    ],
)
def test_what_no_module_can_be_called_is_one_line_with_a_name_that_one_can(name, like):
    with pytest.raises(ZooError, match="is no name that a Python module can have here") as caught:
        require_name(name)
    assert caught.value.remedy == f"take one such as {like}"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["torch", "zoo", "harness", "json"])
def test_a_name_that_would_hide_a_library_is_refused(name):
    with pytest.raises(ZooError, match=f"'{name}' is a library's name") as caught:
        require_name(name)
    assert caught.value.remedy == f"take one such as my_{name}"
