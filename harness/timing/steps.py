"""What is timed: one inference step and one training step on one batch that already lies on the device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from harness.training.loss import cross_entropy
from harness.training.numerics import resolve_numerics

if TYPE_CHECKING:
    from torch import Tensor, nn

    from harness.plan.config import TimingConfig
    from harness.training.numerics import DeviceNumerics

SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A model on its device with one batch: images [B, C, H, W] and labels [B]. `forward` may be a compiled model."""

    model: nn.Module
    forward: Callable[[Tensor], Any]
    images: Tensor
    labels: Tensor
    config: TimingConfig
    numerics: DeviceNumerics

    @property
    def device(self) -> torch.device:
        """Where the batch and the model lie."""
        return self.numerics.device


def make_workload(
    model: nn.Module, input_shape: tuple[int, int, int], num_classes: int, device: torch.device, config: TimingConfig
) -> Workload:
    """A batch of normal noise and random labels from their own generator: the process's random state stays as it is."""
    generator = torch.Generator().manual_seed(SEED)
    images = torch.randn(config.batch_size, *input_shape, generator=generator)
    labels = torch.randint(num_classes, (config.batch_size,), generator=generator)
    numerics = resolve_numerics(config.numerics, device)
    return Workload(
        model=model,
        forward=torch.compile(model) if config.torchcompile else model,
        images=images.to(device=device, dtype=getattr(torch, config.precision), memory_format=numerics.memory_format),
        labels=labels.to(device),
        config=config,
        numerics=numerics,
    )


class InferenceStep:
    """Images to outputs, in eval mode, with nothing kept for a backward pass."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload

    def enter(self) -> None:
        """Set the mode; called before steps are timed, because it walks all submodules."""
        self._workload.model.eval()

    def __call__(self) -> None:
        with torch.inference_mode(), self._workload.numerics.autocast():
            self._workload.forward(self._workload.images)


class TrainingStep:
    """Forward, loss, backward, optimizer step, gradients cleared: what one batch of training costs.

    The optimizer is SGD with momentum at a rate too small to matter, so that rows compare architectures.
    """

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        trained = [parameter for parameter in workload.model.parameters() if parameter.requires_grad]
        self._optimizer = torch.optim.SGD(trained, lr=1e-6, momentum=0.9)
        self._scaler = workload.numerics.make_scaler()

    def enter(self) -> None:
        """Set the mode; called before steps are timed, because it walks all submodules."""
        self._workload.model.train()

    def __call__(self) -> None:
        self.backward(self.forward())
        self.update()

    def forward(self) -> Tensor:
        """The loss of the batch."""
        with self._workload.numerics.autocast():
            return cross_entropy(self._workload.forward(self._workload.images), self._workload.labels)

    def backward(self, loss: Tensor) -> None:
        """The gradients of the loss, scaled where float16 needs it."""
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]  # torch's own, unannotated

    def update(self) -> None:
        """One step of the optimizer; the next forward pass begins without gradients."""
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._optimizer.zero_grad(set_to_none=True)
