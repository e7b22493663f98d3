"""Every phase of a trial on accelerators that are not here: fake tensors on cuda, cuda:1 and mps."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from harness.data.batches import normalize
from harness.data.batches.batches import MOST_EVAL, PixelBatches
from harness.data.dataset import PreparedPart, PreparedSplits
from harness.data.pixels.sources import MemorySource
from harness.plan.config import Numerics, TimingConfig, TrainConfig, Trial, grouped
from harness.timing import memory
from harness.timing.steps import make_workload
from harness.training.feature_store import FeatureStore
from harness.trial import outcome
from harness.trial.context import TrialContext
from harness.trial.trial import TrialCallbacks, run_trial
from tests.harness.fake_accelerator import KINDS, WITH_WHOLE_FAKES, fake_accelerator
from zoo.specs import InputSpec, ModelSpec

NUM_CLASSES, SIZE, NUM_TEST = 10, 16, 12


class Net(nn.Module):
    """Notes in `seen` in what layout and format its images and weights come, and whether autocast is on."""

    def __init__(self, task, seen):
        super().__init__()
        self.conv = nn.Conv2d(task.channels, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.dropout = nn.Dropout(0.1)
        self.fc = nn.Linear(8, task.num_classes)
        self.seen = seen

    def forward(self, images):
        layouts = [tensor.is_contiguous(memory_format=torch.channels_last) for tensor in (images, self.conv.weight)]
        kind = images.device.type
        self.seen.add((kind, *layouts, images.dtype, torch.is_autocast_enabled(kind)))
        return self.fc(self.dropout(self.norm(self.conv(images)).relu().mean((2, 3))))


def part(num_images):
    images = torch.zeros(num_images, 3, SIZE, SIZE, dtype=torch.uint8)
    labels = torch.zeros(num_images, dtype=torch.int64)
    return PreparedPart(images=MemorySource(images), rows=torch.arange(num_images), labels=labels)


def pixels(geometry):
    return PreparedSplits(
        train=part(40), val=part(NUM_TEST), test=part(NUM_TEST), geometry=geometry, mean=(0.5,) * 3, std=(0.2,) * 3
    )


class Checkpoints:
    """Saves the state after each step as far as its tensors, and goes on from them."""

    num_saved = 0

    def restore(self, state):
        return False

    def after_epoch(self, state): ...

    def after_step(self, state):
        tensors, numbers = state.tensors(), state.numbers()
        assert {tensor.device.type for tensor in tensors.values()} == {"cpu"}
        state.restore(tensors, numbers)
        self.num_saved += 1


def trial_on(kind, seen=None, checkpoints=None, **settings):
    """The outcome of a trial with all its phases, on fake tensors."""
    train = TrainConfig(**grouped({"epochs": 1, "batch_size": 16, **settings}))
    effort = {"budget_s": 0.001, "min_samples": 1, "max_samples": 1}
    timing = TimingConfig(batch_size=4, numerics=train.numerics, detail=True, **effort)
    classes = tuple(str(number) for number in range(NUM_CLASSES))
    data = SimpleNamespace(pixels=pixels, size=SIZE, channels=3, classes=classes, fingerprint="fp")
    device = torch.device(kind)
    context = TrialContext(dataset=data, device=device, timed_on=(device,), features=FeatureStore())
    seen = set() if seen is None else seen
    spec = ModelSpec(name="net", build=lambda task: Net(task, seen), head="fc", input=InputSpec(size=SIZE))
    planned = Trial(model="net", dataset="d", train=train, timing=timing, device=kind, seed=1)
    return run_trial(planned, SimpleNamespace(spec=spec), context, TrialCallbacks(checkpoints=checkpoints))


WAYS = {
    "whole": {"aug": "basic"},
    "amp": {"amp": True, "amp_dtype": "float16", "grad_accum": 2, "opt": "sgd", "exact": True},
    "features": {"finetune": "head", "amp": True, "amp_dtype": "bfloat16"},
}


ON = {"whole": KINDS, "amp": ("cuda:1", "mps"), "features": ("cuda", "mps")}
ON_ONE_TORCH = {("amp", "mps"), ("features", "mps")}


@WITH_WHOLE_FAKES
@pytest.mark.fault(137)
@pytest.mark.parametrize(
    ("way", "kind"),
    [
        pytest.param(way, kind, marks=pytest.mark.once if (way, kind) in ON_ONE_TORCH else ())
        for way in WAYS
        for kind in ON[way]
    ],
)
def test_every_phase_of_a_trial_runs_on_an_accelerator(monkeypatch, way, kind):
    seen, checkpoints = set(), Checkpoints()
    # A scaler skips its steps where it reads that a gradient was not finite, which is a 1.
    with fake_accelerator(monkeypatch, number=0.0 if way == "amp" else 1.0):
        done = trial_on(kind, seen, checkpoints, **WAYS[way])
    assert not done.traceback, done.traceback
    assert done.findings.status == "ok"
    assert done.predictions["log_probs"].shape == (NUM_TEST, NUM_CLASSES)
    names = {measurement.name.partition("_")[2] for measurement in done.findings.measurements}
    assert {"infer_step_time", "train_step_time", "copy_time"} <= names
    assert checkpoints.num_saved == 3
    tf32 = "off" if way == "amp" else "convolutions"  # torch's own default, but under --exact
    assert done.findings.facts.get("tf32") == (tf32 if kind.startswith("cuda") else None)
    assert done.findings.facts["allocator"]
    if way == "amp":  # trained, judged and timed in one layout, whatever it is on this device
        last = kind != "mps"
        assert {entry for entry in seen if entry[0] == torch.device(kind).type} == {
            (torch.device(kind).type, last, last, torch.float32, True)
        }


def doubled(logits_NK):
    return logits_NK.double().log_softmax(1).float().cpu()


def unstarted(device):
    return getattr(torch, device.type)


def left_behind(values, channels, device, made=normalize._per_channel):
    return made(values, channels, torch.device("cpu"))


@WITH_WHOLE_FAKES
@pytest.mark.fault(137)
@pytest.mark.parametrize(
    ("kind", "where", "name", "broken", "says"),
    [
        ("mps", outcome, "log_probabilities", doubled, "MPS has no torch.float64"),
        ("cuda:1", memory, "_memory", unstarted, "Invalid device argument 1: did you call init?"),
        ("cuda", normalize, "_per_channel", left_behind, "cpu"),
    ],
)
def test_what_would_fail_on_an_accelerator_fails_here(monkeypatch, kind, where, name, broken, says):
    monkeypatch.setattr(where, name, broken)
    with fake_accelerator(monkeypatch):
        findings = trial_on(kind).findings
    assert findings.status == "failed"
    assert says in findings.error.cause


@pytest.mark.fault(139)
@pytest.mark.parametrize(("side", "expected"), [(28, MOST_EVAL), (224, 2**26 // (4 * 3 * 224 * 224))])
def test_evaluation_batches_on_an_accelerator_are_bounded_by_number_and_bytes(monkeypatch, side, expected):
    with fake_accelerator(monkeypatch):
        images = torch.empty(3000, 3, side, side, dtype=torch.uint8)
        made = PixelBatches(
            images, torch.zeros(3000), mean=(0.5,), std=(0.5,), channels_out=3, batch_size=32, device="cuda"
        )
        sizes = [len(labels) for _, labels in made.eval()]
    assert (sizes[0], sum(sizes)) == (expected, 3000)


@pytest.mark.fault(138)
def test_a_workload_is_compiled_where_its_row_says_so(monkeypatch):
    monkeypatch.setattr(torch, "compile", lambda model: ("compiled", model))
    model, cpu = nn.Linear(1, 1), torch.device("cpu")
    for compiled, forward in ((True, ("compiled", model)), (False, model)):
        config = TimingConfig(torchcompile=compiled, numerics=Numerics())
        assert make_workload(model, (1, 1, 1), 2, cpu, config).forward == forward
