"""Fully connected networks: any number of hidden layers, ReLU, dropout, log-softmax."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from itertools import pairwise
from math import isqrt
from typing import TYPE_CHECKING, Any, TypeGuard

import zoo

if TYPE_CHECKING:
    from torch import Tensor, nn

HIDDEN_LAYERS = (512, 256, 128)
DROP_P = 0.2


@zoo.hookimpl
def zoo_models() -> Iterable[zoo.ModelSpec]:
    yield zoo.ModelSpec(
        name="fc_model",
        build=build,
        family="fc_model",
        summary="fully connected 512-256-128, ReLU, dropout 0.2, log-softmax",
        tags=frozenset({"starter"}),
        options={"hidden_layers": HIDDEN_LAYERS, "drop_p": DROP_P},
        own_task=own_task,
    )


def build(task: zoo.Task) -> nn.Module:
    """The network for `task`'s images flattened: channels x size x size inputs."""
    options = {"hidden_layers": HIDDEN_LAYERS, "drop_p": DROP_P} | dict(task.options)
    network: nn.Module = _network()(
        task.channels * task.image_size**2, task.num_classes, options["hidden_layers"], options["drop_p"]
    )
    return network


def own_task(settings: Mapping[str, Any]) -> zoo.Task | None:
    """The task of a file {input_size, output_size, hidden_layers, state_dict}; its images are square, grey or RGB."""
    inputs, outputs, hidden = (settings.get(name) for name in ("input_size", "output_size", "hidden_layers"))
    if not _is_count(inputs) or not _is_count(outputs) or not isinstance(hidden, list | tuple):
        return None
    sides = {channels: isqrt(inputs // channels) for channels in (1, 3)}
    fitting = [channels for channels, side in sides.items() if channels * side**2 == inputs]
    if not fitting or not all(_is_count(width) for width in hidden):
        return None
    options = {"hidden_layers": tuple(hidden)}
    return zoo.Task(num_classes=outputs, image_size=sides[fitting[0]], channels=fitting[0], options=options)


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and value > 0


def __getattr__(name: str) -> Any:
    # `from plugins.fc_model import Network` works, and listing this plugin still imports no torch.
    if name != "Network":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _network()


@cache  # one class, however often it is asked for: isinstance(model, Network) must hold
def _network() -> type[nn.Module]:
    import torch.nn.functional as F
    from torch import nn

    class Network(nn.Module):
        """Images [B, ...] of `input_size` values each, flattened, to log-probabilities [B, output_size]."""

        def __init__(
            self, input_size: int, output_size: int, hidden_layers: Iterable[int], drop_p: float = 0.5
        ) -> None:
            super().__init__()
            sizes = [input_size, *hidden_layers]
            self.hidden_layers = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(sizes))
            self.output = nn.Linear(sizes[-1], output_size)
            self.dropout = nn.Dropout(p=drop_p)

        def forward(self, x: Tensor) -> Tensor:
            x = x.flatten(1)
            for layer in self.hidden_layers:
                x = self.dropout(F.relu(layer(x)))
            return F.log_softmax(self.output(x), dim=1)

    return Network
