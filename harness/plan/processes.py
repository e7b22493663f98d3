"""Whether several processes can train a trial together as it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.errors import USAGE, ZooError

if TYPE_CHECKING:
    from harness.plan.config import TrainConfig
    from harness.plan.run_setup import RunSetup


def require_shareable(setup: RunSetup, train: TrainConfig) -> None:
    """Raise ZooError where `--nproc` and another option cannot both be meant."""
    nproc, size = setup.nproc, train.batch_size
    if size < nproc:
        cause = f"--nproc {nproc} shares every batch, and --batch-size {size} has no image for each process"
        raise ZooError(cause, f"give --nproc {size} at most, or larger batches", USAGE)
    excluded = {
        "--no-isolation": (not setup.isolation, "the processes of a trial are forked from its own"),
        "--torchcompile": (train.torchcompile, "a compiled model does not wait for the other processes"),
        "--exact": (train.exact, "the sums over several processes are not the plain loop's to the bit"),
        "--feature-views": (train.feature_views > 0, "several processes keep no features"),
    }
    for flag, (is_given, why) in excluded.items():
        if is_given:
            raise ZooError(f"--nproc {nproc} and {flag} exclude each other: {why}", "leave one of them out", USAGE)
