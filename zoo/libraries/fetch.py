"""Fetching a file of weights: gone on with where an earlier try ended, its hash checked, there whole or not at all."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from http.client import HTTPException
from typing import TYPE_CHECKING, BinaryIO, NoReturn
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from zoo.errors import ZooError, first_line
from zoo.libraries.download import (
    cached_file,
    hash_in_name,
    hub_folder,
    huggingface_file,
    require_huggingface,
    require_whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.client import HTTPResponse
    from pathlib import Path

    from zoo.weights_source import WeightsSource

    # Gets the bytes of the file that are here.
    Tell = Callable[[int], None]

CHUNK = 2**20
TIMEOUT_SECONDS = 30.0  # without a single byte
STORAGE = 4  # the exit code of a full disk, as of results.errors
RANGE_NOT_SATISFIABLE = 416


def fetch(source: WeightsSource, tell: Tell = lambda done: None) -> Path:
    """The file of `source`, fetched where it is not here. Raises ZooError in one line, and keeps what has come.

    A file that is here is checked by the hash that its name says. What has another is not kept: the next try begins
    anew.
    """
    if source.path is not None:
        require_whole(source.path, hash_in_name(source.path.name) if source.path == source.put else "")
        return source.path
    if source.repository:
        return _of_repository(source)
    if source.url and source.put is not None:
        return fetch_url(source.url, source.put, tell)
    cause = source.missing or f"nobody says where {source.file_name} is"
    raise ZooError(cause, f"put it into the folder of --weights-dir as {source.file_name}")


def fetch_url(url: str, put: Path, tell: Tell = lambda done: None) -> Path:
    """The file of `url` at `put`; what has come of it lies in `put`.part until it is whole."""
    part = put.with_name(f"{put.name}.part")
    try:
        put.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab") as file:
            _go_on(url, file, tell)
            os.fsync(file.fileno())
    except (OSError, HTTPException) as error:
        _refuse(url, put, error)
    try:
        require_whole(part, hash_in_name(put.name))
    except ZooError as error:
        part.unlink()
        cause = f"{url} is not the file that was meant: {error.cause.partition(': ')[2]}"
        raise ZooError(cause, f"try again, or get it elsewhere and put it at {put}") from None
    part.replace(put)
    return put


def _go_on(url: str, file: BinaryIO, tell: Tell) -> None:
    """Append to `file` what it lacks. A server that cannot begin in the middle sends all of it, and so it is taken."""
    done = file.tell()
    request = Request(url, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            if done and answer.status != 206:
                file.truncate(0)
                done = 0
            _copy(answer, file, done, tell)
    except HTTPError as error:
        if error.code != RANGE_NOT_SATISFIABLE:
            raise
        # There is nothing after what is here: it is all of the file, which its hash must say.


def _copy(answer: HTTPResponse, file: BinaryIO, done: int, tell: Tell) -> None:
    length = answer.headers["Content-Length"]
    wanted = done + int(length) if length else None
    while chunk := answer.read(CHUNK):
        file.write(chunk)
        done += len(chunk)
        tell(done)
    file.flush()
    if wanted is not None and done < wanted:
        raise ConnectionError(f"it ended after {done:,} of {wanted:,} bytes")


def _of_repository(source: WeightsSource) -> Path:
    """A file of Hugging Face's, by its own library, which resumes; the hash is checked by the name it is kept under."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    owner_and_name, _, revision = source.repository.partition("@")
    # First: the library itself tries a host that is away for half a minute.
    require_huggingface(source.repository, source.files[0], hub_folder() / source.file_name)
    # As the environment says now, where it does: the library keeps what it said as it was imported.
    cache = os.environ.get("HF_HUB_CACHE") and os.path.expanduser(os.environ["HF_HUB_CACHE"])
    endpoint = os.environ.get("HF_ENDPOINT")
    for name in source.files:
        try:
            hf_hub_download(owner_and_name, name, revision=revision or None, cache_dir=cache or None, endpoint=endpoint)
        except LocalEntryNotFoundError as error:  # no network: another name would not be there either
            _refuse(f"{name} of {source.repository}", None, error)
        except EntryNotFoundError:
            continue
        except Exception as error:
            _refuse(f"{name} of {source.repository}", None, error)
        return _whole(source.repository, name)
    cause = f"{source.repository} has none of {', '.join(source.files)}"
    raise ZooError(
        cause, f"get the weights elsewhere and put them into the folder of --weights-dir as {source.file_name}"
    )


def _whole(repository: str, name: str) -> Path:
    """The file that was just fetched. What is damaged is removed: else it would be taken for the file for ever."""
    try:
        path = huggingface_file(repository, (name,))
    except ZooError as error:
        if (damaged := cached_file(repository, (name,))) is not None:
            with suppress(OSError):
                damaged.resolve().unlink()
                damaged.unlink()
        raise ZooError(f"{name} of {repository} came damaged: {error.cause.partition(': ')[2]}", "try again") from None
    if path is None:
        raise ZooError(f"{name} of {repository} was fetched, and is not in the cache", "see HF_HUB_CACHE")
    return path


def _refuse(what: str, put: Path | None, error: Exception) -> NoReturn:
    """One line for what has become of a download."""
    remedy = f"get it elsewhere and put it at {put}" if put else "get it elsewhere, and see --weights-dir"
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        raise ZooError(f"disk full: {what} does not fit", "make room, and go on: what has come is kept", STORAGE)
    reason = error.reason if isinstance(error, URLError) and not isinstance(error, HTTPError) else error
    said = first_line(reason) if isinstance(reason, BaseException) else str(reason)
    raise ZooError(f"cannot download {what}: {said or type(error).__name__}", remedy) from error
