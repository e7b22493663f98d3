"""Run as a program: what listing one plugin imports, and what building one of its models asks of the network.

It prints one line of JSON: `heavy`, the libraries that listing loaded; `asked`, the addresses that building asked for;
`digest` of the weights from a seed; `problem`, what kept it from that.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from contextlib import redirect_stdout
from functools import partial
from typing import TYPE_CHECKING, Any

from zoo.discovery import collect
from zoo.errors import first_line
from zoo.manager.loading import of_source, read_requests
from zoo.specs import Task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zoo.discovery import Zoo

HEAVY = ("torch", "torchvision", "timm", "tensorflow", "jax", "keras", "transformers", "lightning")
SEED = 1


def main(text: str) -> None:
    """Answer one question, given as JSON."""
    job = json.loads(text)
    answer: dict[str, Any] = {"heavy": [], "asked": [], "digest": "", "problem": ""}
    with redirect_stdout(sys.stderr):
        try:
            zoo = _listed(job)
            answer["heavy"] = [name for name in HEAVY if name in sys.modules]
            _watch_network(answer["asked"])
            answer["digest"] = _built(zoo, job)
        except Exception as error:
            answer["problem"] = f"{type(error).__name__}: {first_line(error)}"
    print(json.dumps(answer))


def _listed(job: Mapping[str, Any]) -> Zoo:
    return collect(partial(of_source, job["source"]), read_requests(job["plugins"], os.environ))


def _watch_network(asked: list[str]) -> None:
    """Let every question for an address fail, and write it down."""

    def refuse(*arguments: Any, **keywords: Any) -> Any:
        address = next((one for one in arguments if isinstance(one, str | tuple)), arguments)
        asked.append(str(address))
        raise OSError(f"no network here: {address}")

    for place, function in ((socket.socket, "connect"), (socket.socket, "connect_ex"), (socket, "getaddrinfo")):
        setattr(place, function, refuse)


def _built(zoo: Zoo, job: Mapping[str, Any]) -> str:
    import torch

    from zoo.building import build
    from zoo.testing.digest import digest

    (choice,) = zoo.select(job["name"])
    torch.manual_seed(SEED)
    return digest(build(choice.spec, Task(**job["task"])).model)


if __name__ == "__main__":
    main(sys.argv[1])
