"""What is kept asks for room first."""

from __future__ import annotations

import pytest
import torch

from harness.data.batches import room
from harness.data.batches.room import NoRoom, require_room, want_of_room

MIB = 2**20
ROWS = torch.zeros(4, 4, MIB // 16)  # 1 MiB each


@pytest.mark.parametrize("limit", ["free_memory", "room_below_limit"])
def test_half_of_what_is_free_may_be_taken_and_not_a_byte_more(monkeypatch, limit):
    monkeypatch.setattr(room, limit, lambda: 20 * MIB)
    require_room(ROWS, 10)
    monkeypatch.setattr(room, limit, lambda: 20 * MIB - 1)
    with pytest.raises(NoRoom, match="10 times 4x65536 numbers take 10 MiB, half of what is free is 10 MiB"):
        require_room(ROWS, 10)


def test_errors_that_are_none_of_memory_are_told_from_those_that_are():
    assert want_of_room(NoRoom("too large")) == "too large"
    assert want_of_room(MemoryError()) == "memory ran out while they were computed"
    assert want_of_room(ValueError("out of range")) == ""
