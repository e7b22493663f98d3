"""All architectures of timm, as `timm/<name>`."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import zoo
from zoo.libraries.library_index import timm_architectures
from zoo.weights_source import WeightsSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from torch import Tensor, nn

T = TypeVar("T")

STARTER = ("convnext_atto",)
# Networks that halve the image five times need it; timm's own min_input_size is what was tried, not what runs.
MIN_SIZE = 32
# Where more is needed, found by running every size; names are the beginnings of names. What looks at an image in blocks
# runs on the sizes that make whole ones only: the least of these.
MIN_SIZES = {
    "bat_resnext26ts": 253,
    "csatv2": 64,
    "deepseek_vit_412m": 112,
    "eca_halonext26ts": 241,
    "ghostnetv2": 33,
    "ghostnetv3": 33,
    "halonet26t": 241,
    "halonet50ts": 249,
    "halonet_h1": 253,
    "haloregnetz_b": 209,
    "inception_resnet_v2": 75,
    "inception_v3": 75,
    "inception_v4": 75,
    "sehalonet33ts": 249,
}
NO_POSITION = {"gradients": "after its last block only the class token counts, which has no relative position"}
NO_POOLING = {"gradients": "after its last block only the class token counts, which is not pooled and has no position"}
# Checks that fail for a reason; names are the beginnings of names.
EXPECTED_FAILURES = {
    "efficientvim": {"gradients": "its parameter A is added to all that a softmax weighs, which changes nothing"},
    "mobileone_s4": {"bf16": "of random weights, its activations grow until rounding decides its saturated gates"},
    "mvitv2_base_cls": NO_POOLING,
    "mvitv2_huge_cls": NO_POOLING,
    "mvitv2_large_cls": NO_POOLING,
    "mvitv2_small_cls": NO_POOLING,
    "sequencer2d": {"compiles": "torch.compile takes no LSTM"},
    "vit_relpos_base_patch16_cls_": NO_POSITION,
    "vit_relpos_medium_patch16_cls_": NO_POSITION,
}
ENCODER, NO_CLASSIFIER = "_enc", {"builds": "it is an encoder, which has no classifier"}
# What timm itself looks for in a repository, in its order.
FILES = ("model.safetensors", "pytorch_model.bin", "open_clip_model.safetensors", "open_clip_pytorch_model.bin")


@zoo.hookimpl
def zoo_models() -> Iterator[zoo.ModelSpec]:
    for arch in timm_architectures():
        yield zoo.ModelSpec(
            name=f"timm/{arch.name}",
            build=partial(build, arch.name),
            family=arch.family,
            input=partial(input_of, arch.name),
            requires=("timm",),
            tags=frozenset({arch.family, "starter"} if arch.name in STARTER else {arch.family}),
            weights=arch.weights,
            require_weights=partial(require_weights, arch.name),
            weights_source=partial(weights_source, arch.name),
            convert_weights=convert_weights,
            expected_failures=_expected_failures(arch.name),
        )


def build(name: str, task: zoo.Task) -> nn.Module:
    """timm's model for `task`; with weights, as those were trained, classifier included where they have one."""
    import timm

    arguments: dict[str, Any] = {}
    config = _config(name, task.weights)
    if config.fixed_input_size and task.image_size != config.input_size[-1]:
        arguments["img_size"] = task.image_size
    if task.weights is None:
        model: nn.Module = timm.create_model(name, num_classes=task.num_classes, **arguments)
    else:
        model = _pretrained(name, config, task, arguments)
    if not hasattr(model, "get_classifier"):
        raise zoo.ZooError("is an encoder without a classifier (headless)", "choose a model that classifies")
    return model


def input_of(name: str, weights: str | None) -> zoo.InputSpec:
    """What timm's configuration of the weights says; without weights, that of the default ones."""
    config = _config(name, weights)
    from timm.data.config import resolve_data_config

    _, height, width = config.input_size
    published: dict[str, Any] = resolve_data_config(pretrained_cfg=config.to_dict())  # type: ignore[no-untyped-call]
    return zoo.InputSpec(
        size=published["input_size"][-1],
        mean=tuple(published["mean"]),
        std=tuple(published["std"]),
        channels=published["input_size"][0],
        fixed=config.fixed_input_size,
        min_size=_of_name(MIN_SIZES, name, MIN_SIZE),
        interpolation=published["interpolation"],
        crop_pct=published["crop_pct"],
        crop_mode=published["crop_mode"],
        caveat="" if height == width else f"its weights were evaluated at {width}x{height} px, not on squares",
    )


