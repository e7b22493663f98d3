"""MNIST, Fashion-MNIST, CIFAR-10 and CIFAR-100, downloaded by torchvision on first use.

They lie under `--data-dir`, by default under the cache folder (`$XDG_CACHE_HOME/zoo/datasets`).
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zoo

if TYPE_CHECKING:
    from collections.abc import Iterator

# name: torchvision's class, number of classes, summary
DATASETS = {
    "mnist": ("MNIST", 10, "70,000 grey handwritten digits of 28x28 pixels"),
    "fashion-mnist": ("FashionMNIST", 10, "70,000 grey pieces of clothing of 28x28 pixels"),
    "cifar10": ("CIFAR10", 10, "60,000 colour photographs of 32x32 pixels"),
    "cifar100": ("CIFAR100", 100, "60,000 colour photographs of 32x32 pixels in 100 classes"),
}


@zoo.hookimpl
def zoo_datasets() -> Iterator[zoo.DatasetSpec]:
    for name, (_, num_classes, summary) in DATASETS.items():
        yield zoo.DatasetSpec(name=name, open=partial(open_named, name), num_classes=num_classes, summary=summary)


def open_named(name: str, data_dir: Path | None) -> zoo.LabelledImages:
    """Read one of `DATASETS`, downloading it into `data_dir` where it is not there yet."""
    from torchvision import datasets

    kind = getattr(datasets, DATASETS[name][0])
    root = data_dir or default_data_dir()
    train = _read(kind, name, root, train=True)
    test = _read(kind, name, root, train=False)
    classes = tuple(str(label) for label in train.classes)
    return zoo.LabelledImages(classes=classes, train=_split(train), test=_split(test))


def default_data_dir() -> Path:
    """Where downloads go unless `--data-dir` says otherwise."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "zoo" / "datasets"


def _read(kind: Any, name: str, root: Path, train: bool) -> Any:
    """torchvision's dataset, from disk where it is and from the network where it is not."""
    old = sorted(_folder(kind, root).parent.glob("processed/*.pt"))
    if old:  # torchvision would unpickle them
        raise zoo.ZooError(f"{old[0]} is in torchvision's format of before 2021", "remove it: the raw files are enough")
    try:
        return kind(root, train=train, download=False)
    except RuntimeError:  # "Dataset not found": nothing there, or not what it should be
        pass
    from zoo.libraries.download import watched

    try:
        with watched(name):
            return kind(root, train=train, download=True)
    except (RuntimeError, OSError) as error:
        raise zoo.ZooError(
            f"dataset {name!r} is not in {root} and could not be downloaded ({_first_line(error)})",
            f"put {' '.join(_files(kind))} into {_folder(kind, root)}, or connect this machine to the network",
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _files(kind: Any) -> list[str]:
    """The names of the files that torchvision downloads for a dataset."""
    return [name for name, _ in kind.resources] if hasattr(kind, "resources") else [kind.filename]


def _folder(kind: Any, root: Path) -> Path:
    """Where torchvision expects those files."""
    return root / kind.__name__ / "raw" if hasattr(kind, "resources") else root


def _split(dataset: Any) -> zoo.Split:
    """Pixels and labels as torchvision holds them: a tensor [N, H, W], or an array [N, H, W, 3]."""
    import torch

    pixels = torch.as_tensor(dataset.data)
    images = pixels.unsqueeze(1) if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2).contiguous()
    return zoo.Split(images=images, labels=torch.as_tensor(dataset.targets).tolist())
