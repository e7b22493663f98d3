"""What probing costs beside the forward passes, by phase: seconds, a model's share, and the memory of its process.

    python -m tests.benchmarks.probe_stages [--models 48] [--images 300] [--stages 1 2] [--threads 2]

Photographs of 500 x 375 pixels as JPEG, timm's models of at most 1 GMAC with random weights in local files. The forward
passes are timed in as many processes at a time as probe, once the backbone is ready: all images through it, normalised
as a probe has them. Beside them stands the model as timm builds it, whose layers nobody has put together.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

import torch
from safetensors.torch import save_file

from harness.data.load import DatasetSource, load
from harness.machine.malloc import keep_freed_memory
from harness.machine.system import descendants
from harness.picks.probes.image_sets import ProbeImages, choose_images
from harness.picks.probes.pooling import tapped
from harness.picks.probes.probe import make_extractor
from harness.picks.probes.probe_models import probe_models
from harness.picks.probes.probing import Probing
from harness.plan.config import Numerics, TimingConfig, TrainConfig
from harness.plan.trials import Planned, plan
from harness.training.feature_store import FeatureStore
from harness.trial.build import build_model, make_splits
from harness.trial.context import TrialContext
from tests.harness.pictures import scene
from zoo.discovery import discover
from zoo.weights import Weights

NUM_CLASSES, SPARE = 10, 4  # as many images again, from which nothing is drawn at stage 1
NAMES = """
mobilenetv3_small_050 mobilenetv3_small_075 mobilenetv3_small_100 mobilenetv3_large_075 mobilenetv3_large_100
mobilenetv2_035 mobilenetv2_050 mobilenetv2_100 mobilenetv2_140 mobilenetv4_conv_small mobileone_s0 mobilevit_xxs
mobilevitv2_050 efficientnet_lite0 efficientnet_b0 tf_efficientnet_lite0 tf_efficientnet_b0 tinynet_a tinynet_b
tinynet_c tinynet_d tinynet_e mnasnet_100 semnasnet_075 semnasnet_100 spnasnet_100 fbnetc_100 ghostnet_100
ghostnetv2_100 lcnet_050 lcnet_075 lcnet_100 hardcorenas_a hardcorenas_f mixnet_s mixnet_m rexnet_100 regnetx_002
regnetx_004 regnetx_008 regnety_002 regnety_004 regnety_008 convnext_atto convnext_femto edgenext_xx_small
efficientvit_b0 pvt_v2_b0
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=len(NAMES.split()))
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--stages", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        os.environ["XDG_CACHE_HOME"] = str(root / "cache")
        photographs(root / "photographs", options.images * (SPARE + 3))
        measure(root, options)


def photographs(root: Path, num_images: int) -> None:
    """Pictures of ten classes: cut-outs of one scene that move and get brighter from class to class."""
    picture = scene(800, 600)
    for at in range(num_images):
        label, left, top = at % NUM_CLASSES, 7 * at % 300, 11 * at % 225
        path = root / f"class{label}" / f"{at}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        darker = picture.point(lambda value, label=label: value * (20 - label) // 20)
        darker.crop((left, top, left + 500, top + 375)).save(path, quality=90)


def measure(root: Path, options: argparse.Namespace) -> None:
    names = NAMES.split()[: options.models]
    items = planned(names, root / "weights", options.threads)
    images = chosen(root, options.images)
    memory: list[tuple[str, float]] = []
    begun: list[float] = []
    probing = Probing(
        folder=root / "pick",
        zoo=discover(environment={}),
        images=images,
        device=torch.device("cpu"),
        num_threads=options.threads,
        on_result=lambda result: memory.append((result.model, child_mib())),
        on_phase=lambda model, phase: begun.append(perf_counter()),
    )
    for stage in options.stages:
        start = perf_counter()
        results = probe_models(items, stage, probing)
        wall = perf_counter() - start
        work = [(root, options, probing.threads_each, stage, name) for name in names]
        with get_context("spawn").Pool(probing.num_processes) as pool:
            passes, plain = map(sum, zip(*pool.map(passes_s, work, chunksize=1), strict=True))
        shared = probing.num_processes
        report(stage, results, wall, (begun[0] - start, passes / shared, plain / shared), memory)
        memory.clear()
        begun.clear()


