"""Run as a program: what listing one plugin imports, and what building its models asks of the network.

It lists the plugin, and answers questions from a socket, each in a fork of itself: all models of a plugin wait once for
their libraries. The answer is `heavy`, the libraries that listing loaded; `asked`, the addresses that building asked
for; `digest` of the weights from a seed; `problem`, what kept it from that. It ends with its stdin.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib import import_module
from select import select
from typing import TYPE_CHECKING, Any

from zoo.discovery import Zoo, collect
from zoo.errors import first_line
from zoo.manager.loading import of_source, read_requests
from zoo.manager.memory_limit import limit_further
from zoo.specs import Task
from zoo.testing.elsewhere import OTHER_SEED, read_all

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAVY = ("torch", "torchvision", "timm", "tensorflow", "jax", "keras", "transformers", "lightning")


@dataclass(slots=True)
class Answer:
    """What is said of a model; what listing showed is the same for all of them."""

    heavy: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    digest: str = ""
    problem: str = ""


def main(text: str) -> None:
    """List the plugin of `text`, which is JSON, and serve until stdin ends."""
    job = json.loads(text)
    server = socket.socket(socket.AF_UNIX)
    server.bind(job["address"])
    server.listen()
    print("ready", flush=True)
    os.dup2(2, 1)  # nobody reads what plugins print
    answer, zoo = Answer(), None
    try:
        zoo = collect(partial(of_source, job["source"]), read_requests(job["plugins"], os.environ))
        answer.heavy = [name for name in HEAVY if name in sys.modules]
        _watch_network(answer.asked)
        _import_libraries(zoo)
    except Exception as error:
        answer.problem = _said(error)
    while server.fileno() in select([server.fileno(), 0], [], [])[0]:
        question, _ = server.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _reply(question, zoo, answer)
            os._exit(0)
        question.close()


def _watch_network(asked: list[str]) -> None:
    """Let every question for an address fail, and write it down."""

    def refuse(*arguments: Any, **keywords: Any) -> Any:
        address = next((one for one in arguments if isinstance(one, str | tuple)), arguments)
        asked.append(str(address))
        raise OSError(f"no network here: {address}")

    for place, function in ((socket.socket, "connect"), (socket.socket, "connect_ex"), (socket, "getaddrinfo")):
        setattr(place, function, refuse)


def _import_libraries(zoo: Zoo) -> None:
    """Once for all models. What cannot be imported, a model that needs it says itself."""
    for name in dict.fromkeys(["torch", *(name for spec, _ in zoo.models.values() for name in spec.requires)]):
        with suppress(Exception):
            import_module(name)


def _reply(question: socket.socket, zoo: Zoo | None, answer: Answer) -> None:
    """In a process for this alone."""
    try:
        if zoo is not None and not answer.problem:
            answer.digest = _built(zoo, json.loads(read_all(question)))
    except Exception as error:
        answer.problem = _said(error)
    with suppress(OSError):  # who asked has ended
        question.sendall(json.dumps(asdict(answer)).encode())


def _built(zoo: Zoo, job: Mapping[str, Any]) -> str:
    import torch

    from zoo.building import build
    from zoo.testing.subject import digest

    if job["room"] is not None:
        limit_further(job["room"])
    (choice,) = zoo.select(job["name"])
    torch.manual_seed(OTHER_SEED)
    return digest(build(choice.spec, Task(**job["task"])).model)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the forks
    main(sys.argv[1])
