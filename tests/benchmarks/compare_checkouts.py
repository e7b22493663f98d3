"""What some sixty commands print and leave on disk, from two checkouts: the differences, apart from times.

python -m tests.benchmarks.compare_checkouts OLD NEW

For a change that moves code and is to change nothing. Both run in this Python, each in a folder of its own with the
same pictures and plugins; ends with 1 where anything differs.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from harness.cli.commands import COMMANDS

QUICK = "--num-threads 1 --time-budget 0.05 --output out"
PLAIN = [
    *("--help", "--version", *(f"{name} --help" for name in COMMANDS)),
    *("list", "list resnet* --json", "list --datasets", "list --weights resnet18 timm/resnet1*", "list nosuch"),
    *("info resnet18", "info densenet121 --num-classes 10 --json", "info timm/resnet18.a1_in1k --head mlp:64:0.1"),
    *("info resnet81", "info inception_v3 --img-size 20", "-p crash.py list resnet18", "-p nofile.py list"),
    *("check-data pets", "check-data pets --json", "check-data nosuch", "check-data bad", "check-data empty"),
    *("run --plugins resnet81", "run --epochs 0", "run --device gpu", "run --device cuda", "run --lr nan"),
    *(f"run --seed {2**70}", "run --plugins=", "run --head mlp:0", "run --epoch 3", "rnu", "run --opt adm"),
    *(
        "run --dataset digit",
        "run --plugins resnet18 --weights a.safetensors",
        "run --plugins mlp --weights NO",
    ),
    *("run --plugins fc_model --pretrained", "run --plugins resnet18 --weights x.pt#sha256=zz", "run --data-dir empty"),
    *("run --memory-limit 100 --no-isolation", "resume nosuch", "time nosuch", "time mlp --batch-size 4,4"),
    "selftest --device cuda",
]
# What they print has times in it: there digits do not count.
TIMED = [
    *("plugins", "plugins --json", "-p crash.py -p hook.py plugins", "doctor", "doctor --json"),
    *(
        "time fc_model,mlp --time-budget 0.1 --num-threads 1",
        "time mlp --csv --batch-size 2,4 --quiet --time-budget 0.1",
    ),
    f"run --plugins fc_model,mlp,timm/test_resnet --dataset digits --epochs 2 --seeds 2 {QUICK}",
    *("resume --output out", "retry --failed --output out"),
    f"run --plugins fc_model --epochs 1 --json --quiet {QUICK}1",
    f"-p broken.py run --plugins mine/raises,mine/nan,fc_model --epochs 1 {QUICK}2",
    f"run --plugins resnet18,timm/test_vit --finetune head --data-dir pets --epochs 2 {QUICK}3",
    f"run --plugins mlp --data-dir bad --skip-bad --epochs 1 --aug basic --head mlp:16:0.2 --opt sgd {QUICK}4",
    f"run --plugins mlp --epochs 1 --exact --grad-accum 2 --no-isolation {QUICK}5",
]
PLUGIN = """
import zoo
def raises(task):
    raise RuntimeError("no such layer")
def nan(task):
    from torch import nn
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(task.channels * task.image_size**2, task.num_classes)
        def forward(self, images):
            return self.linear(images.flatten(1)) * float("nan")
    return Net()
@zoo.hookimpl
def zoo_models():
    yield zoo.ModelSpec(name="mine/raises", build=raises)
    yield zoo.ModelSpec(name="mine/nan", build=nan)