def require_weights(name: str, weights: str) -> None:
    """Raise where the weights are neither in a local cache nor within reach."""
    config = _config(name, weights)
    _source(config, *_named(name, config))


def weights_source(name: str, weights: str) -> WeightsSource:
    """Where these weights are, or come from. Looks at no file's content."""
    from zoo.libraries.download import cached_file

    config = _config(name, weights)
    tagged, put = _named(name, config)
    file_name = put.name
    if (path := _own_file(put)) is not None:
        return WeightsSource(file_name=file_name, path=path)
    if config.hf_hub_id:
        names = (config.hf_hub_filename,) if config.hf_hub_filename else FILES
        path = cached_file(config.hf_hub_id, names)
        return WeightsSource(file_name=file_name, path=path, repository=config.hf_hub_id, files=names)
    if config.url:
        there = put.with_name(config.url.rpartition("/")[2])
        return WeightsSource(file_name=file_name, path=there if there.is_file() else None, url=config.url, put=there)
    return WeightsSource(file_name=file_name, missing=f"timm has no pretrained weights for {tagged}")


def convert_weights(tensors: dict[str, Tensor], model: nn.Module) -> Mapping[str, Tensor]:
    """What timm does with a file before it loads it: other projects' names, positions for the model's image size."""
    module = import_module(type(model).__module__)
    convert: Callable[..., Mapping[str, Tensor]] | None = getattr(module, "checkpoint_filter_fn", None)
    return convert(tensors, model) if convert else tensors


def _expected_failures(name: str) -> Mapping[str, str]:
    return NO_CLASSIFIER if name.endswith(ENCODER) else _of_name(EXPECTED_FAILURES, name, {})


def _of_name(table: Mapping[str, T], name: str, other: T) -> T:
    """What the table has for the beginning of the name."""
    return next((value for start, value in table.items() if name.startswith(start)), other)


def _config(name: str, weights: str | None) -> Any:
    import timm

    tagged = name if weights in (None, "default") else f"{name}.{weights}"
    config = timm.get_pretrained_cfg(tagged)
    if config is None:
        raise zoo.ZooError(f"timm has no weights {tagged}", f"list them: timm.list_pretrained('{name}*')", 2)
    return config


def _pretrained(name: str, config: Any, task: zoo.Task, arguments: dict[str, Any]) -> nn.Module:
    """Weights are loaded at the class count they were trained for; a model without a head is given one then."""
    import timm

    from zoo.libraries.download import explained

    tagged, put = _named(name, config)
    overlay = _source(config, tagged, put)
    with explained(f"the weights {tagged}", put):
        model: Any = timm.create_model(tagged, pretrained=True, pretrained_cfg_overlay=overlay, **arguments)
    if getattr(model, "num_classes", None) == 0:
        model.reset_classifier(task.num_classes)
    module: nn.Module = model
    return module


def _named(name: str, config: Any) -> tuple[str, Path]:
    """The weights' full name, and where a person may put their file by hand."""
    from zoo.libraries.download import hub_folder

    tagged = f"{name}.{config.tag}" if config.tag else name
    return tagged, hub_folder() / f"{tagged}.safetensors"


def _own_file(put: Path) -> Path | None:
    """A file that a person has put into the folder of weights, or into torch.hub's."""
    from zoo.libraries.download import own_file

    return own_file(put.name) or (put if put.is_file() else None)


def _source(config: Any, tagged: str, put: Path) -> dict[str, Any]:
    """What tells timm to read a file that is already here; empty where it may download. Raises where it cannot."""
    from zoo.libraries.download import huggingface_file, require_huggingface, require_url

    if (path := _own_file(put)) is not None:
        # A loader of the model's own (custom_load) reads .npz files, which this is none of.
        return {"file": str(path), "custom_load": False}
    if not config.hf_hub_id:
        if not config.url:
            raise zoo.ZooError(f"timm has no pretrained weights for {tagged}", "train it from scratch", 2)
        require_url(config.url)
        return {}
    names = (config.hf_hub_filename,) if config.hf_hub_filename else FILES
    cached = huggingface_file(config.hf_hub_id, names)
    if cached is None:
        require_huggingface(config.hf_hub_id, names[0], put)
    return {"file": str(cached)} if cached and not config.custom_load else {}
