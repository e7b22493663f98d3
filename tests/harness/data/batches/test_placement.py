import torch

from harness.data.batches import placement
from harness.data.batches.placement import place, to_device
from harness.data.pixels.sources import MemorySource

META = torch.device("meta")


def source(num=10):
    return MemorySource(torch.zeros(num, 3, 4, 4, dtype=torch.uint8))


def test_on_a_cpu_pixels_stay_where_they_are():
    images, rows = source(), torch.tensor([4, 2])
    assert place(images, rows, torch.device("cpu")) == (images, rows)


def test_chosen_rows_move_to_an_accelerator_with_room(monkeypatch):
    monkeypatch.setattr(placement, "free_bytes", lambda device: 4 * 2 * 48)
    placed, rows = place(source(), torch.tensor([4, 2]), META)
    assert (placed.pixels.device, placed.shape) == (META, torch.Size([2, 3, 4, 4]))
    assert (rows.device, rows.shape) == (META, torch.Size([2]))


def test_without_room_they_stay_and_are_copied_a_block_at_a_time(monkeypatch):
    monkeypatch.setattr(placement, "free_bytes", lambda device: 4 * 2 * 48 - 1)
    images, rows = source(), torch.tensor([4, 2])
    assert place(images, rows, META) == (images, rows)
    blocks = list(to_device(images.blocks(torch.split(torch.arange(10), 4)), META))
    assert [block.shape[0] for block in blocks] == [4, 4, 2]
    assert {block.device for block in blocks} == {META}


def test_the_next_block_is_asked_for_before_this_one_is_used():
    made = []
    blocks = to_device((made.append(n) or torch.zeros(n) for n in (1, 2, 3)), META)
    assert (len(next(blocks)), made) == (1, [1, 2])
    assert ([len(block) for block in blocks], made) == ([2, 3], [1, 2, 3])
