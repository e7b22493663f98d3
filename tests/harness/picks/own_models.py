"""A plugin of small models of one's own, from a good one to one that fails, for picks without a network."""

import zoo

SEES = {"mine/pixels": 8, "mine/blurred": 4, "mine/dim": 2, "mine/grey": 1}


@zoo.hookimpl
def zoo_models():
    for name in SEES:
        yield zoo.ModelSpec(name=name, build=lambda task, side=SEES[name]: build(task, side))
    yield zoo.ModelSpec(name="mine/broken", build=broken)


def build(task, side):
    """A linear model of an image shrunk to `side` pixels: the fewer it sees, the worse it is."""
    from torch import nn

    features = nn.Sequential(nn.AdaptiveAvgPool2d(side), nn.Flatten())
    return nn.Sequential(features, nn.Linear(task.channels * side * side, task.num_classes))


def broken(task):
    raise RuntimeError("no such layer")
