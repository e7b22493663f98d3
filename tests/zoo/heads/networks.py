"""Small networks with heads in all the places where heads are found."""

from __future__ import annotations

import torch
from torch import nn


class Plain(nn.Module):
    """A backbone with batch-norm and a classifier under a name that follows no convention."""

    def __init__(self, num_classes: int = 7, end: nn.Module | None = None):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
        self.verdict = nn.Linear(8, num_classes)
        self.end = end or nn.Identity()

    def forward(self, images):
        return self.end(self.verdict(self.body(images)))


class Distilled(Plain):
    """Two heads, averaged in eval mode."""

    def __init__(self, num_classes: int = 7):
        super().__init__(num_classes)
        self.second = nn.Linear(8, num_classes)

    def forward(self, images):
        features = self.body(images)
        return (self.verdict(features) + self.second(features.square())) / 2


class Convolutional(Plain):
    """A 1x1 convolution as classifier, followed by pooling, as in squeezenet."""

    def __init__(self, num_classes: int = 7):
        super().__init__(num_classes)
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
        self.verdict = nn.Sequential(nn.Conv2d(8, num_classes, 1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1))

    def forward(self, images):
        return torch.flatten(self.verdict(self.body(images)), 1)


class Auxiliary(Plain):
    """A second classifier that speaks in train mode only, as in googlenet."""

    def __init__(self, num_classes: int = 7):
        super().__init__(num_classes)
        self.helper = nn.Linear(8, num_classes)

    def forward(self, images):
        features = self.body(images)
        return (self.verdict(features), self.helper(features)) if self.training else self.verdict(features)


class Headless(Plain):
    """Ends in normalised features."""

    def __init__(self, num_classes: int = 7):
        super().__init__(num_classes)
        self.norm = nn.LayerNorm(num_classes)

    def forward(self, images):
        return self.norm(super().forward(images))


class Unused(Plain):
    """Has a linear layer that the forward pass never reaches, as a densenet after `model.fc = ...`."""

    def __init__(self, num_classes: int = 7):
        super().__init__(num_classes)
        self.fc = nn.Linear(8, num_classes)


class Handmade(Plain):
    """Its classifier is a module with a bare matrix, which only a hint can find."""

    def __init__(self, num_classes: int = 7):
        super().__init__(num_classes)
        self.verdict = Matrix(num_classes)


class Matrix(nn.Module):
    def __init__(self, num_classes: int):
        super().__init__()
        self.matrix = nn.Parameter(torch.rand(8, num_classes))

    def forward(self, features):
        return features @ self.matrix
