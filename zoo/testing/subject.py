"""The model that is checked: built as often as it takes, in surroundings that are put back each time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar

from zoo.building import BuiltModel, build, build_module
from zoo.heads.modes import mode, probe_images
from zoo.input_size import UnsuitableSize
from zoo.specs import ModelSpec, Task
from zoo.testing.elsewhere import OTHER_SEED
from zoo.testing.surroundings import Traces, undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor, nn

    from zoo.testing.elsewhere import Question

SMALL, NUM_CLASSES, SEED = 64, 10, 1
LEAST_NOISE = 0.01
NUM_DRAWN = 65_537  # repeated, for drawing takes longer than a pass; a prime: no two rows of a layer get the same
Found = TypeVar("Found")


@dataclass(slots=True, kw_only=True)
class Second:
    """A model into which other weights may be loaded, the hash of those it had, and what building it left behind."""

    model: nn.Module
    digest: str
    traces: Traces


class Subject:
    """A spec, and the `name` by which another process finds it, which `elsewhere` asks of name and task.

    `img_size` is the side of its images in pixels; None: a small one, or
    the one size that it is made for.
    """

    def __init__(
        self,
        spec: ModelSpec,
        name: str = "",
        elsewhere: Callable[[str, Task], Question] | None = None,
        *,
        img_size: int | None = None,
    ) -> None:
        self.spec, self.name, self.elsewhere, self.img_size = spec, name or spec.name, elsewhere, img_size
        self._known: dict[Callable[[Subject], Any], Any] = {}

    def once(self, ask: Callable[[Subject], Found]) -> Found:
        """What `ask` finds of the model, where several checks want it: asked the first time only."""
        if ask not in self._known:
            self._known[ask] = ask(self)
        found: Found = self._known[ask]
        return found

    @cached_property
    def task(self) -> Task:
        """Ten classes on small images, or on those of the size that it runs on."""
        wanted = self.spec.input_for(None)
        own = wanted.size if wanted.fixed and wanted.size else max(wanted.min_size, SMALL)
        tasks = [
            Task.for_model(self.spec, NUM_CLASSES, image_size=size)
            for size in (max(wanted.min_size, self.img_size or own), own)
        ]
        for task in tasks:
            try:
                with undisturbed():
                    build(self.spec, task, device="meta")
            except UnsuitableSize as error:
                return replace(task, image_size=error.least)  # as a run would have it
            except Exception:  # what is wrong with it, the checks say
                continue
            return task
        return tasks[-1]

    @cached_property
    def module(self) -> nn.Module:
        """What the plugin's function returns, its head as it is."""
        import torch

        with undisturbed():
            torch.manual_seed(SEED)
            return build_module(self.spec, self.task)

    def build(self, seed: int, traces: Traces | None = None) -> BuiltModel:
        """The model with its head, with the weights of a seed; `traces` get what building it leaves."""
        import torch

        with undisturbed(traces):
            torch.manual_seed(seed)
            return build(self.spec, self.task)

    @cached_property
    def is_whole(self) -> bool:
        """Whether it can be built with its head; what keeps it from that, `built` raises."""
        try:
            _ = self.built
        except Exception:
            return False
        return True

    @property
    def built(self) -> BuiltModel:
        """The model with every parameter moved a little, as a training step would.

        Many begin with branches that are multiplied by zero: of these nothing could be seen.
        """
        return self._first[0]

    @property
    def digest(self) -> str:
        """The hash of the weights from the seed, as they were before they were moved."""
        return self._first[1]

    @cached_property
    def _first(self) -> tuple[BuiltModel, str]:
        vars(self).pop("module", None)  # its memory is wanted
        _ = self.question
        built = self.build(SEED)
        of_seed = digest(built.model)
        _move(built.model)
        return built, of_seed

    @cached_property
    def question(self) -> Question | None:
        """What another process is asked of it, which builds it at the same time."""
        return self.elsewhere(self.name, self.task) if self.elsewhere else None

    @cached_property
    def second(self) -> Second:
        """The model from another seed. It is built after the first: what libraries change when imported is done."""
        traces = Traces()
        model = self.build(OTHER_SEED, traces).model
        return Second(model=model, digest=digest(model), traces=traces)

    @cached_property
    def plain(self) -> Tensor:
        """What the model says of `images()` in eval mode."""
        return self.evaluated(self.images())

    def images(self, batch: int = 2, seed: int = 0) -> Tensor:
        """Random images [batch, C, H, W], other ones for each seed."""
        import torch

        generator = torch.Generator().manual_seed(seed)
        return torch.rand(batch, *self.task.input_shape, generator=generator).to(
            probe_images(self.built.model, (1, 1, 1)).dtype
        )

    def evaluated(self, images: Tensor, model: nn.Module | None = None, seed: int = SEED) -> Tensor:
        """What `model`, by default the one that is checked, says of images in eval mode; what it draws is of `seed`."""
        import torch

        model = model or self.built.model
        with mode(model, training=False), torch.no_grad(), undisturbed():
            torch.manual_seed(seed)
            output: Tensor = model(images)
        return output


def _move(model: nn.Module) -> None:
    import torch

    drawn, begin = torch.randn(NUM_DRAWN, generator=torch.Generator().manual_seed(SEED)), 0
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.is_floating_point() and (number := parameter.numel()):
                spread = float(parameter.std()) if number > 1 else 0.0
                noise = drawn.roll(-begin).repeat(ceil(number / NUM_DRAWN))[:number].reshape(parameter.shape)
                parameter.add_(noise.to(parameter.dtype), alpha=max(0.05 * spread, LEAST_NOISE))
                begin += number


def difference(one: Tensor, other: Tensor) -> float:
    """The largest difference of two tensors, as a share of the largest number in the second."""
    scale = float(other.float().abs().max()) or 1.0
    return float((one.float() - other.float()).abs().max()) / scale


def digest(model: nn.Module) -> str:
    """SHA-256 of the names and bytes of all parameters and buffers."""
    import hashlib

    import torch

    hashed = hashlib.sha256()
    for name, tensor in sorted([*model.named_parameters(), *model.named_buffers()]):
        hashed.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        hashed.update(flat.view(torch.uint8).numpy().data)
    return hashed.hexdigest()
