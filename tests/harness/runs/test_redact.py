"""What looks like a secret on a command line is not written down."""

from __future__ import annotations

import pytest

from harness.runs.redact import masked


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (["run", "--epochs", "5"], ["run", "--epochs", "5"]),
        (["--wandb-key=abc", "--lr", "1"], ["--wandb-key=***", "--lr", "1"]),
        (["--api-token", "abc", "run"], ["--api-token", "***", "run"]),
        (["https://me:pw@host/x?sig=abc&y=1"], ["https://***@host/x?sig=***&y=1"]),
        (["--auth", "--seed", "1"], ["--auth", "--seed", "1"]),
    ],
)
def test_secrets_are_masked_and_nothing_else(given, shown):
    assert masked(given) == shown
