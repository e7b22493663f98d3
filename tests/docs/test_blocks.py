"""What the pages are held to: their blocks are read whole, and `…` stands for no more than it says."""

from __future__ import annotations

import pytest

from tests.docs.blocks import Command, File, agrees, blocks

PAGE = """
```python title="my_net.py"
import zoo
```
```
$ no command
```
```console
$ harness list
one
two
$ harness info three
error: unknown model 'three'
```
"""


def test_files_and_commands_come_in_their_order():
    file, listing, info = blocks(PAGE)
    assert file == File(name="my_net.py", text="import zoo\n")
    assert listing == Command(line="harness list", output=["one", "two"])
    assert (listing.fails, info.fails) == (False, True)


@pytest.mark.parametrize(
    "line", ["error: unknown model 'three'", "mine/net  29 of 33 checks passed, 1 failed, 3 not run"]
)
def test_a_command_that_failed_says_so(line):
    assert Command(line="harness", output=["first", line]).fails
    assert not Command(line="harness", output=["2 models: 2 ok, nothing wrong"]).fails


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        (["a", "…", "d"], ["a", "b", "c", "d"], True),
        (["a", "…", "d"], ["a", "d"], True),
        (["a", "…", "d"], ["a", "b"], False),
        (["took … s"], ["took 1.5 s"], True),
        (["took … s"], ["took 1.5 ms"], False),
        (["a"], ["a", "b"], False),
        (["a (b)"], ["a (b)  "], True),
    ],
)
def test_lines_agree_but_for_what_an_ellipsis_stands_for(expected, printed, same):
    assert agrees(expected, printed) is same


def test_a_file_that_a_command_wrote_has_to_be_what_the_page_shows(tmp_path):
    File(name="a/b.py", text="1\n").put(tmp_path)
    File(name="a/b.py", text="1\n").put(tmp_path)
    with pytest.raises(AssertionError, match=r"a/b\.py is not what the page shows"):
        File(name="a/b.py", text="2\n").put(tmp_path)
