"""A plugin whose model has features that take far more memory than itself."""

from __future__ import annotations

import zoo

WIDTH = 100_000  # features of one image: 400 kB


def wide(task):
    from torch import nn

    class Wide(nn.Module):
        def __init__(self):
            super().__init__()
            self.narrow = nn.Linear(task.channels * task.image_size**2, 100)
            self.head = nn.Linear(WIDTH, task.num_classes)

        def forward(self, images_BCHW):
            return self.head(self.narrow(images_BCHW.flatten(1)).repeat(1, WIDTH // 100))

    return Wide()


@zoo.hookimpl
def zoo_models():
    return [zoo.ModelSpec(name="mine/wide", build=wide)]