def chosen(root: Path, num_images: int) -> ProbeImages:
    """The images of both stages, of as many processes as ask: a choice by content."""
    return choose_images(load(DatasetSource(data_dir=root / "photographs")), num_images, SPARE * num_images)


def planned(names: Sequence[str], folder: Path, num_threads: int) -> list[Planned]:
    """A trial of each model, with the random weights of a file."""
    zoo = discover(environment={})
    folder.mkdir(exist_ok=True)
    train = TrainConfig(finetune="head", numerics=Numerics(num_threads=num_threads))
    items = plan(
        [zoo.select(f"timm/{name}")[0] for name in names if f"timm/{name}" in zoo.models],
        [0],
        dataset="photographs",
        train=train,
        timing=TimingConfig(),
        device="cpu",
    )
    return [with_file(item, folder) for item in items]


def with_file(item: Planned, folder: Path) -> Planned:
    import timm

    name = item.choice.spec.name.removeprefix("timm/")
    path = folder / f"{name}.safetensors"
    if not path.is_file():
        torch.manual_seed(0)
        save_file({key: value.contiguous() for key, value in timm.create_model(name).state_dict().items()}, path)
    trial = replace(item.trial, train=replace(item.trial.train, weights=Weights(path=str(path))))
    return replace(item, trial=trial)


def passes_s(work: tuple[Path, argparse.Namespace, int, int, str]) -> tuple[float, float]:
    """Seconds that the images of the stage take through a model's backbone once it is ready, and as it was built."""
    root, options, num_threads, stage, name = work
    torch.set_num_threads(num_threads)
    keep_freed_memory()
    (item,) = planned([name], root / "weights", options.threads)
    images = chosen(root, options.images)
    dataset = images.first if stage == 1 else images.second
    context = TrialContext(dataset=dataset, device=torch.device("cpu"), timed_on=(), features=FeatureStore())
    built, geometry = build_model(item.trial, item.choice, context)
    splits = make_splits(item.trial, context.dataset.pixels(geometry), context)
    extractor = make_extractor(tapped(built), splits, item.trial, context, "")
    parts = {"train": splits.train} if stage == 1 else {"val": splits.val, "test": splits.test}
    extractor.split("train", splits.train)
    start = perf_counter()
    for part in parts:
        extractor.split(f"{part}-again", parts[part])
    ready = perf_counter() - start
    plain = built.model.eval()
    start = perf_counter()
    with torch.inference_mode():
        for part in parts.values():
            for images_BCHW, _ in part.eval():
                plain(images_BCHW)
    return ready, perf_counter() - start


def child_mib() -> float:
    """The most memory that the process of the models holds or has held."""
    peaks = [0]
    for pid in descendants(os.getpid()):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        peaks += [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return max(peaks) / 1024


def report(stage: int, results, wall: float, seconds: tuple[float, float, float], memory) -> None:
    """`seconds` until the first model began, and of all forward passes, shared by the processes as `wall` is."""
    phases: dict[str, float] = defaultdict(float)
    for result in results.values():
        assert result.is_ok, (result.model, result.error, result.log)
        for phase, taken in result.seconds.items():
            phases[phase] += taken
    begin, passes, plain = seconds
    print(f"stage {stage}: {len(results)} models, {wall:.1f} s, {(wall - begin) / len(results):.2f} s a model")
    print(f"  the first began after {begin:.1f} s")
    for phase, taken in phases.items():
        print(f"  {phase:10} {taken:7.1f} s in all processes")
    print(f"  forward passes alone {passes:.1f} s, beyond them {100 * (wall - passes) / passes:.0f} %")
    print(f"  forward passes of the models as built {plain:.1f} s, beyond them {100 * (wall - plain) / plain:.0f} %")
    print(f"  peak memory of a process after each model: {' '.join(f'{mib:.0f}' for _, mib in memory)} MiB", flush=True)


if __name__ == "__main__":
    main()
