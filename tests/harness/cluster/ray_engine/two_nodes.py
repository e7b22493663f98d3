"""A Ray cluster of two nodes and a head on this machine, that sees nothing of the folder `hidden`.

    python -m tests.harness.cluster.ray_engine.two_nodes FOLDER HIDDEN

It says its address, ends node 1 or 2 as a power cut would where it reads that number, and ends with its stdin. Each
node has a folder below FOLDER for its files and caches. It needs the right to mount: root's, mostly.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000


def hide(folder: str) -> None:
    """Give this process and its children an empty folder of that name. Raises OSError where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    steps = (
        lambda: libc.unshare(CLONE_NEWNS),
        lambda: libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None),
        lambda: libc.mount(b"none", folder.encode(), b"tmpfs", 0, None),
    )
    for step in steps:
        if step():
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def main(folder: Path, hidden: str) -> None:
    hide(hidden)
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = []
    for number in (1, 2):
        own = str(folder / f"node{number}")
        os.mkdir(own)
        os.environ.update({"TMPDIR": own, "HOME": own, "XDG_CACHE_HOME": f"{own}/cache"})
        nodes.append(cluster.add_node(num_cpus=1))
    print(cluster.address, flush=True)
    for line in sys.stdin:
        cluster.remove_node(nodes[int(line) - 1], allow_graceful=False)
        print("killed", flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
