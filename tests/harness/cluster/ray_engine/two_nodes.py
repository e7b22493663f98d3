"""A Ray cluster of two nodes and a head on this machine, that sees nothing of the folder `hidden`.

    python -m tests.harness.cluster.ray_engine.two_nodes FOLDER HIDDEN

It says its address, then does what it reads on stdin: "kill 1" ends the first node as a power cut would; it ends with
its stdin. The nodes have a folder each below FOLDER for their files and caches.
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
    for code in (
        libc.unshare(CLONE_NEWNS),
        libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None),
        libc.mount(b"none", folder.encode(), b"tmpfs", 0, None),
    ):
        if code:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def main(folder: Path, hidden: str) -> None:
    hide(hidden)
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    nodes = []
    for number in (1, 2):
        own = folder / f"node{number}"
        own.mkdir()
        places = {"TMPDIR": str(own), "HOME": str(own), "XDG_CACHE_HOME": str(own / "cache")}
        os.environ.update(places)
        nodes.append(cluster.add_node(num_cpus=1))
    print(cluster.address, flush=True)
    for line in sys.stdin:
        cluster.remove_node(nodes[int(line.split()[1]) - 1], allow_graceful=False)
        print("killed", flush=True)
    cluster.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