"""
OF_TIME = re.compile("time|seconds|per_sec|mib|timing|pareto|millis")


def main(old: str, new: str) -> int:
    with TemporaryDirectory() as folder:
        seen = [observed(Path(checkout).resolve(), Path(folder, name)) for name, checkout in (("a", old), ("b", new))]
    num_different = 0
    for name in seen[0]:
        lines = list(difflib.unified_diff(*(one[name].splitlines() for one in seen), old, new, lineterm="", n=0))
        if lines:
            num_different += 1
            print("\n".join([f"== {name}", *lines[2:]]))
    print(f"{num_different} of {len(seen[0])} differ")
    return int(num_different > 0)


def observed(checkout: Path, folder: Path) -> dict[str, str]:
    """What each command printed, with its exit code, and what is in the folders of the runs."""
    prepare(folder)
    answers = {command: answer(command, checkout, folder) for command in PLAIN}
    answers |= {command: without_times(answer(command, checkout, folder)) for command in TIMED}
    for run in sorted(folder.glob("out*/*")):
        answers |= {f"{run.parent.name}/{name}": text for name, text in files_of(run)}
    return answers


def answer(command: str, checkout: Path, folder: Path) -> str:
    environment = {"PYTHONPATH": str(checkout), "HF_HUB_OFFLINE": "1", "XDG_CACHE_HOME": "cache", "COLUMNS": "140"}
    call = [sys.executable, "-m", "harness", *shlex.split(command)]
    done = subprocess.run(call, cwd=folder, env=os.environ | environment, capture_output=True, text=True)
    text = f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    # A run's folder has the date and a random id.
    return re.sub(r"\d{4}-\d\d-\d\d-([\w.-]+?)-[0-9a-f]{4}\b", r"\1", text.replace(str(checkout), ""))


def without_times(text: str) -> str:
    text = re.sub(r".*(again, disturbed|is noisy|Noisy timings).*\n", "", text)
    text = re.sub(r"\b\d+[hm] \d\d[ms]\b|\d+(\.\d+)?(e-?\d+)?s?\b", "#", text)
    return re.sub(r" ±#|noisy|steady|[ ─:-]+|\"reasons\"[^\n]*", " ", text)


def files_of(run: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(file for file in run.rglob("*") if file.is_file()):
        name = str(path.relative_to(run))
        if path.suffix in {".npz", ".safetensors"}:
            yield name, hashlib.sha256(path.read_bytes()).hexdigest()
        elif path.suffix == ".json":
            yield name, json.dumps(timeless(json.loads(path.read_text())), indent=1)
        elif path.suffix == ".csv":
            yield name, json.dumps(timeless(list(csv.DictReader(path.open()))), indent=1)
        else:
            yield name, without_times(path.read_text())


def timeless(data: Any) -> Any:
    """The same without times, memory, random ids, and the hash of a record, which covers its times."""
    if isinstance(data, list):
        return [timeless(item) for item in data if not (isinstance(item, dict) and is_of_time(str(item.get("name"))))]
    if isinstance(data, dict):
        return {key: timeless(value) for key, value in data.items() if not is_of_time(key) and not is_id(key, data)}
    return data


def is_of_time(name: str) -> bool:
    return bool(OF_TIME.search(name)) and name != "timing"


def is_id(key: str, data: dict[str, Any]) -> bool:
    return key == "id" or (key == "sha256" and "record" in data)


def prepare(folder: Path) -> None:
    """Pictures, one folder of them with a file that is none, and plugins that fail."""
    folder.mkdir()
    for root in ("pets", "bad"):
        for number, name in enumerate(("cat", "dog", "emu")):
            (folder / root / name).mkdir(parents=True)
            for index in range(14):
                pixels = bytes((80 * number + 7 * index * place) % 256 for place in range(40 * 36 * 3))
                Image.frombytes("RGB", (40, 36), pixels).save(folder / root / name / f"{index}.png")
    (folder / "bad" / "cat" / "0.png").write_bytes(b"nothing")
    (folder / "bad" / "cat" / "readme.txt").write_text("a file that is no image")
    (folder / "empty").mkdir()
    (folder / "broken.py").write_text(PLUGIN)
    (folder / "crash.py").write_text("1 / 0")
    (folder / "hook.py").write_text("import zoo\n@zoo.hookimpl\ndef zoo_model():\n    return []\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
