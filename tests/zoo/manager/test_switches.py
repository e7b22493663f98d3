"""Every process-wide switch is seen to have changed, and is put back; one list serves all who ask."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import torch

from zoo.manager import float32, switches
from zoo.manager.float32 import ROUNDING, torchs_own_rounding
from zoo.manager.switch import attribute, read_one

BACKENDS = torch.backends
NEW_WORDS = pytest.mark.skipif(
    not hasattr(torch._C, "_get_fp32_precision_getter"), reason="this torch has no fp32_precision"
)
FP32 = "torch's float32 precision (TF32)"
CHANGES = {
    "torch.get_default_dtype()": lambda: torch.set_default_dtype(torch.float64),
    "torch.is_grad_enabled()": lambda: torch.set_grad_enabled(False),
    "torch.are_deterministic_algorithms_enabled()": lambda: torch.use_deterministic_algorithms(True, warn_only=True),
    "torch.set_default_device": lambda: torch.set_default_device("meta"),
    FP32: lambda: torch.set_float32_matmul_precision("medium"),
    "torch.set_autocast_enabled": lambda: torch.set_autocast_enabled("cpu", True),
    "torch.set_anomaly_enabled": lambda: torch.autograd.set_detect_anomaly(True),
    "torch.set_flush_denormal": lambda: torch.set_flush_denormal(True),
    "torch.set_num_threads": lambda: torch.set_num_threads(torch.get_num_threads() + 1),
    "torch.backends.cudnn.enabled": lambda: setattr(BACKENDS.cudnn, "enabled", False),
    "torch.backends.cudnn.benchmark": lambda: setattr(BACKENDS.cudnn, "benchmark", True),
    "torch.backends.cudnn.deterministic": lambda: setattr(BACKENDS.cudnn, "deterministic", True),
    "torch.backends.mkldnn.enabled": lambda: setattr(BACKENDS.mkldnn, "enabled", False),
    "torch.backends.cuda.enable_flash_sdp": lambda: BACKENDS.cuda.enable_flash_sdp(False),
    "torch.backends.cuda.enable_math_sdp": lambda: BACKENDS.cuda.enable_math_sdp(False),
}
ROUNDINGS = {
    "all": lambda: setattr(BACKENDS, "fp32_precision", "tf32"),
    "cudnn": lambda: setattr(BACKENDS.cudnn, "fp32_precision", "tf32"),
    "convolutions": lambda: setattr(BACKENDS.cudnn.conv, "fp32_precision", "tf32"),
    "recurrent": lambda: setattr(BACKENDS.cudnn.rnn, "fp32_precision", "tf32"),
    "cuda matmul": lambda: setattr(BACKENDS.cuda.matmul, "fp32_precision", "tf32"),
    "mkldnn": lambda: setattr(BACKENDS.mkldnn, "fp32_precision", "tf32"),
    "mkldnn matmul": lambda: setattr(BACKENDS.mkldnn.matmul, "fp32_precision", "bf16"),
    "older, cudnn": lambda: setattr(BACKENDS.cudnn, "allow_tf32", True),
    "older, matmul": lambda: setattr(BACKENDS.cuda.matmul, "allow_tf32", True),
}


@pytest.fixture(autouse=True)
def untouched():
    with switches.kept():
        switches.set_standard(exact=True)
        yield


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_is_named_and_put_back(name):
    before = switches.read()
    CHANGES[name]()
    assert switches.read() != before
    assert switches.put_back(before) == [name]
    assert (switches.read(), switches.put_back(before)) == (before, [])


@NEW_WORDS
@pytest.mark.parametrize("place", ROUNDINGS)
def test_float32_is_float32_again_in_both_vocabularies(place):
    before = switches.read()
    ROUNDINGS[place]()
    assert switches.put_back(before) == [FP32]
    assert (BACKENDS.cudnn.allow_tf32, BACKENDS.cuda.matmul.allow_tf32) == (False, False)
    assert BACKENDS.cudnn.conv.fp32_precision != "tf32"
    assert BACKENDS.mkldnn.matmul.fp32_precision not in ("tf32", "bf16")


STATES = """
import json, torch
newer = getattr(torch._C, "_get_fp32_precision_getter", None)
places = ("generic all", "cuda all", "cuda conv", "cuda rnn", "cuda matmul", "mkldnn matmul", "mkldnn conv")
backends = torch.backends

