"""Before a download: is the file here already, is it whole, can its host be reached at all? Then: how far is it?"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

from zoo.errors import ZooError, first_line
from zoo.weights import sha256_of

# Gets what is downloaded, the bytes that are here, and those of the whole (0: unknown).
Tell = Callable[[str, int, int], None]

CONNECT_SECONDS = 3.0
WEIGHTS_DIR = "ZOO_WEIGHTS_DIR"
_LISTENER: ContextVar[Tell | None] = ContextVar("listener", default=None)
# Names of torch.hub's files end in the first digits of their SHA-256.
_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def hub_folder() -> Path:
    """Where torch.hub keeps weights, and where a person may put them by hand."""
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints"


def own_file(file_name: str) -> Path | None:
    """That file in the folder of weights that a person has named (--weights-dir), None where it has none."""
    folder = os.environ.get(WEIGHTS_DIR)
    path = Path(folder) / file_name if folder else None
    return path if path is not None and path.is_file() else None


@contextmanager
def weights_dir(folder: str | None) -> Iterator[None]:
    """Within, here and in child processes, weights are taken from `folder` where it has them; None changes nothing.

    Raises ZooError where it is no folder.
    """
    if folder is None:
        yield
        return
    if not os.path.isdir(folder):
        raise ZooError(
            f"--weights-dir {folder} is no folder", "name the folder that has the files NAME.TAG.safetensors"
        )
    before = os.environ.get(WEIGHTS_DIR)
    os.environ[WEIGHTS_DIR] = folder
    try:
        yield
    finally:
        os.environ.pop(WEIGHTS_DIR)
        os.environ |= {} if before is None else {WEIGHTS_DIR: before}


def require_url(url: str) -> None:
    """Return where the file of `url` is in the local cache and whole, or can be fetched; else raise ZooError."""
    path = hub_folder() / Path(urlsplit(url).path).name
    if path.is_file():
        require_whole(path, hash_in_name(path.name))
    else:
        require_reachable(url, f"the weights {path.name}", path)


def huggingface_file(repository: str, names: tuple[str, ...]) -> Path | None:
    """What `cached_file` finds, and whole: raises ZooError where it is not."""
    path = cached_file(repository, names)
    if path is not None:
        # Large files are stored under their SHA-256; small ones under git's SHA-1, of more than their bytes.
        blob = path.resolve().name
        require_whole(path, blob if _SHA256.fullmatch(blob) else "")
    return path


def cached_file(repository: str, names: tuple[str, ...]) -> Path | None:
    """The first of `names` that the local Hugging Face cache has of `repository` ("owner/name" or "owner/name@commit").

    Of several snapshots it is the one that the library itself would read.
    """
    from huggingface_hub import try_to_load_from_cache

    owner_and_name, _, revision = repository.partition("@")
    # As the environment says now, where it does: the library keeps what it said as it was imported.
    cache = os.environ.get("HF_HUB_CACHE") and os.path.expanduser(os.environ["HF_HUB_CACHE"])
    for name in names:
        cached = try_to_load_from_cache(owner_and_name, name, cache or None, revision or None)
        if isinstance(cached, str):
            return Path(cached)
    return None


def hash_in_name(name: str) -> str:
    """The first digits of the SHA-256 that a file's name says it has; "" where it says none."""
    match = _HASH_IN_NAME.search(name)
    return match[1] if match else ""


def require_whole(path: Path, digest: str) -> None:
    """Raise where the file's SHA-256 does not begin with `digest`: it was truncated or is another file."""
    if digest and not (actual := sha256_of(path)).startswith(digest):
        cause = f"{path} is damaged: its sha256 is {actual[:16]}…, not {digest[:16]}"
        raise ZooError(cause, f"delete it and try again: rm {path}")


def require_reachable(url: str, what: str, put: Path) -> None:
    """Raise within CONNECT_SECONDS where the host of `url` does not answer; `put` is the place for the file."""
    host = urlsplit(url).hostname or url
    if not _answers(url):
        raise ZooError(f"cannot download {what}: {host} does not answer", f"get {url} elsewhere and put it at {put}")


def require_huggingface(repository: str, name: str, put: Path) -> None:
    """Raise where Hugging Face is switched off or does not answer."""
    site = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    url = f"{site}/{repository.partition('@')[0]}/resolve/main/{name}"
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "TRUE", "YES", "ON"}:
        cause = f"cannot download {name} of {repository}: HF_HUB_OFFLINE is set"
        raise ZooError(cause, f"unset it, or get {url} elsewhere and put it at {put}")
    require_reachable(url, f"{name} of {repository}", put)


@contextmanager
def explained(what: str, put: Path) -> Iterator[None]:
    """Turn what a library raises while it fetches and reads weights into one line with a remedy."""
    from safetensors import SafetensorError

    try:
        with watched(what):
            yield
    except (OSError, RuntimeError, ValueError, EOFError, SafetensorError) as error:
        reason = first_line(error) or type(error).__name__
        raise ZooError(f"{what} could not be loaded: {reason}", f"get the file by hand and put it at {put}") from error


@contextmanager
def reported(tell: Tell) -> Iterator[None]:
    """Within, `tell` hears how far each of `watched` downloads is."""
    token = _LISTENER.set(tell)
    try:
        yield
    finally:
        _LISTENER.reset(token)


@contextmanager
def watched(what: str) -> Iterator[None]:
    """Within, what a library shows of its downloads with tqdm goes to whoever wants to hear of it, and nowhere else.

    torch.hub, torchvision and Hugging Face all use tqdm, whose `display` is what its documentation says to overload;
    each of them only shows anything on request, or on a terminal.
    """
    tell = _LISTENER.get()
    if tell is None:
        yield
        return
    from tqdm.std import tqdm

    begin, display = tqdm.__init__, tqdm.display

    def shown(bar: Any, *_: Any, **__: Any) -> bool:
        tell(what, int(bar.n), int(bar.total or 0))
        return True

    def begun(bar: Any, *args: Any, **options: Any) -> None:
        begin(bar, *args, **options | {"disable": False, "file": StringIO(), "mininterval": 0.1})

    tqdm.__init__, tqdm.display = begun, shown
    try:
        yield
    finally:
        tqdm.__init__, tqdm.display = begin, display


def _answers(url: str) -> bool:
    """Whether the host of `url`, or the proxy on the way to it, accepts a connection.

    In a thread of its own, since looking up a name has no time limit.
    """
    parts = urlsplit(url)
    proxy = urlsplit(getproxies().get(parts.scheme, ""))
    target = proxy if proxy.hostname else parts
    address = (target.hostname or "", target.port or (443 if target.scheme == "https" else 80))
    answered: list[bool] = []

    def connect() -> None:
        try:
            socket.create_connection(address, timeout=CONNECT_SECONDS).close()
        except OSError:
            return
        answered.append(True)

    thread = Thread(target=connect, daemon=True)
    thread.start()
    thread.join(CONNECT_SECONDS)
    return bool(answered)
