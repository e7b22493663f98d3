"""What a trial found out. Its scores are not among it: they are computed from its predictions where the run is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from harness.machine.oom import is_out_of_memory
from harness.timing.flops import count
from harness.training.evaluate import log_probabilities
from harness.training.history import divergence
from harness.trial.build import largest_part
from harness.trial.saved_model import Card
from results.ranking.metrics import best_classes
from results.records import Failure, Measurement
from results.store.codec import VALIDATION
from zoo.errors import first_line
from zoo.manager.float32 import tf32

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

    from harness.data.dataset import PreparedSplits
    from harness.plan.config import Trial
    from harness.timing.memory import Peak
    from harness.training.history import TrainingHistory
    from harness.trial.context import TrialContext
    from zoo.building import BuiltModel

# Above this many classes only the best five of each image are kept, or the file would outgrow the images.
MAX_SAVED_CLASSES = 100
NOT_TIMED = "none"  # the verdict on times that were not taken yet

Arrays = Mapping[str, "np.ndarray[Any, Any]"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All that a trial has found out by the time that its model is trained and evaluated.

    Logits and labels are of the N test images, and of the M validation images with the weights that were kept.
    `pretrained_sha256` is of the tensors outside the head that training began with, "" where they were random, and
    `initial_sha256` of random ones, "" where they were not;
    `frozen_pass` says how a frozen backbone ran where its features were computed here.
    """

    built: BuiltModel
    pretrained_sha256: str
    initial_sha256: str
    pixels: PreparedSplits
    history: TrainingHistory
    logits_NK: Tensor
    labels_N: Tensor
    val_logits_MK: Tensor
    val_labels_M: Tensor
    peak: Peak
    frozen_pass: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a trial says of itself. Who it is, where and on what it worked is known to the parent.

    `facts` has numbers, words and switches only, `history` one row an epoch.
    """

    status: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    error: Failure | None = None
    measurements: tuple[Measurement, ...] = ()
    history: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A trial's findings, and what is saved beside them."""

    findings: Findings
    predictions: Arrays = field(default_factory=dict)
    model: nn.Module | None = None
    card: Card | None = None
    traceback: str = ""


def finished(trial: Trial, context: TrialContext, measured: Measured, seconds: Mapping[str, float]) -> Outcome:
    """The outcome of a trial whose model is trained, not timed yet; `diverged` where its loss became infinite."""
    history = measured.history
    findings = Findings(
        status="diverged" if history.diverged else "ok",
        error=Failure(phase="train", cause=divergence(history)) if history.diverged else None,
        facts=_facts(trial, measured)
        | _processes(measured, context)
        | _rounding(context)
        | _work(measured, context)
        | context.notes.facts,
        measurements=tuple(_measurements(measured, seconds)),
        history=tuple(history.rows),
    )
    return Outcome(
        findings=findings,
        predictions=saved_predictions(measured.logits_NK, measured.labels_N)
        | validation_predictions(measured.val_logits_MK, measured.val_labels_M),
        model=measured.built.model,
        card=_card(trial, context, measured),
    )


def failed(phase: str, error: BaseException, traceback: str) -> Outcome:
    """The outcome of a trial that an exception ended."""
    text = str(getattr(error, "cause", None) or f"{type(error).__name__}: {error}")
    status = "oom" if is_out_of_memory(error) else "failed"
    phase = getattr(error, "phase", phase)
    return Outcome(findings=lost(status=status, phase=phase, cause=text), traceback=traceback)


def lost(*, status: str, phase: str, cause: str) -> Findings:
    """Those of a trial that found nothing out, for a reason that is said in one line."""
    return Findings(status=status, error=Failure(phase=phase, cause=" ".join(cause.split())[:300]))


def saved_predictions(logits_NK: Tensor, labels_N: Tensor) -> dict[str, np.ndarray[Any, Any]]:
    """Labels [N], the best five classes [N, 5], and log-probabilities of all [N, K], of those five where K is large.

    The best are those of the logits: two of them that differ may have one probability in float32, most often 0.
    """
    import numpy as np

    top5_index, log_probs = best_classes(logits_NK.cpu().numpy()), log_probabilities(logits_NK).numpy()
    arrays = {"labels": labels_N.cpu().numpy(), "top5_index": top5_index}
    if log_probs.shape[1] <= MAX_SAVED_CLASSES:
        return arrays | {"log_probs": log_probs}
    return arrays | {"top5_log_prob": np.take_along_axis(log_probs, top5_index, axis=1)}


