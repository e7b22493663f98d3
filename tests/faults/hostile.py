"""A plugin whose models do one harmful thing each, and the small good ones that must not notice."""

from __future__ import annotations

import os

import zoo
from tests.faults import forging

MEBIBYTE = 2**20


def tiny(task):
    """A good model: one linear layer."""
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(task.channels * task.image_size**2, task.num_classes))


def small(task):
    """Another good one."""
    from torch import nn

    size = task.channels * task.image_size**2
    return nn.Sequential(nn.Flatten(), nn.Linear(size, 16), nn.ReLU(), nn.Linear(16, task.num_classes))


def random(task):
    """A model that draws its weights from a source of its own."""
    import torch

    model = tiny(task)
    generator = torch.Generator().manual_seed(int.from_bytes(os.urandom(4), "big"))
    with torch.no_grad():
        model[1].weight.normal_(generator=generator)
    return model


def _doing(harm):
    """A model that does harm as it is built."""

    def build(task):
        harm()
        return tiny(task)

    return build


def reached():
    """Say in the file that a variable names, where it names one, that a model has come to its harm."""
    path = os.environ.get("HOSTILE_REACHED")
    if path:
        with open(f"{path}.draft", "w") as file:
            file.write(str(os.getpid()))
        os.replace(f"{path}.draft", path)


def hang():
    import time

    reached()
    while True:
        time.sleep(60)


def hang_and_ignore():
    import signal

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    hang()


def hang_in_c():
    """A regular expression that takes longer than the universe, and holds the interpreter's lock."""
    import re

    reached()
    re.match(r"(a+)+$", "a" * 64 + "b")


def slow(task):
    """A good model, which a variable such as "train:40:0.3" makes slow: in that mode, after that many passes."""
    import time

    from torch import nn

    class Slow(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.passes = tiny(task), 0

        def forward(self, images_BCHW):
            mode, passes, seconds = os.environ.get("HOSTILE_SLOW", "never:0:0").split(":")
            self.passes += mode == ("train" if self.training else "eval")
            if self.passes > int(passes):
                reached()
                time.sleep(float(seconds))
            return self.inner(images_BCHW)

    return Slow()


def large(task):
    """The slow model, for which memory runs out in training on more than 16 images."""
    import torch

    def allocate(model, inputs):
        if model.training and len(inputs[0]) > 16:
            raise torch.OutOfMemoryError("out of memory: tried to allocate 7 GiB")

    model = slow(task)
    model.register_forward_pre_hook(allocate)
    return model


def segfault():
    import ctypes

    ctypes.string_at(0)


def overflow():
    """Recurse deeper in C than a small stack is."""
    import sys
    import threading

    nested = []
    for _ in range(5000):
        nested = [nested]
    sys.setrecursionlimit(20_000)
    threading.stack_size(64 * 1024)
    thread = threading.Thread(target=repr, args=(nested,))
    thread.start()
    thread.join()


def leave():
    os._exit(0)


def leave_with_3():
    os._exit(3)


def leave_politely():
    raise SystemExit(0)


def kill_itself():
    os.kill(os.getpid(), 9)


def eat_memory():
    kept = []
    while True:
        kept.append(bytearray(32 * MEBIBYTE))
        print(f"holds {32 * len(kept)} MiB", flush=True)


def shout():
    line = b"\x1b[31m\x07\xff" + b"x" * 65_000 + b"\n"
    for _ in range(40):
        os.write(1, line)


def shout_and_leave():
    shout()
    os._exit(5)


def close_streams():
    os.close(1)
    os.close(2)


def fork():
    """Leave a process behind, and its number in the file that a variable names."""
    import time

    pid = os.fork()
    if not pid:
        time.sleep(600)
        os._exit(0)
    with open(os.environ["HOSTILE_PIDS"], "a") as file:
        file.write(f"{pid}\n")


def change_everything():
    import signal
    import warnings

    import torch

    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    torch.use_deterministic_algorithms(True)
    os.chdir("/")
    os.environ["OMP_NUM_THREADS"] = "7"
    warnings.simplefilter("error")
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def set_threads():
    """Take more threads than others have, as the model is built."""
    import torch

    torch.set_num_threads(torch.get_num_threads() + 1)


def more_threads(task):
    """A model that takes more threads than others have, whenever it runs."""
    import torch
    from torch import nn

    class Greedy(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = tiny(task)

        def forward(self, images_BCHW):
            torch.set_num_threads(3)
            return self.inner(images_BCHW)

    return Greedy()


def is_first_call():
    """Whether this is the first one: the file that a variable names counts them."""
    with open(os.environ["HOSTILE_CALLS"], "a") as file:
        file.write("x")
    return os.path.getsize(os.environ["HOSTILE_CALLS"]) == 1


def kill_once():
    if is_first_call():
        kill_itself()


def out_of_memory_once():
    """Fail as an allocator does, until batches are smaller."""
    import torch

    if is_first_call():
        raise torch.OutOfMemoryError("out of memory: tried to allocate 7 GiB")


def out_of_memory_always():
    is_first_call()
    raise MemoryError("tried to allocate 7 GiB")


HARMS = {
    harm.__name__.replace("_", "-"): harm
    for harm in (
        hang,
        hang_and_ignore,
        hang_in_c,
        segfault,
        os.abort,
        overflow,
        leave,
        leave_with_3,
        leave_politely,
        kill_itself,
        eat_memory,
        shout,
        shout_and_leave,
        close_streams,
        fork,
        change_everything,
        forging.patch_the_metric,
        forging.answer_nonsense,
        forging.answer_seven,
        forging.tell_no_epoch,
        forging.claim_a_full_disk,
        forging.claim_anothers_name,
        forging.measure_words,
        forging.count_words,
        set_threads,
        kill_once,
        out_of_memory_once,
        out_of_memory_always,
    )
}


@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name="good/tiny", build=tiny)
    yield zoo.ModelSpec(name="good/small", build=small)
    for number in range(1, 6):
        yield zoo.ModelSpec(name=f"good/tiny{number}", build=tiny)
    yield zoo.ModelSpec(name="bad/random", build=random)
    yield zoo.ModelSpec(name="bad/slow", build=slow)
    yield zoo.ModelSpec(name="bad/large", build=large)
    yield zoo.ModelSpec(name="bad/more-threads", build=more_threads)
    for name, harm in HARMS.items():
        yield zoo.ModelSpec(name=f"bad/{name}", build=_doing(harm))
