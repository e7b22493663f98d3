"""How much memory training a model will take, from its shapes alone: known before anything is trained or allocated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.data.batches.batches import large_batch
from harness.data.batches.placement import DEVICE_SHARE
from harness.training.features import BATCH_BYTES
from harness.training.finetune import may_cache
from harness.training.frozen.winograd import has_the_shape
from harness.training.model import freeze_all_but
from harness.trial.build import largest_part
from harness.trial.live_memory import forward_bytes
from harness.trial.model_input import geometry_for
from zoo.building import BuiltModel, build
from zoo.describe import count_macs
from zoo.input_size import UnsuitableSize
from zoo.specs import Task

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

    from harness.data.dataset import Dataset
    from harness.data.pixels.geometry import Geometry
    from harness.plan.config import TrainConfig
    from zoo.selection import Choice

MIB = 2**20
# What a process takes beside its tensors: workspaces of convolutions and what an allocator cannot use again; on an
# accelerator the driver's own state too.
BESIDE = {"cpu": 64 * MIB}
BESIDE_DEVICE = 700 * MIB
LEAST = 2  # images at a time: batch-norm takes no single one
MOMENTS = {"adam": 2, "adamw": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryEstimate:
    """The peak in bytes of training with `images` at a time, and the multiply-adds of one image (0: not counted).

    Where there are not so many, `grad_accum` and `batch_size` are the first, by halving, that fit; 0: none does.
    """

    num_bytes: int
    images: int
    macs: int = 0
    grad_accum: int = 0
    batch_size: int = 0


def estimate(train: TrainConfig, choice: Choice, dataset: Dataset, device_type: str, room: float) -> MemoryEstimate:
    """That of one trial, where `room` bytes are free. Raises whatever building or running the model raises."""
    built, geometry = build_without_memory(train, choice, dataset)
    freeze_all_but(built.model, built.head.names if train.finetune == "head" else ())
    memory = TrainingMemory(built, geometry, train, device_type, dataset.counts)
    memory.place_pixels(room)
    needed = memory.peak(memory.at_a_time(train), memory.in_evaluation(train))
    macs = _macs(built, geometry)
    whole = MemoryEstimate(num_bytes=needed, images=memory.at_a_time(train), macs=macs)
    return whole if needed <= room else _smaller(whole, memory, train, room)


def build_without_memory(train: TrainConfig, choice: Choice, dataset: Dataset) -> tuple[BuiltModel, Geometry]:
    """The model on the meta device, and the images that it is to see, as `build_model` will have them."""
    geometry, _ = geometry_for(choice.spec, train, dataset)
    task = Task(num_classes=len(dataset.classes), image_size=geometry.size, channels=geometry.channels)
    try:
        return build(choice.spec, task, head=train.head, device="meta"), geometry
    except UnsuitableSize as error:
        if train.img_size is not None:
            raise
        return build_without_memory(replace(train, img_size=error.least), choice, dataset)


class TrainingMemory:
    """What is held at the moments of a training that can be its peak, on one kind of device."""

    def __init__(
        self, built: BuiltModel, geometry: Geometry, train: TrainConfig, device_type: str, counts: dict[str, int]
    ) -> None:
        self.model, self.geometry, self.train = built.model, geometry, train
        self.device_type, self.counts = device_type, counts
        # Whether features can be tapped is proved with numbers only; of nearly all models they can.
        self.on_features = train.finetune == "head" and may_cache(train)
        self.beside = BESIDE.get(device_type, BESIDE_DEVICE)
        parameters = list(self.model.parameters())
        self.weights = _bytes([*parameters, *self.model.buffers()])
        self.trained = _bytes(one for one in parameters if one.requires_grad)
        self.best = self.trained if train.finetune == "head" else self.weights
        self.moments = MOMENTS.get(train.opt, int(train.momentum > 0)) * self.trained

    def place_pixels(self, room: float) -> None:
        """Count the images too where they will lie on the accelerator."""
        pixels = sum(self.counts.values()) * self.geometry.stored_channels * self.geometry.size**2
        if self.device_type != "cpu" and pixels <= DEVICE_SHARE * room:
            self.beside += pixels

    def at_a_time(self, train: TrainConfig) -> int:
        """Images in the largest training pass."""
        return min(largest_part(train), max(self.counts["train"], 1))

    def in_evaluation(self, train: TrainConfig) -> int:
        """Images in the largest pass that trains nothing: an evaluation, or one to features that are kept."""
        share = {"cpu_bytes": BATCH_BYTES} if self.on_features else {}
        image_bytes = 4 * self.geometry.channels * self.geometry.size**2
        usual = large_batch(image_bytes, train.batch_size, self.device_type, **share)
        size = largest_part(train) if train.grad_accum > 1 else usual
        parts = self.counts.values() if self.on_features else (self.counts["val"], self.counts["test"])
        return min(size, max(*parts, 1))

    def peak(self, at_a_time: int, in_evaluation: int) -> int:
        """The most of the moments, in bytes."""
        held = self.weights + self.moments + self.best
        evaluation = self._pass(in_evaluation, training=False)
        if self.on_features:  # the backbone's faster copy has weights of its own
            return self.beside + max(2 * self.weights + self._transformed() + evaluation, self._saving(held))
        gradients = self.trained if self.train.grad_accum > 1 else 0  # of the parts before
        training = self._pass(at_a_time, training=True)
        # A heap keeps what activations leave, in pieces that the large blocks of a checkpoint do not fit into.
        left_behind = training if self.device_type == "cpu" else 0
        saving = self._saving(held) + left_behind
        return self.beside + max(held + gradients + training, held + self.trained + evaluation, saving)

    def _saving(self, held: int) -> int:
        """At an epoch's end: new best weights beside the old; on a CPU a checkpoint too, which is in memory twice."""
        checkpoint = 2 * (2 * self.best + self.moments) if self.device_type == "cpu" else 0
        return held + self.trained + self.best + checkpoint

    def _transformed(self) -> int:
        """Weights of the faster copy's large convolutions, which frozen/winograd.py makes four times as large."""
        if self.device_type != "cpu" or self.train.numerics.amp:
            return 0
        return 4 * _bytes(one.weight for one in self.model.modules() if has_the_shape(one))

    def _pass(self, num_images: int, *, training: bool) -> int:
        shape = (num_images, self.geometry.channels, self.geometry.size, self.geometry.size)
        # What is frozen stays as in evaluation, its head apart, which is small.
        self.model.train(training and self.train.finetune != "head")
        return forward_bytes(self.model, shape, self.train.numerics, training=training)


