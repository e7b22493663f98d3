"""Results of batches, put together without a copy of all of them."""

from __future__ import annotations

import torch

from harness.training.row_buffer import RowBuffer


def test_batches_of_any_size_become_one_tensor_in_order():
    whole = torch.randn(10, 3, 2)
    rows = RowBuffer(10)
    for part in torch.split(whole, 4):
        rows.add(part)
    assert torch.equal(rows.whole(), whole)


def test_what_inference_computed_can_be_trained_on():
    rows, layer = RowBuffer(4), torch.nn.Linear(2, 1)
    with torch.inference_mode():
        rows.add(torch.ones(4, 2))
    layer(rows.whole()).sum().backward()
    assert torch.equal(layer.weight.grad, torch.full((1, 2), 4.0))


def test_rows_that_never_came_are_not_made_up():
    rows = RowBuffer(5)
    rows.add(torch.ones(2, 1))
    assert rows.whole().shape == (2, 1)