def state():
    return [
    backends.cudnn.allow_tf32, backends.cuda.matmul.allow_tf32, torch.get_float32_matmul_precision(),
    [newer(*place.split()) for place in places] if newer else [],
    backends.cudnn.enabled, backends.cudnn.benchmark, backends.cudnn.deterministic,
    backends.mkldnn.enabled, getattr(backends.mkldnn, "deterministic", False),
    backends.cuda.matmul.allow_fp16_reduced_precision_reduction,
    backends.cuda.matmul.allow_bf16_reduced_precision_reduction,
    getattr(backends.cuda.matmul, "allow_fp16_accumulation", False),
    backends.cuda.flash_sdp_enabled(), backends.cuda.mem_efficient_sdp_enabled(),
    backends.cuda.math_sdp_enabled(), backends.cuda.cudnn_sdp_enabled(),
    str(torch.get_default_dtype()), torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled(),
    ]

plain = state()
from zoo.manager import switches
switches.set_standard()
print(json.dumps([plain, state()]))
"""


@pytest.mark.parametrize("override", [pytest.param("0", marks=pytest.mark.once), "1"])
def test_the_standard_is_what_a_process_has_that_only_imports_torch(override):
    environment = {**os.environ, "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE": override}
    done = subprocess.run([sys.executable, "-c", STATES], env=environment, capture_output=True, text=True, check=True)
    plain, standard = json.loads(done.stdout)
    assert plain == standard
    assert plain[0] is True  # torch's own default: convolutions may take TF32


def test_the_standard_puts_back_what_torch_began_with_and_leaves_threads_alone():
    own = read_one(ROUNDING, torch)
    switches.set_standard()
    assert read_one(ROUNDING, torch) == torchs_own_rounding() != own
    assert float32.tf32() == "convolutions"
    num_threads = torch.get_num_threads()
    torch.set_num_threads(num_threads + 1)
    switches.set_standard(exact=True)
    assert (BACKENDS.cudnn.allow_tf32, torch.get_num_threads()) == (False, num_threads + 1)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda: None, "off"),
        (lambda: setattr(BACKENDS.cudnn, "allow_tf32", True), "convolutions"),
        (lambda: setattr(BACKENDS.cuda.matmul, "allow_tf32", True), "matrix products"),
        (lambda: torch.set_float32_matmul_precision("high"), "matrix products"),
        (lambda: [setattr(b, "allow_tf32", True) for b in (BACKENDS.cudnn, BACKENDS.cuda.matmul)], "all"),
        pytest.param(ROUNDINGS["all"], "convolutions", marks=NEW_WORDS),  # matrix products have a word of their own
        pytest.param(ROUNDINGS["convolutions"], "convolutions", marks=NEW_WORDS),
        pytest.param(ROUNDINGS["cuda matmul"], "matrix products", marks=NEW_WORDS),
    ],
)
def test_a_word_says_which_operations_take_tf32(change, word):
    change()
    assert float32.tf32() == word
    with float32.exact_float32():
        assert float32.tf32() == "off"
    assert float32.tf32() == word


def test_all_of_it_is_put_back_after_an_error():
    @switches.kept()
    def harmful():
        for change in CHANGES.values():
            change()
        raise ValueError("oops")

    before = switches.read()
    with pytest.raises(ValueError, match="oops"):
        harmful()
    assert switches.read() == before


def test_what_cannot_be_put_back_says_so(monkeypatch):
    def stuck(value):
        raise RuntimeError("parallel work has begun")

    monkeypatch.setattr(torch, "set_num_interop_threads", stuck)
    values = {**switches.read(), "torch.set_num_interop_threads": 99}
    assert switches.put_back(values) == ["torch.set_num_interop_threads (which cannot be put back)"]


def test_a_switch_that_this_torch_lacks_is_passed_over():
    lacking = attribute("backends.cudnn.no_such_switch", standard=True)
    assert read_one(lacking, torch) is None
