"""Every allocator's way to say that memory ran out is understood."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import torch
from torch import nn

import zoo
from harness.machine.oom import is_out_of_memory, said_in
from zoo.building import build
from zoo.errors import ZooError


def raised(function) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever the library raises
        function()
    return caught.value


def test_torchs_cpu_allocator_is_understood():
    assert is_out_of_memory(raised(lambda: torch.empty(2**50)))


def test_a_model_too_large_to_build_is_out_of_memory():
    spec = zoo.ModelSpec(name="mine/huge", build=lambda task: nn.Linear(2**24, 2**24))
    error = raised(lambda: build(spec, zoo.Task(num_classes=3, image_size=8, channels=1)))
    assert isinstance(error, ZooError)
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (RuntimeError("CUDA error: out of memory"), True),
        (RuntimeError("unable to mmap 8 bytes from file </a>: Cannot allocate memory (12)"), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
        (ValueError("out of memory of what was said"), False),
        (ZooError("no head"), False),
    ],
)
def test_memory_errors_are_told_from_others(error, is_memory):
    assert is_out_of_memory(error) == is_memory


@pytest.mark.parametrize(
    ("log", "cause"),
    [
        ("terminate called after throwing an instance of 'std::bad_alloc'\n", "out of memory: std::bad_alloc"),
        (
            "epoch 1\nmemory allocation of 4194392 bytes failed\n",
            "out of memory: memory allocation of 4194392 bytes failed",
        ),
        ("Fatal Python error: Aborted\n", ""),
    ],
)
def test_a_process_that_ended_for_want_of_memory_is_told_by_its_last_words(log, cause):
    assert said_in(log) == cause


@pytest.mark.once
@pytest.mark.parametrize("share", [0.5, 1.5])  # of the tensor, left for the file that is made in memory
def test_what_safetensors_says_is_known(share):
    code = f"""
import torch
from safetensors.torch import save
from zoo.manager.memory_limit import limit_further

value = torch.zeros(2**26)
limit_further(int({share} * value.nbytes))
save({{"value": value}})
"""
    environment = {**os.environ, "RUST_BACKTRACE": "0"}  # it hangs where it writes one without memory
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode
    assert said_in(done.stderr) or done.stderr.endswith("MemoryError\n")
