"""Makes the catalogue again: `python -m tests.make_catalogue RESULTS.csv` (ten to twenty minutes on one core).

`zoo/catalogue/snapshot.csv` is made of the installed timm and torchvision. RESULTS.csv is `results-imagenet.csv` in the
folder `results` of the repository huggingface/pytorch-image-models (Apache-2.0); the catalogue keeps two columns of it:
top-1, and the image size that it was measured at. Every model is built and counted without memory for its weights.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from math import isnan
from pathlib import Path
from typing import Literal

from harness.timing.flops import Work, count
from plugins import timm_models, torchvision_models
from zoo.building import build_module, build_on_meta
from zoo.catalogue.entry import CatalogueEntry
from zoo.catalogue.snapshot import SNAPSHOT, write
from zoo.errors import ZooError, first_line
from zoo.specs import ModelSpec, Task

Library = Literal["timm", "torchvision"]
# Top-1 in percent by image size, of each of timm's weights.
Results = Mapping[str, Mapping[int, float]]
SWAG = "https://github.com/facebookresearch/SWAG/blob/main/LICENSE"
# That file's licence; torchvision says of all others that they may carry terms of the data, and names none.
VISION_LICENSES = {SWAG: "cc-by-nc-4.0", None: ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a library says of one set of weights and its spec does not; of no classifier, `num_classes` is 0."""

    num_classes: int
    license: str
    num_bytes: int | None
    top1: float | None
    top1_img_size: int | None


def make(results: Results) -> Iterator[CatalogueEntry]:
    """The entries of all weights that can be built here; a line on stderr for each that cannot."""
    yield from of_library("timm", timm_models.zoo_models(), results)
    yield from of_library("torchvision", torchvision_models.zoo_models(), results)


def of_library(library: Library, specs: Iterable[ModelSpec], results: Results) -> Iterator[CatalogueEntry]:
    """The entries of all weights of `specs`, in their order."""
    for spec in specs:
        for tag in spec.weights:
            said = _of_timm(spec, tag, results) if library == "timm" else _of_torchvision(spec, tag)
            yield from _entry(spec, tag, library, said)


def _entry(spec: ModelSpec, tag: str, library: Library, said: Published) -> Iterator[CatalogueEntry]:
    wanted = spec.input_for(tag)
    task = Task.for_model(spec, said.num_classes, weights=tag)
    try:
        work, num_bytes = _counted(spec, replace(task, weights=None))
    except (ZooError, RuntimeError, ValueError, TypeError) as error:
        print(f"left out: {spec.name}.{tag}: {first_line(error)}", file=sys.stderr)
        return
    yield CatalogueEntry(
        model=spec.name,
        tag=tag,
        library=library,
        family=spec.family,
        param_count=work.param_count,
        macs=round(work.gmacs * 1e9),
        activations=round(work.mactivations * 1e6),
        img_size=task.image_size,
        is_fixed_size=wanted.fixed,
        channels=task.channels,
        mean=wanted.mean or (),
        std=wanted.std or (),
        interpolation=wanted.interpolation,
        crop_pct=wanted.crop_pct or 1.0,
        crop_mode=wanted.crop_mode,
        license=said.license,
        num_bytes=said.num_bytes or num_bytes,
        published_top1=said.top1,
        published_img_size=said.top1_img_size,
    )


@cache  # most weights of an architecture differ in neither size nor classes
def _counted(spec: ModelSpec, task: Task) -> tuple[Work, int]:
    """The work of one image, and the bytes of the state."""
    try:
        module = build_on_meta(spec, task)
        work = count(module, task.input_shape)
    except (ZooError, RuntimeError, NotImplementedError, TypeError, ValueError) as error:
        if isinstance(error, ZooError) and error.__cause__ is None:
            raise  # the plugin's own refusal, whatever the memory
        print(f"in memory: {spec.name}: {first_line(error)}", file=sys.stderr)
        module = build_module(spec, task)
        work = count(module, task.input_shape)
    return work, sum(tensor.numel() * tensor.element_size() for tensor in module.state_dict().values())


def _of_timm(spec: ModelSpec, tag: str, results: Results) -> Published:
    import timm

    name = f"{spec.name.removeprefix('timm/')}.{tag}"
    config = timm.get_pretrained_cfg(name)
    license = (config.license or "").lower()
    # Some are evaluated at two sizes: the one that they were trained at is the one that we use.
    by_size = results.get(name, {})
    size = next((size for size in (config.input_size[-1], *sorted(by_size)) if size in by_size), None)
    return Published(
        num_classes=config.num_classes,
        license="" if license == "unknown" else license,
        num_bytes=None,
        top1=by_size[size] if size else None,
        top1_img_size=size,
    )


def _of_torchvision(spec: ModelSpec, tag: str) -> Published:
    from torchvision import models

    weights = models.get_model_weights(spec.name)[tag]
    top1 = weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]  # nan of features without a classifier
    return Published(
        num_classes=1000,  # of ImageNet-1k, as all of its classifiers; not all have their categories in `meta`
        license=VISION_LICENSES[weights.meta.get("license")],
        num_bytes=round(weights.meta["_file_size"] * 2**20),
        top1=None if isnan(top1) else top1,
        top1_img_size=None if isnan(top1) else weights.transforms().crop_size[0],
    )


def read_results(path: Path) -> Results:
    """Top-1 by name and image size, of timm's table."""
    by_name: dict[str, dict[int, float]] = defaultdict(dict)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            by_name[row["model"]][int(row["img_size"])] = float(row["top1"])
    return by_name


def origin(results: Path) -> str:
    """What the first line of the snapshot says."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("timm", "torchvision"))
    digest = sha256(results.read_bytes()).hexdigest()[:12]
    table = f"results/{results.name} of huggingface/pytorch-image-models (Apache-2.0, sha256 {digest})"
    return f"{libraries}, top-1 of timm's from {table}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, help="timm's results-imagenet.csv")
    parser.add_argument("--output", type=Path, default=SNAPSHOT, help="default: the one that ships")
    arguments = parser.parse_args()
    made = list(make(read_results(arguments.results)))
    write(made, origin(arguments.results), arguments.output)
    print(f"wrote {arguments.output}: {len(made)} pretrained models")


if __name__ == "__main__":
    main()