def validation_predictions(logits_MK: Tensor, labels_M: Tensor) -> dict[str, np.ndarray[Any, Any]]:
    """As `saved_predictions`, under names that begin with `val_`. An image without a finite output has NaN only.

    Such an image ends no trial: it counted as wrong when the best epoch was chosen, and does so here.
    """
    is_finite = logits_MK.isfinite().all(1, keepdim=True)
    arrays = saved_predictions(logits_MK.where(is_finite, torch.zeros_like(logits_MK)), labels_M)
    for name in set(arrays) - {"labels", "top5_index"}:
        arrays[name][~is_finite[:, 0].cpu().numpy()] = float("nan")
    return {f"{VALIDATION}{name}": array for name, array in arrays.items()}


def _facts(trial: Trial, measured: Measured) -> dict[str, Any]:
    built, train = measured.built, trial.train
    counts = [(parameter.numel(), parameter.requires_grad) for parameter in built.model.parameters()]
    return {
        "param_count": sum(count for count, _ in counts),
        "trainable_param_count": sum(count for count, trains in counts if trains),
        "weights": built.weights,
        # What of a file of weights was chosen, converted, left out or left new; absent where it was loaded as it is.
        **({"weights_note": "; ".join(built.notes)} if built.notes and train.weights else {}),
        "pretrained_sha256": measured.pretrained_sha256,
        **({"initial_sha256": measured.initial_sha256} if measured.initial_sha256 else {}),
        "head": built.head.name,
        "head_type": built.head.type,
        "head_spec": train.head,
        "finetune": train.finetune,
        "img_size": measured.pixels.geometry.size,
        "channels": measured.pixels.geometry.channels,
        "batch_size": train.batch_size,
        "micro_batch_size": largest_part(train),
        "infer_batch_size": trial.timing.batch_size,
        "precision": train.numerics.precision,
        "channels_last": train.numerics.channels_last,
        "torchcompile": trial.timing.torchcompile,
        "threads": torch.get_num_threads(),  # as they are, not as they were asked for: a model may set its own
        "best_epoch": measured.history.best_epoch,
        "epochs_run": len(measured.history.rows),
        "timing_verdict": NOT_TIMED,
        **({"frozen_pass": measured.frozen_pass} if measured.frozen_pass else {}),
        **({"pixels_note": "; ".join(measured.pixels.notes)} if measured.pixels.notes else {}),
    }


def _processes(measured: Measured, context: TrialContext) -> dict[str, Any]:
    """How many processes have trained it, number after number where it went on with others, and the threads of all."""
    counts, now = measured.history.processes, context.peers.world_size if context.peers else 1
    if counts == [1]:
        return {}
    nproc = counts[0] if len(counts) == 1 else ", ".join(map(str, counts))
    return {"nproc": nproc, "threads": torch.get_num_threads() * now}


def _rounding(context: TrialContext) -> dict[str, Any]:
    """Which float32 operations took TF32: on CUDA alone there is such a thing."""
    return {"tf32": tf32()} if context.device.type == "cuda" else {}


def _work(measured: Measured, context: TrialContext) -> dict[str, Any]:
    """Billions of multiply-adds an image, where they can be counted: no trained model is lost for that."""
    geometry = measured.pixels.geometry
    try:
        work = count(measured.built.model, (geometry.channels, geometry.size, geometry.size))
        return {"infer_gmacs": work.gmacs}
    except Exception as error:
        context.notes.add(f"its multiply-adds cannot be counted ({type(error).__name__}: {first_line(error)})")
        return {}


def _card(trial: Trial, context: TrialContext, measured: Measured) -> Card:
    pixels, geometry = measured.pixels, measured.pixels.geometry
    return Card(
        model=trial.model,
        num_classes=len(context.dataset.classes),
        img_size=geometry.size,
        channels=geometry.channels,
        stored_channels=geometry.stored_channels,
        short_side=geometry.short_side,
        interpolation=geometry.interpolation,
        white_level=geometry.white_level,
        antialias=geometry.antialias,
        crop_mode=geometry.crop_mode,
        head=trial.train.head,
        weights=measured.built.weights,
        classes=context.dataset.classes,
        mean=pixels.mean,
        std=pixels.std,
    )


def _measurements(measured: Measured, seconds: Mapping[str, float]) -> list[Measurement]:
    history = measured.history.rows
    best = history[measured.history.best_epoch] if measured.history.best_epoch >= 0 else history[-1]
    trained = ("build", "data", "features", "train", "evaluate")
    scalars = [
        ("val_top1_err", "%", 100 - best["eval_top1"]),
        ("data_seconds", "s", seconds["data"]),
        ("feature_seconds", "s", seconds["features"]),
        ("train_seconds", "s", seconds["train"] + measured.history.earlier_seconds),
        ("total_seconds", "s", sum(seconds[phase] for phase in trained) + measured.history.earlier_seconds),
        ("peak_mib", "MiB", measured.peak.process_mib),
    ]
    if measured.peak.allocated_mib is not None:
        scalars.append(("device_peak_mib", "MiB", measured.peak.allocated_mib))
    return [Measurement(name=name, unit=unit, values=(float(value),)) for name, unit, value in scalars]
