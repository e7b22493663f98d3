"""Plain `nn.Sequential` multi-layer perceptrons in several sizes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

import zoo

if TYPE_CHECKING:
    from torch import nn

SIZES = {
    "mlp": (384, 128),
    "mlp-small": (64,),
    "mlp-wide": (1024,),
    "mlp-deep": (256, 256, 256, 256),
}


@zoo.hookimpl
def zoo_models() -> Iterable[zoo.ModelSpec]:
    for name, hidden in SIZES.items():
        yield zoo.ModelSpec(
            name=name,
            build=build,
            family="mlp",
            summary=f"nn.Sequential, hidden layers {'-'.join(map(str, hidden))}, ReLU",
            tags=frozenset({"starter"} if name == "mlp" else ()),
            options={"hidden_layers": hidden},
        )


def build(task: zoo.Task) -> nn.Module:
    """Flatten, then Linear and ReLU for each hidden size, then the output Linear."""
    from torch import nn

    hidden = task.options.get("hidden_layers", SIZES["mlp"])
    sizes = [task.channels * task.image_size**2, *hidden]
    layers: list[nn.Module] = [nn.Flatten()]
    for num_in, num_out in pairwise(sizes):
        layers += [nn.Linear(num_in, num_out), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], task.num_classes))
