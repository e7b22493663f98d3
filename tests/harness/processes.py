"""Several processes that train together, started as those of a trial are, for tests of what they do."""

from __future__ import annotations

import multiprocessing
import os
import traceback
from functools import partial

import torch

from harness.isolation.supervisor import start_server
from harness.trial.ranks import start


def together(world_size, work, folder, *args):
    """What `work(peers, *args)` gives in each of so many processes, in the order of their ranks."""
    _carry_out(world_size, work, folder, args)
    return [_left(folder, rank) for rank in range(world_size)]


def first_of(world_size, work, folder, *args):
    """What it gives in the first of them, whatever becomes of the others."""
    _carry_out(world_size, work, folder, args)
    return _left(folder, 0)


def _carry_out(world_size, work, folder, args):
    start_server()
    context = multiprocessing.get_context("forkserver")
    process = context.Process(target=_first, args=(world_size, work, folder, args))
    process.start()
    process.join(60)
    process.kill()
    assert process.exitcode == 0


def _left(folder, rank):
    return torch.load(folder / f"rank{rank}.pt", weights_only=False)


def _first(world_size, work, folder, args):
    torch.set_num_threads(1)
    try:
        (ranks,) = start(world_size, partial(_kept, work, folder, args))
        _kept(work, folder, args, ranks)
        ranks.release()
    except Exception:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _kept(work, folder, args, others):
    peers = others.join("cpu")
    torch.save(work(peers, *args), folder / f"rank{peers.rank}.pt")
