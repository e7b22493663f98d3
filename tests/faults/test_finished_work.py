"""Finished work is never lost to a later phase (131-134): what was trained is delivered before it is timed."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from time import monotonic

import pytest
import torch

from harness.isolation import supervisor
from tests.faults.runs import Run, comparable, run
from tests.faults.timing_harm import HARMS_OF_THE_CLOCK

PLUGIN = Path(__file__).with_name("timing_harm.py")
NAMES = [f"late/{name}" for name in (*HARMS_OF_THE_CLOCK, "tuned", "drifting")]
NEW_WORDS = pytest.mark.skipif(
    not hasattr(torch._C, "_get_fp32_precision_getter"), reason="this torch has no fp32_precision"
)


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> Run:
    """A run of the good model and of all that fail once they are timed; a hang ends as soon as it begins."""
    late = [0.0]
    take = supervisor._Follower._take

    def taken(follower, message):
        late[0] = 1e6 if message.get("phase") == "time" and hangs() else 0.0
        take(follower, message)

    def hangs():
        return len(list(output.glob("*/records/*"))) == NAMES.index("late/hang") + 1

    output = tmp_path_factory.mktemp("runs")
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    options = ("--batch-size", "16", "--trial-timeout", "600")
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(supervisor._Follower, "_take", taken)
        patch.setattr(supervisor, "monotonic", lambda: monotonic() + late[0])
        done = run(output, ",".join(["good/tiny", *NAMES]), *options, plugin=PLUGIN)
    done.out, done.err = (stream.buffer.getvalue().decode() for stream in (out, err))
    return done


def with_times_lost(found: Run, name: str, why: str) -> None:
    """The model is ranked as if nothing had happened, its files are there, and its blank times say why."""
    record, good = found.records[name], found.records["good/tiny"]
    assert (found.code, record.status, record.error) == (0, "ok", None)
    assert why in record.facts["timing_error"]
    for measured in ("top1_err", "test_loss", "val_top1_err"):
        assert record.measured(measured) == good.measured(measured)
    assert record.measured("cpu_infer_step_time") is None
    assert found.store.predictions(record) is not None
    assert list((found.store.path / "checkpoints").glob(f"*{name.partition('/')[2]}*/model.json"))
    assert f"Not timed: {name}: {record.facts['timing_error']}" in found.out


@pytest.mark.fault(126)
@pytest.mark.parametrize(
    ("name", "verdict", "why"),
    [
        ("late/fail", "failed", "cpu infer: RuntimeError: the clock is not for me"),
        ("late/leave", "failed", "cpu: SystemExit: 3"),
        ("late/out-of-memory", "failed", "MemoryError: tried to allocate 7 GiB"),
    ],
)
def test_126_an_exception_in_timing_costs_the_times_only(found, name, verdict, why):
    with_times_lost(found, name, why)
    assert found.records[name].facts["timing_verdict"] == verdict


@pytest.mark.fault(127)
@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("late/segfault", "crashed with SIGSEGV"),
        ("late/leave-at-once", "its process ended (exit 0) without a result"),
        ("late/kill-itself", "killed by SIGKILL"),
    ],
)
def test_127_a_crash_in_timing_costs_the_times_only(found, name, why):
    with_times_lost(found, name, why)


@pytest.mark.fault(127)
def test_127_the_stack_of_a_crash_in_timing_is_kept(found):
    log = found.records["late/segfault"].facts["timing_log"]
    assert "timing_harm.py" in (found.store.path / log).read_text()


@pytest.mark.fault(128)
def test_128_time_that_runs_out_in_timing_costs_the_times_only(found):
    with_times_lost(found, "late/hang", "no end after 600 s (--trial-timeout)")


@pytest.mark.fault(129)
@NEW_WORDS
@pytest.mark.parametrize(("name", "when"), [("late/tuned", "as it was built"), ("late/drifting", "while it trained")])
def test_129_torchs_switches_are_put_back_before_training_and_timing(found, name, when):
    record = found.records[name]
    told = f"its code changed torch's float32 precision (TF32), torch.backends.cudnn.benchmark {when}: put back"
    assert told in record.facts["notes"]
    assert record.measured("cpu_infer_step_time") is not None
    assert told in found.err
    assert f"note: {name}" in found.out
    scores = comparable(found.records["good/tiny"])
    assert comparable(record)["per_class"] == scores["per_class"]
