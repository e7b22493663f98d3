"""The account of a pick, made by hand, and its file."""

from __future__ import annotations

import json

ACCOUNT = {
    "steps": [[1844, "pretrained models", 0.1], [611, "may be fast enough", 64.0], [24, "after probe 1", 300.0]],
    "finalists": ["vit"],
    "misses": [["timm/resnet50.a1_in1k", "probe 1", "14.2 % against 9.8 %, p < 0.001"]],
    "optimism": {"error": 4.1, "pp": 1.3, "num_models": 24},
    "num_validation": 1200,
    "random": {"num_models": 10, "model": "timm/vgg11.tv_in1k", "error": 12.0, "others": 9.8},
}


def pick_file(folder, **changed):
    """Write pick.json into `folder`, and return it."""
    content = {"schema": 1, "arguments": {}, "stages": {"account": ACCOUNT | changed}}
    (folder / "pick.json").write_text(json.dumps(content))
    return folder