def _smaller(whole: MemoryEstimate, memory: TrainingMemory, train: TrainConfig, room: float) -> MemoryEstimate:
    """With what fits, tried by halving.

    Between two sizes the peak is at most what a straight line says, since it is the largest of several: no further
    pass is needed.
    """
    images, usual = memory.at_a_time(train), memory.in_evaluation(train)
    least, most = memory.peak(LEAST, LEAST), memory.peak(images, images)
    evaluating = memory.peak(LEAST, usual)
    fit = replace(whole)
    factor = 2
    while not fit.grad_accum and largest_part(parts := _in_parts(train, factor)) < largest_part(train) // (factor // 2):
        size = memory.at_a_time(parts)
        if least + (most - least) * (size - LEAST) / max(images - LEAST, 1) <= room:
            smaller = train.batch_size // factor if evaluating <= room and train.batch_size % factor == 0 else 0
            fit = replace(whole, grad_accum=train.grad_accum * factor, batch_size=smaller)
        factor *= 2
    return fit


def _in_parts(train: TrainConfig, factor: int) -> TrainConfig:
    return replace(train, grad_accum=factor * train.grad_accum)


def _macs(built: BuiltModel, geometry: Geometry) -> int:
    try:
        return count_macs(built.model, (geometry.channels, geometry.size, geometry.size))
    except Exception:  # only the counting mode did not get through
        return 0


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(one.numel() * one.element_size() for one in tensors)
