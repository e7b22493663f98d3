"""Image files through a trained model: in the batches and the arithmetic in which its run evaluated it.

The bits of an output depend on all of that: kernels are chosen by the number of images, sums are split among threads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from harness.data.batches.batches import PixelBatches
from harness.data.files.file_facts import inspect_file
from harness.data.pixels.sources import FileSource
from harness.machine.threads import default_threads
from harness.plan.config import TrainConfig, Trial
from harness.training.evaluate import log_probabilities, outputs, probabilities
from harness.training.model import TrainableModel
from harness.training.numerics import resolve_numerics
from harness.trial.build import largest_part
from results.answers.predicted import Prediction, predictions
from zoo.errors import ZooError
from zoo.manager import switches
from zoo.memory_layout import lay_out

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

    from harness.trial.predict import TrainedModel
    from results.records import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What of a run decides the last digits of an output; `num_threads` None is as many as this machine has cores."""

    train: TrainConfig = field(default_factory=TrainConfig)
    num_threads: int | None = None

    @classmethod
    def of(cls, record: Record) -> Conditions:
        """Those of a trial; its number of threads only where it was to be exact: they may be more than are here.

        Raises ZooError where another version has written the trial.
        """
        try:
            train = Trial.from_json(record.trial).train
        except (KeyError, TypeError, ValueError, ZooError) as error:
            cause = f"the settings of {record.model} are of another version ({type(error).__name__}: {error})"
            raise ZooError(cause, "use the version that trained it, or a copy of its checkpoint") from error
        return cls(train=train, num_threads=record.facts.get("threads") if train.exact else None)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Torch's switches and threads as the trial had them; as they were when the block ends."""
        with switches.kept():
            switches.set_standard(exact=self.train.exact)
            torch.set_num_threads(self.num_threads or default_threads())
            yield


class _Files:
    """Images of files; those that cannot be read are black, and `bad` says by row why."""

    def __init__(self, files: FileSource) -> None:
        self.files, self.shape = files, files.shape
        self.bad: dict[int, str] = {}

    def blocks(self, rows: Iterable[Tensor]) -> Iterator[Tensor]:
        return self.files.blocks_with_gaps(rows, self.bad)


def file_predictions(
    trained: TrainedModel,
    paths: Sequence[Path],
    *,
    top: int,
    device: torch.device,
    conditions: Conditions,
    batch_size: int | None = None,
) -> Iterator[Prediction]:
    """The `top` classes of each file, in order, batch by batch: memory holds two blocks of images, however many come.

    `batch_size` None makes the batches of an evaluation. To be used while the conditions are applied.
    """
    files = _Files(FileSource(paths, trained.transform.geometry))
    batches = _batches(trained, files, device, conditions.train, batch_size)
    model: Any = trained.model.to(device)
    lay_out(model, resolve_numerics(conditions.train.numerics, device).memory_format)
    trainable = TrainableModel(model=model, device=device, forward=model)
    for logits_BK, rows_B in outputs(trainable, batches, conditions.train):
        rows = rows_B.tolist()
        problems = [_problem(paths[row], files.bad.pop(row, "")) for row in rows]
        yield from predictions(
            [paths[row] for row in rows],
            problems,
            logits_BK.cpu().numpy(),
            probabilities(logits_BK).numpy(),
            log_probabilities(logits_BK).numpy(),
            trained.classes,
            top,
        )


def _batches(
    trained: TrainedModel, files: _Files, device: torch.device, train: TrainConfig, batch_size: int | None
) -> PixelBatches:
    """As a trial makes them of its test images; the label of an image is its row."""
    geometry = trained.transform.geometry
    assert geometry.mean is not None
    assert geometry.std is not None
    in_parts = largest_part(train) if train.grad_accum > 1 else None
    return PixelBatches(
        files,
        range(files.shape[0]),
        mean=geometry.mean,
        std=geometry.std,
        channels_out=geometry.channels,
        batch_size=train.batch_size,
        device=device,
        memory_format=resolve_numerics(train.numerics, device).memory_format,
        eval_batch_size=batch_size or in_parts,
    )


def _problem(path: Path, why: str) -> str:
    """What is wrong with a file, in the words of `check-data` where it has any."""
    return (inspect_file(path, thorough=True).problem or why) if why else ""
