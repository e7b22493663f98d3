from collections import Counter

import numpy as np
import torch
from sklearn.datasets import load_digits

from plugins import digits, synthetic


def test_digits_are_scikit_learns_images_stretched_to_uint8():
    images = digits.open_digits(None)
    assert images.train.images.shape == (1797, 1, 8, 8)
    assert images.train.images.dtype == torch.uint8
    expected = np.rint(load_digits().images * 255 / 16)
    assert np.array_equal(images.train.images[:, 0].numpy(), expected)
    assert list(images.train.labels) == load_digits().target.tolist()


def test_synthetic_images_are_the_same_on_every_call_and_balanced():
    torch.manual_seed(1)
    first = synthetic.open_synthetic(None)
    torch.manual_seed(2)
    second = synthetic.open_synthetic(None)
    assert torch.equal(first.train.images, second.train.images)
    assert first.train.images.shape == (1000, 3, 32, 32)
    assert set(Counter(first.train.labels).values()) == {100}


def test_synthetic_images_can_be_told_apart():
    images = synthetic.open_synthetic(None).train
    spectrum = torch.fft.fft2(images.images.float().mean(1)).abs()[:, :8].flatten(1)[:, 1:]
    labels = torch.tensor(images.labels)
    centres = torch.stack([spectrum[:500][labels[:500] == k].mean(0) for k in range(10)])
    nearest = torch.cdist(spectrum[500:], centres).argmin(1)
    assert (nearest == labels[500:]).float().mean() > 0.9
