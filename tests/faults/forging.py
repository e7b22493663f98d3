"""What a hostile model does to pass off a result of its own making as a measured one."""

from __future__ import annotations

import os


def patch_the_metric():
    import results.ranking.metrics

    results.ranking.metrics.top_error = lambda predictions, k: 0.0
    import harness.isolation.result_files

    harness.isolation.result_files.top_error = results.ranking.metrics.top_error


def _send(line):
    """Write over the very pipe of the result."""
    import gc
    from multiprocessing.connection import Connection

    for pipe in [item for item in gc.get_objects() if isinstance(item, Connection)]:
        os.write(pipe.fileno(), line + b"\n")


def answer_nonsense():
    _send(b"x" * 1024 + b'\n{"result": 7}')


def answer_seven():
    _send(b'{"result": 7}')
    os._exit(0)


def tell_no_epoch():
    _send(b'{"epoch": 7}')


def claim_a_full_disk():
    _send(b'{"storage": "disk full"}')
    os._exit(4)


def _deliver_with(change):
    """Change the findings whenever they are delivered."""
    from harness.isolation import worker

    def changed(honest):
        def pack(*arguments):
            told = honest(*arguments)
            return told | {"findings": told["findings"] | change(told["findings"])}

        return pack

    worker.pack, worker.pack_again = changed(worker.pack), changed(worker.pack_again)


def claim_anothers_name():
    _deliver_with(lambda findings: {"model": "good/tiny", "seed": 4, "machine": {}, "key": "0"})


def measure_words():
    words = {"name": "total_seconds", "unit": "s", "values": ["soon"], "lower_is_better": True}
    _deliver_with(lambda findings: {"measurements": [words]})


def count_words():
    _deliver_with(lambda findings: {"facts": findings["facts"] | {"param_count": "many"}})
