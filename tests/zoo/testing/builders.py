"""Small models, each of which breaks one promise and keeps all others."""

from __future__ import annotations

import os
import random
import socket
from contextlib import suppress
from functools import partial
from itertools import count

import zoo

NUMBER = count()


def network(task):
    """A sound model: convolution, batch-norm, dropout, a head."""
    from torch import nn

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(task.channels, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()
            )
            self.dropout = nn.Dropout(0.1)
            self.verdict = nn.Linear(32, task.num_classes)

        def forward(self, images):
            return self.after(self.verdict(self.dropout(self.body(self.before(images)))))

        def before(self, images):
            return images

        def after(self, logits):
            return logits

    return Net()


def with_parts(task, **parts):
    """The network with other methods `before`, `after` or `train`."""
    net = network(task)
    for name, part in parts.items():
        setattr(net, name, partial(part, net))
    return net


def evaluating(change):
    """A change of logits in eval mode only."""
    return lambda net, logits: logits if net.training else change(logits)


def chaotic(task):
    """In eval mode any rounding decides its outputs."""
    net = network(task)
    features = net.body.forward
    net.body.forward = lambda images: features(images) if net.training else features(1e6 * images).sin()
    return net


def no_module(task):
    return "resnet18"


def in_a_tuple(task):
    return with_parts(task, after=lambda net, logits: (logits,))


def probabilities(task):
    return with_parts(task, after=lambda net, logits: logits.softmax(1))


def one_column_for_two(task):
    return with_parts(task, after=lambda net, logits: logits[:, 0] if task.num_classes == 2 else logits)


def colour_only(task):
    return network(zoo.Task(num_classes=task.num_classes, image_size=task.image_size, channels=3))


def one_size(task):
    from torch import nn

    net = network(task)
    net.body[3], net.verdict = nn.Identity(), nn.Linear(8 * 62 * 62, task.num_classes)
    return net


def halvings(task):
    """32 px are the least."""
    from torch import nn

    net = network(task)
    net.body.insert(0, nn.Sequential(*(nn.MaxPool2d(2) for _ in range(4))))
    net.body[1].padding = (1, 1)
    net.body.insert(1, nn.MaxPool2d(2))
    return net


def squeezed(task):
    return with_parts(task, after=lambda net, logits: logits.squeeze())


def stubborn_norm(task):
    from torch import nn

    net = network(task)

    def train(net, mode=True):
        nn.Module.train(net, mode)
        net.body[1].eval()
        return net

    net.train = partial(train, net)
    return net


def zero_gradient(task):
    from torch import nn

    net = network(task)
    net.extra = nn.Linear(1, 1)
    net.after = lambda logits: logits + 0 * net.extra.weight.sum() + 0 * net.extra.bias.sum()
    return net


def thaws(task):
    from torch import nn

    net = network(task)
    net.train = lambda mode=True: nn.Module.train(net, mode).requires_grad_(True)
    return net


def noisy(task):
    import torch

    return with_parts(task, after=evaluating(lambda logits: logits + torch.rand(1)))


def blind(task):
    import torch

    # The same for every image, and not all ones, or batch-norm would leave nothing of it in training.
    def pattern(net, images):
        fixed = torch.linspace(0, 1, images[0].numel()).reshape(images[0].shape).to(images)
        scales = torch.arange(1, len(images) + 1).to(images) if net.training else torch.ones(len(images)).to(images)
        return fixed * scales[:, None, None, None]

    return with_parts(task, before=pattern)


def batch_statistics(task):
    from torch import nn

    net = network(task)
    net.body[1] = nn.BatchNorm2d(8, track_running_stats=False)
    return net


def flipped(task):
    return with_parts(task, after=evaluating(lambda logits: logits.flip(0)))


def unseeded(task):
    import torch

    net = network(task)
    with torch.no_grad():
        net.verdict.bias += int.from_bytes(os.urandom(2), "big") / 2**16
    return net


def remembering(task):
    """The first model of any process is the same, whatever the seed."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(next(NUMBER))
        return network(task)


def seeded_in_build(task):
    import torch

    torch.manual_seed(0)
    return network(task)


def forgetful(task):
    import torch

    net = network(task)
    net.scale = torch.rand(1) + 1
    net.after = lambda logits: logits * net.scale.to(logits.device)
    return net


def odd_state(task):
    """Keeps words among its tensors, which no file of tensors holds."""
    from torch import nn

    class Noted(nn.Identity):
        def get_extra_state(self):
            return {"note": "no tensor"}

        def set_extra_state(self, state):
            pass

    net = network(task)
    net.noted = Noted()
    return net


def viewed(task):
    """Takes it for granted how a convolution's output lies in memory."""
    from torch import nn

    class Pool(nn.Module):
        def forward(self, maps):
            return maps.view(len(maps), -1).view(len(maps), 8, -1).mean(2)

    net = network(task)
    net.body[3], net.body[4], net.verdict = Pool(), nn.Identity(), nn.Linear(8, task.num_classes)
    return net


def cancelling(task):
    """Nothing of a bfloat16 is left beside 10,000."""
    return with_parts(task, after=lambda net, logits: (logits + 1e4) - 1e4)


def threads_changed(task):
    import torch

    torch.set_num_threads(torch.get_num_threads() + 1)
    return network(task)


def environment_changed(task):
    os.environ["MUTANT"] = "1"
    return network(task)


def seeded_in_forward(task):
    import torch

    def seed(net, images):
        torch.manual_seed(0)
        return images

    return with_parts(task, before=seed)


def other_generator(task):
    random.random()
    return network(task)


def talkative(task):
    print("loading my model")
    return network(task)


def asks_the_network(task):
    with suppress(OSError):
        socket.create_connection(("weights.example", 80), timeout=0.01)
    return network(task)


def hashed(task):
    import torch

    net = network(task)
    with torch.no_grad():
        net.verdict.bias += hash("a text") / 2**63
    return net


def uncompilable(task):
    """No graph for what Python says of a frame; an export does not look at it."""
    import sys

    return with_parts(task, after=lambda net, logits: logits if sys._getframe().f_lineno else -logits)


def unexportable(task):
    import torch

    def refuse(net, logits):
        if torch.compiler.is_exporting():
            raise NotImplementedError("not for export")
        return logits

    return with_parts(task, after=refuse)
