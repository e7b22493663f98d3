"""What an epoch of batches costs beside the plain way: a DataLoader over PIL images, ToTensor and Normalize."""

from __future__ import annotations

from statistics import median
from time import process_time

import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import transforms

from harness.data.batches.batches import PixelBatches

NUM_IMAGES, BATCH_SIZE, AT_LEAST = 5000, 64, 10


def cpu_seconds(epoch):
    start = process_time()
    for _ in epoch:
        pass
    return process_time() - start


def plain_epoch(images):
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    items = [(Image.fromarray(image[0].numpy()), 0) for image in images]
    return DataLoader(
        items,
        batch_size=BATCH_SIZE,
        shuffle=True,
        collate_fn=lambda pairs: torch.stack([transform(image) for image, _ in pairs]),
    )


def test_an_epoch_of_batches_costs_a_fraction_of_a_data_loaders(benchmark):
    images = torch.randint(0, 256, (NUM_IMAGES, 1, 28, 28), dtype=torch.uint8)
    made = PixelBatches(images, [0] * NUM_IMAGES, mean=(0.5,), std=(0.5,), channels_out=1, batch_size=BATCH_SIZE)
    plain = plain_epoch(images)
    benchmark.pedantic(lambda: cpu_seconds(made.train(0)), rounds=20, warmup_rounds=2)
    pairs = [(cpu_seconds(plain), cpu_seconds(made.train(0))) for _ in range(5)]
    ratio = median(pair[0] for pair in pairs) / median(pair[1] for pair in pairs)
    benchmark.extra_info["data loader ÷ batches"] = round(ratio, 1)
    assert ratio > AT_LEAST
