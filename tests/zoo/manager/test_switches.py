"""Every process-wide switch is seen to have changed, and is put back; one list serves all who ask."""

from __future__ import annotations

import pytest
import torch

from zoo.manager import switches

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
        switches.set_standard()
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


def test_the_standard_forbids_tf32_and_leaves_threads_alone():
    BACKENDS.cudnn.allow_tf32 = True
    num_threads = torch.get_num_threads()
    torch.set_num_threads(num_threads + 1)
    switches.set_standard()
    assert (BACKENDS.cudnn.allow_tf32, torch.get_num_threads()) == (False, num_threads + 1)


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
    lacking = switches._attribute("backends.cudnn.no_such_switch", standard=True)
    assert switches._read(lacking, torch) is None
