"""Known amounts of work."""

from __future__ import annotations

from torch import nn

from harness.cli.commands.selftest.parts import Finding, Parts

# LeNet-5 as in LeCun et al. 1998 with full connections between its feature maps, for 32x32 images:
# outputs x inputs of each layer, and for the parameters one bias an output channel.
LENET_MACS = 28 * 28 * 6 * 25 + 10 * 10 * 16 * 150 + 120 * 400 + 84 * 120 + 10 * 84
LENET_PARAMS = 6 * 26 + 16 * 151 + 120 * 401 + 84 * 121 + 10 * 85


def known_network_has_its_known_work(parts: Parts) -> Finding:
    """LeNet-5 has the multiply-adds and the parameters that one computes by hand."""
    work = parts.count(_lenet(), (1, 32, 32))
    macs = round(work.gmacs * 1e9)
    ok = (macs, work.param_count) == (LENET_MACS, LENET_PARAMS)
    expected = f"{LENET_MACS:,} and {LENET_PARAMS:,}"
    return Finding(ok=ok, seen=f"{macs:,} multiply-adds, {work.param_count:,} parameters (by hand {expected})")


def _lenet() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.Tanh(), nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)),
    )
