"""Whether an exception says that memory ran out; allocators do not agree on a class for that."""

from __future__ import annotations

import re
from collections.abc import Iterator

import torch

# Of RuntimeErrors: torch's CPU allocator, a file that cannot be mapped, CUDA outside of torch's allocator and MPS,
# cuDNN and cuBLAS.
WORDS = ("can't allocate memory", "Cannot allocate memory", "out of memory", "_STATUS_ALLOC_FAILED", "std::bad_alloc")

# What C++ and Rust (safetensors) print before they end the process, or raise what is no Exception.
ABORTED = re.compile(r"std::bad_alloc|memory allocation of \d+ bytes failed|PyObject pointer is null")

KILLED = "killed by SIGKILL, probably by the kernel for want of memory"


def is_out_of_memory(error: BaseException) -> bool:
    """True for the error itself and for one that was raised from it, such as a ZooError about a failed build."""
    return any(_says_so(one) for one in _chain(error))


def said_in(log: str) -> str:
    """What a process printed that memory ran out in code which raises no exception, but ends it; else ""."""
    found = ABORTED.search(log)
    return f"out of memory: {found[0]}" if found else ""


def _says_so(error: BaseException) -> bool:
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in WORDS)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
