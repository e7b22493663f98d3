"""Candidates that are made, for tests of what is done with them."""

from __future__ import annotations

from harness.picks.listing.candidates import Candidate


def candidate(model, tag="a", **known):
    usual = {"family": model.partition("_")[0], "param_count": 5_000_000, "macs": 10**9, "activations": 10**7}
    usual |= {"img_size": 224, "license": "mit", "num_bytes": 20_000_000, "prior": 75.0}
    return Candidate(name=f"{model}.{tag}", model=model, tag=tag, **(usual | known))


def many(count, **known):
    """So many architectures of as many families, each better and larger than the one before."""
    return [
        candidate(f"f{number}_net", macs=(number + 1) * 10**8, prior=60.0 + number / 10, **known)
        for number in range(count)
    ]
